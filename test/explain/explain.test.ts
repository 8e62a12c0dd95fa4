import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { COMPILE_CACHE } from '../support/subgraph.js';
import { explain, explainHere, explainWithNpm, MAIN } from './support/explain.js';

jest.setTimeout(60_000);

const CARDS = 'query Cards($ids: [ID!]!) { contacts(ids: $ids) { name address { city } relationships { type } } }';
const IDS = ['--variables', '{"ids":["pms:4711","cas360:54","cas360:555742"]}'];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'explain-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('npm run explain', () => {
  test('prints a table of the calls, and what happens rarely, as docs/explain.md shows it', async () => {
    const { code, out, err } = await explainHere(CARDS, [...IDS, '--max-calls', '3']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('In rare cases there are up to 45 calls:');
    expect(readFileSync('docs/explain.md', 'utf8')).toContain(`\n${out}\u0060\u0060\u0060\n`);
  });

  test.each([
    ['3', [], 0, 'Within the budget of 3: 2 to 3 calls.'],
    ['2', [], 1, 'Beyond the budget of 2: 2 to 3 calls.'],
    ['44', ['--strict'], 1, 'Beyond the budget of 44: 2 to 45 calls.'],
    ['45', ['--strict'], 0, 'Within the budget of 45: 2 to 45 calls.'],
    ['3', ['--json'], 0, 'Within the budget of 3: 2 to 3 calls.'],
  ])('compares them with a budget of %s %j', async (budget, more, code, said) => {
    const result = await explainHere(CARDS, [...IDS, '--max-calls', budget, ...more]);
    expect(result.code).toBe(code);
    expect(result.out + result.err).toContain(said);
  });

  test('counts one call in the singular', async () => {
    expect((await explainHere('{ contact(id: "pms:4711") { name } }', ['--max-calls', '3'])).out).toMatch(/\nWithin the budget of 3: 1 call\.\n$/);
  });

  test('prints JSON alone with --json', async () => {
    const { out } = await explainHere(CARDS, [...IDS, '--json', '--max-calls', '1']);
    expect(JSON.parse(out).calls).toEqual({ atLeast: 2, atMost: 3, inRareCases: 45 });
  });

  test('cannot bound representatives unless it is told how many a contact has', async () => {
    const query = '{ contact(id: "cas360:54") { representatives { name } } }';
    const unknown = await explainHere(query, ['--max-calls', '9']);
    expect([unknown.code, unknown.err]).toEqual([1, 'Beyond the budget of 9: 1 or more calls. Say how many representatives a contact has at most: --representatives N.\n']);
    const known = await explainHere(query, ['--max-calls', '2', '--representatives', '100']);
    expect([known.code, known.err]).toEqual([0, '']);
  });

  test('plans with the limits of the environment', async () => {
    const query = '{ contacts(ids: ["cas360:1", "cas360:2", "cas360:3"]) { name } }';
    expect((await explainHere(query, [], { CAS360_MAX_IDS: '2' })).out).toMatch(/^Upstream calls: 2\n/);
    for (const [limit, value] of [['MAX_DEPTH', '1'], ['MAX_IDS', '2']] as const) {
      const refused = await explainHere(query, [], { [limit]: value });
      expect([refused.code, refused.out]).toEqual([2, '']);
      expect(refused.err).toContain(limit);
    }
  });

  test.each([
    ['27', 0, 'Within the budget of 27: 3 to 27 calls.'],
    ['26', 1, 'Beyond the budget of 26: 3 to 27 calls.'],
  ])('bounds what depends on representatives where a call takes one id: a budget of %s', async (budget, code, said) => {
    const query = '{ contacts(ids: ["cas360:1", "cas360:2", "cas360:3"]) { representatives { address { city } representatives { name } } } }';
    const result = await explainHere(query, ['--representatives', '2', '--max-calls', budget], { CAS360_MAX_IDS: '1' });
    expect(result.out + result.err).toContain(said);
    expect(result.out).not.toContain('NaN');
    expect(result.code).toBe(code);
  });

  test('needs no file that a setting names', async () => {
    const secret = '/run/secrets/that-are-elsewhere';
    const { code, err, out } = await explainHere('{ contact(id: "cas360:54") { name } }', [], { CAS360_REFRESH_TOKEN_FILE: secret, PMS_CLIENT_SECRET_FILE: secret, CAS360_TOKEN_FILE: secret, ROUTER_SECRET_FILE: secret });
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Upstream calls: 1\n/);
  });

  test('plans guarded fields for the scopes that it is given', async () => {
    const query = '{ contact(id: "pms:4711") { id dateOfBirth } }';
    expect((await explainHere(query)).out).toBe('No upstream call.\n');
    expect((await explainHere(query, ['--scopes', 'contact:identity contact:access'])).out).toMatch(/^Upstream calls: 1\n/);
  });

  test('reads files', async () => {
    writeFileSync(join(folder, 'query.graphql'), `${CARDS} query Other { contact(id: "pms:1") { id } }`);
    writeFileSync(join(folder, 'variables.json'), '{"ids":["pms:4711"]}');
    const words = ['--variables', join(folder, 'variables.json'), '--operation', 'Cards'];
    expect((await explainHere('', words, {}, join(folder, 'query.graphql'))).out).toMatch(/^Upstream calls: 1\n/);
    expect(await explainHere('', ['--variables', join(folder, 'query.graphql')])).toMatchObject({ code: 2, err: expect.stringContaining('must be a JSON object') });
    expect(await explainHere('', ['--variables', join(folder, 'none.json')])).toMatchObject({ code: 2, err: expect.stringContaining('cannot be read (ENOENT)') });
  });

  test('reads what standard input brings later', async () => {
    const child = spawn(process.execPath, [MAIN, '-'], { env: COMPILE_CACHE });
    child.stdin.write('{ contact(id: "pms:1")');
    // When a later command has ended, this one has read what there is, and waits for the rest.
    await explain('', ['--help']);
    child.stdin.end(' { name } }');
    expect(await text(child.stdout)).toMatch(/^Upstream calls: 1\n/);
  });

  test('reads files as editors on Windows write them', async () => {
    writeFileSync(join(folder, 'variables.json'), '\uFEFF{"ids":\r\n["pms:4711"]}\r\n');
    expect((await explainHere(`\uFEFF${CARDS.replace(' contacts', '\r\ncontacts')}\r\n`, ['--variables', join(folder, 'variables.json')])).out).toMatch(/^Upstream calls: 1\n/);
  });

  test('finds files from the folder in which npm was called', async () => {
    writeFileSync(join(folder, 'variables.json'), '{"ids":["pms:4711"]}');
    const words = ['--variables', 'variables.json'];
    const beyond = await explainWithNpm(CARDS, [...words, '--max-calls', '0'], folder);
    const { out } = await explainHere(CARDS, ['--variables', '{"ids":["pms:4711"]}', '--max-calls', '0']);
    expect(out).toMatch(/^Upstream calls: 1\n/);
    expect(beyond).toEqual({ code: 1, out, err: 'Beyond the budget of 0: 1 call.\n' });
    // Another script calls the command from a folder of its own.
    expect(await explain(CARDS, words, { npm_lifecycle_event: 'test', INIT_CWD: folder })).toEqual({ code: 2, out: '', err: 'variables.json cannot be read (ENOENT).\n' });
  });

  test('needs no secrets, and no files with secrets', async () => {
    const env = { PMS_BASE_URL: '', PMS_CLIENT_SECRET_FILE: '/none', CAS360_BASE_URL: '', CAS360_REFRESH_TOKEN: '', REDIS_URL: 'none', ROUTER_SECRET: '' };
    expect(await explainHere(CARDS, IDS, env)).toMatchObject({ code: 0, err: '', out: expect.stringContaining('Upstream calls: 2 to 3\n') });
  });

  test("counts the path of the register's base URL", async () => {
    const env = { CAS360_BASE_URL: `https://cas360.invalid/${'a'.repeat(60)}`, CAS360_MAX_PATH_BYTES: '100' };
    const ids = Array.from({ length: 10 }, (_, n) => `cas360:${1_000_000_000 + n}`);
    expect((await explainHere(CARDS.replace('address { city } ', ''), ['--variables', JSON.stringify({ ids })], env)).out).toMatch(/^Upstream calls: 5\n/);
  });

  test('keeps its exit code where the reader of its output leaves', async () => {
    const roots = Array.from({ length: 10 }, (_, n) => `a${n}: contacts(ids: $ids) { name }`).join(' ');
    const ids = Array.from({ length: 1_000 }, (_, n) => `pms:${1_000_000_000_000_000_000n + BigInt(n)}`);
    const child = spawn(process.execPath, [MAIN, '-', '--json', '--max-calls', '1000', '--variables', JSON.stringify({ ids })], { env: COMPILE_CACHE });
    child.stdout.once('data', () => child.stdout.destroy());
    child.stdin.end(`query ($ids: [ID!]!) { ${roots} }`);
    const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
    expect([await text(child.stderr), await closed]).toEqual(['Within the budget of 1000: 1000 calls.\n', 0]);
  });

  test.each([
    ['a wrong field', '{ contact(id: "pms:1") { nam } }', [], 'line 1, column 26: Cannot query field "nam" on type "Contact". Did you mean "name"?'],
    ['a syntax error', '{ contact', [], 'Syntax Error'],
    ['no operation', '', [], 'would be refused'],
    ['several operations and no name', 'query A { __typename } query B { __typename }', [], 'Name the one to run in `--operation`.'],
    ['another name', 'query A { __typename }', ['--operation', 'B'], 'the name that `--operation` gives'],
    ['variables in a list', '{ __typename }', ['--variables', ' ["cas360:54"]'], '--variables must be a JSON object.'],
    ['no variables', '{ __typename }', ['--variables', ''], '--variables must be a JSON object.'],
    ['a missing variable', CARDS, [], 'would be refused'],
    ['an unknown option', '{ __typename }', ['--max'], "Unknown option '--max'"],
    ['no number', '{ __typename }', ['--max-calls', 'many'], '--max-calls must be a whole number'],
    ['two files', '{ __typename }', ['other.graphql'], 'Name one file'],
    ['a wrong setting', '{ __typename }', [], 'MAX_DEPTH'],
  ])('ends with 2 for %s', async (name, query, words, said) => {
    const { code, out, err } = await explainHere(query, words, name === 'a wrong setting' ? { MAX_DEPTH: 'deep' } : {});
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(said);
  });

  test('explains itself', async () => {
    expect(await explainHere('', ['--help'])).toMatchObject({ code: 0, out: expect.stringContaining('--max-calls N'), err: '' });
  });
});
