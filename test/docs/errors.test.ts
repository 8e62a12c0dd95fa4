import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ERRORS } from '../../src/errors.js';
import { freePort } from '../support/freePort.js';
import { startTestApp, type TestApp } from '../support/testApp.js';
import { Scrape } from '../telemetry/support/metrics.js';

const errors = readFileSync('docs/errors.md', 'utf8');
const telemetry = readFileSync('docs/telemetry.md', 'utf8');
const source = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join('src', file), 'utf8'))
  .join('\n');

describe('docs/errors.md', () => {
  const sections = new Map(errors.split(/^## /m).slice(1).map((section) => [section.slice(0, section.indexOf('\n')), section]));

  test('has a section for every code, and no other', () => {
    expect([...sections.keys()].sort()).toEqual(Object.keys(ERRORS).sort());
  });

  test.each(Object.entries(ERRORS))('says of %s whether to try again, what it means, and what to do', (code, { retryable }) => {
    expect(sections.get(code)).toMatch(new RegExp(`^Retryable: ${retryable === 'sometimes' ? retryable : retryable ? 'yes' : 'no'}\\.\\n\\n\\*\\*Means:\\*\\* .{10}[^]*\\n\\n\\*\\*Do:\\*\\* .{5}`, 'm'));
  });
});

describe('docs/telemetry.md', () => {
  /** The names that stand first in a row of a table which says something of them. */
  const described = [...telemetry.matchAll(/^\| (`[a-z_0-9`, ]+`) \|.* \| .*\w.* \|$|^\| (`[a-z_0-9`, ]+`) \| .*\w.* \|$/gm)]
    .flatMap(([, one, other]) => [...(one ?? other)!.matchAll(/`(\w+)`/g)].map(([, name]) => name!))
    .filter((name) => /^(contacts|nodejs|process)_/.test(name));

  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
  });
  afterAll(() => app.stop());

  test('describes every metric that the service has, and of ours no other', async () => {
    const served = (await Scrape.of(app.url)).families.map(({ name }) => name);
    expect(served.filter((name) => !described.includes(name))).toEqual([]);
    const ours = (names: readonly string[]): string[] => names.filter((name) => name.startsWith('contacts_')).sort();
    expect(ours(described)).toEqual(ours(served));
    expect([...new Set(source.match(/(?<=')contacts_\w+(?=')/g))].sort()).toEqual(ours(served));
  });

  test('has every line of the log, and every attribute of a span', () => {
    const lines = [...source.matchAll(/\blog\.(?:info|warn|error)\(\s*'([^'.:]+)/g)].map(([, line]) => line!);
    expect(lines.length).toBeGreaterThan(8);
    expect(lines.filter((line) => !telemetry.includes(`| ${line}`))).toEqual([]);
    const tracing = readFileSync('src/telemetry/tracing.ts', 'utf8');
    const attributes = [...new Set(tracing.match(/(?<=')(?:contacts|graphql|http|url|server|error)\.[a-z._]+(?=')/g))];
    expect(attributes.length).toBeGreaterThan(10);
    const spans = telemetry.split('\n').filter((line) => /^\| .* \| (server|internal|client) \| /.test(line)).join();
    expect([...new Set(spans.match(/(?<=`)(?:contacts|graphql|http|url|server|error)\.[a-z._]+(?=`)/g))].sort()).toEqual(attributes.sort());
  });
});
