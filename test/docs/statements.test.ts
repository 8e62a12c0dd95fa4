import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readConfig } from '../../src/config.js';
import { MAX_ERRORS } from '../../src/errors.js';
import { startTestApp, type TestApp } from '../support/testApp.js';

const read = (path: string): string => readFileSync(path, 'utf8');
const [readme, settings, performance, troubleshooting] = ['README.md', 'docs/settings.md', 'docs/performance.md', 'docs/troubleshooting.md'].map(read) as [string, string, string, string];
const { scripts, version } = JSON.parse(read('package.json')) as { scripts: Record<string, string>; version: string };
const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

describe('the example in README.md', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.stop());

  test('gives the answer that is printed, with the calls that are printed', async () => {
    const [, query, answer, calls] = /```graphql\n([^]*?)```\n\n```json\n([^]*?)```[^]*?```\n(GET [^]*?)```/.exec(readme)!;
    expect(JSON.parse((await app.query(query!)).text)).toEqual(JSON.parse(answer!));
    const made = [...app.sandbox.pms.calls, ...app.sandbox.cas360.calls].filter(({ kind }) => kind !== 'token').map(({ method, path }) => `${method} ${path}`);
    expect(made.sort()).toEqual(calls!.trim().split('\n').map((line) => line.replace(/ (pms|cas360) +/, ' ')).sort());
    expect(readme).toContain(`The answer takes ${NUMBERS[made.length]} upstream calls`);
  });

  test('comes from as many contacts as it says', () => {
    const [, about] = /some ([\d,]+) invented contacts/.exec(readme)!;
    const count = app.sandbox.pms.data.contacts.size + app.sandbox.cas360.data.contacts.size;
    expect(Math.round(count / 1_000) * 1_000).toBe(Number(about!.replaceAll(',', '')));
  });
});

describe('docs/settings.md', () => {
  /** The names in the first column, with the default where the second column has one. */
  const rows = new Map(
    [...settings.matchAll(/^\| ((?:`\w+`(?: \*)?(?:, )?)+) \|([^|]*)\|/gm)].flatMap(([, names, second]) => [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => [name!, second!.trim()] as const)),
  );

  test('has every setting that the service reads', () => {
    const names = new Set<string>();
    const given: Record<string, string> = {
      PMS_BASE_URL: 'https://pms.test', PMS_TOKEN_URL: 'https://pms.test', PMS_CLIENT_ID: 'id', PMS_CLIENT_SECRET: 's',
      CAS360_BASE_URL: 'https://cas360.test', CAS360_CLIENT_ID: 'id', CAS360_CLIENT_SECRET: 's', CAS360_REFRESH_TOKEN: 's',
      AUTH_JWKS_URL: 'https://id.test', AUTH_ISSUER: 'i', AUTH_AUDIENCE: 'a', REDIS_URL: 'redis://127.0.0.1', CACHE_TTL_SECONDS: '1',
    };
    readConfig(
      new Proxy<NodeJS.ProcessEnv>({}, {
        get: (_, name) => {
          names.add(String(name));
          return given[String(name)];
        },
      }),
    );
    expect(names.size).toBeGreaterThan(60);
    // A file in place of a secret, and the lower-case names of proxies, have a sentence of their own.
    const missing = [...names].filter((name) => !rows.has(name) && !rows.has(name.replace(/_FILE$/, '')) && !rows.has(name.toUpperCase()));
    expect(missing).toEqual([]);
  });

  test('has the defaults of the source', () => {
    const defaults = [...read('src/config.ts').matchAll(/(?:integer|limit)\('(\w+)', ([\d_]+)[,)]/g)].map(([, name, value]) => [name!, Number(value!.replaceAll('_', ''))] as const);
    expect(defaults.length).toBeGreaterThan(25);
    const inProse = ['CAS360_MAX_IDS', 'CAS360_MAX_PATH_BYTES'];
    for (const [name, value] of defaults.filter(([name]) => !inProse.includes(name))) expect([name, rows.get(name)]).toEqual([name, `${value}`]);
    for (const [name, value] of defaults.filter(([name]) => inProse.includes(name))) {
      expect(settings.split('\n').find((line) => line.startsWith(`| \`${name}\``))).toContain(`${value.toLocaleString('en')} by default`);
    }
  });
});

