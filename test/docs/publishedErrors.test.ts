import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { ERRORS } from '../../src/errors.js';
import { isContactsError } from '../../published/errors.js';

const folder = mkdtempSync(join(tmpdir(), 'client-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CASES = Object.keys(ERRORS).map((code) => `    case '${code}':`);

/** Programs of a client, and what the compiler says of each. */
const PROGRAMS: readonly (readonly [what: string, program: string, fault: RegExp | undefined])[] = [
  [
    'decides by the code, and reads what that code has',
    `
    export function advice(error: { readonly message: string; readonly extensions?: unknown }): string {
      if (!isContactsError(error)) return error.message;
      const { extensions, path } = error;
      if (extensions.code === 'FORBIDDEN') return extensions.scope + extensions.coordinate;
      if (extensions.code === 'LIMIT_EXCEEDED') return limitOf(extensions.limit);
      if (extensions.code === 'UPSTREAM_UNAVAILABLE') return String(extensions.retryAfterSeconds ?? 0) + (extensions.source === 'PMS' ? 'PMS' : 'other');
      return (path ?? []).join('.') + String(extensions.retryable);
    }
    function limitOf(limit: ContactsLimit): string { return limit; }
    export function every(code: ContactsErrorExtensions['code']): number {
      switch (code) {
    ${CASES.join('\n')}
        return 1;
      }
    }`,
    undefined,
  ],
  ['reads a code that nobody sends', "declare const e: ContactsError; if (e.extensions.code === 'NOT_FOUND') throw 1;", /no overlap/],
  ['reads an extension that the code does not have', "declare const e: ContactsError; if (e.extensions.code === 'FORBIDDEN') void e.extensions.limit;", /'limit' does not exist/],
  ['takes any error for one of ours', 'declare const e: { extensions?: unknown }; const known: ContactsError = e;', /'message' is missing/],
  ['needs a value that is not always there', "declare const e: ContactsError; if (e.extensions.code === 'OVERLOADED') { const wait: number = e.extensions.retryAfterSeconds; }", /'undefined' is not assignable/],
];

describe('Under strict rules, a client that has copied the published file', () => {
  const faults = new Map<string, string[]>();
  beforeAll(() => {
    copyFileSync('published/errors.ts', join(folder, 'errors.ts'));
    const files = PROGRAMS.map(([what, program], i) => {
      const file = join(folder, `client${i}.ts`);
      writeFileSync(file, `import { isContactsError, type ContactsError, type ContactsErrorExtensions, type ContactsLimit } from './errors.js';\n${program}\nexport {};\n`);
      faults.set(what, []);
      return file;
    });
    const options = { strict: true, exactOptionalPropertyTypes: true, noEmit: true, types: [], lib: ['lib.es2022.d.ts'], module: ts.ModuleKind.NodeNext };
    for (const { file, messageText } of ts.getPreEmitDiagnostics(ts.createProgram(files, options))) {
      const [what = 'no program'] = PROGRAMS[files.indexOf(file?.fileName ?? '')] ?? [];
      faults.set(what, [...(faults.get(what) ?? []), ts.flattenDiagnosticMessageText(messageText, ' ')]);
    }
  }, 60_000);

  test.each(PROGRAMS)('%s', (what, _program, fault) => {
    expect(faults.get(what)).toEqual(fault ? [expect.stringMatching(fault)] : []);
    expect(faults.get('no program')).toBeUndefined();
  });
});

test.each<[unknown, boolean]>([
  [{ code: 'FORBIDDEN' }, true],
  [{ code: 'OTHER' }, false],
  [{ code: 'toString' }, false],
  [{}, false],
  ['FORBIDDEN', false],
  [null, false],
  [undefined, false],
])('isContactsError of the extensions %j is %s', (extensions, expected) => {
  expect(isContactsError({ extensions })).toBe(expected);
});

test('The table has a row for each code, and docs/errors.md names both files', () => {
  const { codes } = JSON.parse(readFileSync('published/errors.json', 'utf8')) as { codes: readonly { code: string; sentence: string; advice: string }[] };
  expect(codes.map(({ code }) => code)).toEqual(Object.keys(ERRORS));
  for (const { sentence, advice } of codes) expect([sentence, advice].join(' ')).not.toMatch(/undefined|function|\[object/);
  expect(readFileSync('docs/errors.md', 'utf8')).toMatch(/published\/errors\.ts[^]*published\/errors\.json/);
});
