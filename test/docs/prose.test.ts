import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const PASSIVE = 'The token is written by the service here. ';
const TEN = 'one two three four five six seven eight nine ten ';

const BAD: [what: string, page: string, lines: string[]][] = [
  ['a word that does not exist', 'One line.\n\nThe servise runs.\n', ['3: "servise" is not in the dictionary.']],
  ['a misspelt word in a table', '| a | b |\n| --- | --- |\n| fine | wrogn |\n', ['3: "wrogn" is not in the dictionary.']],
  ['a long sentence', `${TEN.repeat(3)}eleven.\n`, ['1: a sentence of 31 words; at most 30.']],
  ['a long sentence in a list', `- short\n- ${TEN.repeat(3)}eleven\n`, ['2: a sentence of 31 words; at most 30.']],
  ['a phrase that we replace', 'The service knows the contact.\n', ['1: "service knows": code has no mind: say what it does.']],
  ['a page in the passive voice', PASSIVE.repeat(4), [...Array<string>(4).fill('1: Unexpected use of the passive voice.'), '100 passive verbs in 100 sentences; at most 12. Say who does it.']],
];

const GOOD: [what: string, page: string][] = [
  ['plain sentences, code and names', `# Heading\n\nThe service calls CAS 360. ${PASSIVE}\`retryAfterSeconds\` says how long. See settings.md.\n\n\`\`\`sh\nnpmm rnu\n\`\`\`\n`],
  ['a sentence of 30 words', `${TEN.repeat(3)}.\n`],
  ['sentences that a number separates', `${TEN.repeat(2)}CAS 360. ${TEN.repeat(2)}.\n`],
  ['a sentence that begins with code', `${TEN.repeat(2)}more. \`code\` ${TEN.repeat(2)}.\n`],
  ['the cells of one row', `Text.\n\n| ${TEN.repeat(2)} | ${TEN.repeat(2)} |\n| --- | --- |\n`],
];

let folder: string;
let found: string[];
let status: number | null;
const pageOf = (what: string): string => join(folder, `${what.replaceAll(' ', '-')}.md`);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'prose-'));
  const pages = [...BAD, ...GOOD].map(([what, page]) => {
    writeFileSync(pageOf(what), page);
    return pageOf(what);
  });
  const run = spawnSync(process.execPath, ['scripts/prose/check.mjs', ...pages], { encoding: 'utf8' });
  [found, status] = [run.stderr.trim().split('\n'), run.status];
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the check says of a page. */
const linesOf = (what: string): string[] => found.filter((line) => line.startsWith(`${pageOf(what)}:`)).map((line) => line.slice(pageOf(what).length + 1).trim());

test.each(BAD)('the check of the language finds %s', (what, _, lines) => expect(linesOf(what)).toEqual(lines));

test.each(GOOD)('it takes %s', (what) => expect(linesOf(what)).toEqual([]));

test('it fails, and prints nothing else', () => {
  expect(status).toBe(1);
  expect(found).toHaveLength(BAD.flatMap(([, , lines]) => lines).length);
});