describe('numbers in the pages', () => {
  test('the flags of V8: those of npm run serve and of the image', () => {
    const isForSecurity = (flag: string): boolean => /^--(disable|permission|allow)/.test(flag);
    const flags = [...performance.split('## The flags of V8')[1]!.matchAll(/^\| `(--[\w=-]+)` \|/gm)].map(([, flag]) => flag!);
    const [, count] = /start Node with (\w+) flags/.exec(performance)!;
    expect(NUMBERS.indexOf(count!)).toBe(flags.length);
    const inUse = (text: string): string[] => [...new Set(text.match(/--[\w-]+(?:=[\w]+)?/g))].filter((flag) => !isForSecurity(flag)).sort();
    expect(inUse(scripts.serve!)).toEqual(flags.sort());
    expect(inUse(/^CMD [^]*?\]/m.exec(read('Dockerfile'))![0])).toEqual(flags);
  });

  test('the errors of an answer, the calls of a chunk, the ids of a call', () => {
    for (const page of ['docs/errors.md', 'docs/upstream-answers.md', 'docs/security.md']) expect([page, read(page)]).toEqual([page, expect.stringContaining(`${MAX_ERRORS.toLocaleString('en')} errors`)]);
    const [, calls] = /MAX_CALLS = (\d+);/.exec(read('src/loaders/reconcile.ts'))!;
    expect(read('docs/upstream-answers.md')).toContain(`No\nchunk costs more than ${calls} calls.`);
    const { cas360 } = readConfig({ CAS360_BASE_URL: 'https://cas360.test', CAS360_CLIENT_ID: 'id', CAS360_CLIENT_SECRET: 's', CAS360_REFRESH_TOKEN: 's' });
    expect(read('docs/querying.md')).toMatch(new RegExp(`up to\\s${cas360!.maxIds} contacts per call`));
  });

  test('the version: of the changelog, the image and the chart', () => {
    const released = [.../* each release, the latest first */ read('CHANGELOG.md').matchAll(/^## (\d+\.\d+\.\d+) - \d{4}-\d\d-\d\d$/gm)].map(([, name]) => name);
    expect(released[0]).toBe(version);
    expect(read('deploy/compose.yaml')).toContain(`contacts-subgraph:${version}`);
    expect(read('docs/operating.md')).toContain(`contacts-subgraph:${version}`);
    expect(read('deploy/helm/contacts-subgraph/Chart.yaml')).toMatch(new RegExp(`^version: ${version}\nappVersion: ${version}$`, 'm'));
  });
});

describe('docs/troubleshooting.md', () => {
  test('names settings, error codes and metrics that exist', () => {
    const codes = read('docs/errors.md').match(/(?<=^## )\w+/gm)!;
    const metrics = read('docs/telemetry.md');
    const names = [...new Set(troubleshooting.match(/(?<=`)[A-Z][A-Z0-9]*_[A-Z0-9_]+(?=`)/g))].filter((name) => !name.endsWith('_'));
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !settings.includes(`\`${name}\``) && !codes.includes(name))).toEqual([]);
    expect(troubleshooting.match(/contacts_\w+/g)!.filter((name) => !metrics.includes(name))).toEqual([]);
  });

  test('quotes messages of the start and of the log as they are', () => {
    expect(() => readConfig({})).toThrow(/^The settings cannot be used:\n.*Neither PMS_BASE_URL nor CAS360_BASE_URL is set/);
    expect(read('docs/telemetry.md')).toContain('| No access token could be obtained. |');
    for (const quote of ['The settings cannot be used:', 'Neither PMS_BASE_URL nor CAS360_BASE_URL is set', 'No access token could be obtained.']) {
      expect(troubleshooting).toContain(`\`${quote}`);
    }
  });
});

test('docs/architecture.md says what each folder of src/ does', () => {
  const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const rows = read('docs/architecture.md').split('\n').filter((line) => line.startsWith('| `'));
  expect(folders.map(({ name }) => name).filter((name) => !rows.some((row) => row.includes(`\`src/${name}/\``)))).toEqual([]);
});
