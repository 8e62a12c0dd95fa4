import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { CHECKS, REASONS_PAGE } from '../../src/doctor/checks.js';
import { LEVELS, type Finding } from '../../src/doctor/findings.js';
import { HELP, readOptions } from '../../src/doctor/options.js';
import { REASONS } from '../../src/doctor/reasons.js';
import { run } from '../../src/doctor/run.js';
import { freePort } from '../support/freePort.js';
import { until } from '../support/until.js';
import { Said, startDoctor } from './support/doctor.js';

interface Report {
  readonly version: number;
  readonly healthy: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
}

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

async function report(settings: Record<string, string>, ...words: string[]): Promise<Report & { code: number; spoken: string }> {
  const [out, spoken] = [new Said(), new Said()];
  const code = await run(readOptions(words, settings), settings, { stdout: out.stream, stderr: spoken.stream });
  return { ...(JSON.parse(out.text) as Report), code, spoken: spoken.text };
}

const page = readFileSync('docs/doctor.md', 'utf8');

describe('--output json', () => {
  test.each(['-ojson', '--output=json'])('is one object with every finding: %s', async (option) => {
    const { version, healthy, counts, findings, code, spoken } = await report(sandbox.environment, option, '--pms', '4711');
    expect([version, healthy, code, spoken]).toEqual([1, true, 0, '']);
    expect(Object.keys(counts)).toEqual([...LEVELS]);
    for (const level of LEVELS) expect(counts[level]).toBe(findings.filter((finding) => finding.level === level).length);
    expect(findings).toEqual(expect.arrayContaining([
      { check: 'pms.contact', level: 'ok', message: 'the known contact was found', docs: 'docs/doctor.md#known-contacts' },
      { check: 'redis', level: 'note', message: 'REDIS_URL is not set: replicas share nothing', docs: 'docs/operating.md#several-replicas' },
    ]));
  });

  test('has the reason of a call that failed, and exit code 1', async () => {
    const { healthy, findings, code } = await report({ ...sandbox.environment, PMS_BASE_URL: `http://127.0.0.1:${await freePort()}` }, '-o', 'json');
    expect([healthy, code]).toEqual([false, 1]);
    expect(findings.filter(({ level }) => level === 'fault')).toEqual([
      { check: 'pms.endpoint', level: 'fault', message: 'PMS_BASE_URL: the connection was refused: nobody listens at that host and port', reason: 'refused', docs: REASONS_PAGE },
    ]);
  });

  test('does not hold up --renew', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'doctor-json-'));
    const settings = { ...sandbox.environment, CAS360_REFRESH_TOKEN: sandbox.cas360.issueRefreshToken(), CAS360_TOKEN_FILE: join(folder, 'token') };
    const { findings } = await report(settings, '-o', 'json', '--renew');
    rmSync(folder, { recursive: true });
    expect(findings).toContainEqual(expect.objectContaining({ check: 'cas360.renewal', level: 'ok', message: 'the next refresh token is kept' }));
  });
});

describe('What cannot be known without renewing', () => {
  test('is a finding of its own for each thing', async () => {
    const { findings, healthy } = await report(sandbox.environment, '-o', 'json', '--cas360', '54');
    expect(healthy).toBe(true);
    expect(findings.filter(({ level, check }) => level === 'unknown' && check.startsWith('cas360')).map(({ check, message }) => [check, message])).toEqual([
      ['cas360.accessToken', expect.stringContaining('there is no place to keep the next one')],
      ['cas360.contact', 'not known without an access token: whether the client may read contacts with their relationships'],
      ['cas360.address', 'not known without an access token: whether the client may read addresses'],
      ['cas360.bulk', 'not known without an access token: how many ids one call takes'],
    ]);
  });

  test('is one for the PMS too, where it grants no token', async () => {
    const { findings } = await report({ ...sandbox.environment, PMS_CLIENT_SECRET: 'cnryWrong' }, '-o', 'json');
    expect(findings).toContainEqual(expect.objectContaining({ check: 'pms.contact', level: 'unknown' }));
    expect(findings).toContainEqual(expect.objectContaining({ check: 'pms.token', level: 'fault', reason: 'credentials', docs: 'docs/doctor.md#access-tokens' }));
  });
});

describe('The program', () => {
  beforeAll(() => sandbox.cas360.resetCalls());

  test('has nothing but the JSON on standard output, and says on standard error what it waits for, and spends no refresh token', async () => {
    sandbox.pms.faults.set([{ on: 'token', status: 503 }]);
    const { child, ended } = startDoctor(sandbox.environment, '-o', 'json', '--wait=60');
    let out = '';
    let spoken = '';
    child.stdout.on('data', (text) => (out += String(text)));
    child.stderr.on('data', (text) => (spoken += String(text)));
    await until('it says what it waits for', () => spoken.endsWith('\n')).finally(() => sandbox.pms.faults.clear());
    expect((await ended).code).toBe(0);
    expect((JSON.parse(out) as Report).findings).toContainEqual(expect.objectContaining({ check: 'pms.token', level: 'ok' }));
    expect(sandbox.cas360.calls.filter(({ path }) => path.includes('refresh_token='))).toEqual([]);
    expect(spoken).toMatch(/^Not yet: pms.token. Trying again for \d+ s\.\n$/);
  });
});

describe('The documentation', () => {
  /** As GitHub makes them of headings. */
  const anchorsOf = (file: string): string[] => [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));

  test.each([...Object.entries(CHECKS), ['a reason', REASONS_PAGE]])('has the place that explains %s: %s', (_check, docs) => {
    const [file, anchor] = docs.split('#');
    expect(existsSync(file!)).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(file!)).toContain(anchor);
  });

  const named = (section: string): string[] => [...page.split(/^## /m).find((text) => text.startsWith(section))!.matchAll(/^\| `([\w.-]+)`/gm)].map(([, name]) => name!);

  test('of the doctor lists every check, level and reason, and no other', () => {
    expect(named('Checks')).toEqual(Object.keys(CHECKS));
    expect(named('Levels')).toEqual([...LEVELS]);
    expect(named('Reasons')).toEqual([...REASONS]);
  });

  test('of the doctor names every option', () => {
    for (const [option] of HELP.matchAll(/--[a-z0-9]+/g)) expect(page).toContain(option);
  });
});
