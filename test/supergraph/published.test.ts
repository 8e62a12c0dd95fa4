import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { buildSchema, printSchema } from 'graphql';
import { runHere, Said } from '../support/programHere.js';
import { COMPILE_CACHE } from '../support/subgraph.js';

// Some tests start several processes, one after another.
jest.setTimeout(60_000);

const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...COMPILE_CACHE } });
  return { status, stdout, stderr };
};

describe('npm run schema', () => {
  /** In this process, which takes less time than to start one. */
  const print = async (...words: string[]) => {
    const [stdout, stderr] = [new Said(), new Said()];
    const status = await runHere({ load: (run) => import(`../../src/graphql/print.js?${run}`), words, env: {}, stdin: Readable.from([]), stdout, stderr });
    return { status, stdout: stdout.text, stderr: stderr.text };
  };

  test('prints what is asked for, and nothing else', () => {
    const stdout = readFileSync('published/contacts.router-auth.graphql', 'utf8');
    expect(run('dist/src/graphql/print.js', '--profile', 'router-auth')).toEqual({ status: 0, stdout, stderr: '' });
  });

  test.each([
    ['published/contacts.graphql', []],
    ['published/contacts.graphql', ['--profile', 'default']],
    ['published/contacts.router-auth.graphql', ['--profile', 'router-auth']],
  ])('prints %s for %j', async (file, args) => {
    expect(await print(...args)).toEqual({ status: 0, stdout: readFileSync(file, 'utf8'), stderr: '' });
  });

  test.each([
    [['--profile', 'apollo'], "Unknown profile 'apollo'."],
    [['--profile', 'constructor'], "Unknown profile 'constructor'."],
    [['--profile'], "Option '--profile <value>' argument missing."],
    [['--format', 'json'], "Unknown option '--format'."],
    [['router-auth'], "Unexpected argument 'router-auth'."],
  ])('refuses %j, and says what there is', async (args, message) => {
    const { status, stdout, stderr } = await print(...args);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(message);
    expect(stderr).toContain('[--profile default|router-auth]');
  });
});

test('published/contacts.api.graphql has each type and field of the schema, and no federation', () => {
  const text = readFileSync('published/contacts.api.graphql', 'utf8');
  expect(text.match(/@(?!specifiedBy|deprecated)\w+/g)).toBeNull();
  const subgraph = buildSchema(readFileSync('published/contacts.graphql', 'utf8'), { assumeValidSDL: true });
  expect(printSchema(buildSchema(text))).toBe(printSchema(subgraph));
});

describe('the check of what is published', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'published-'));
    for (const path of ['scripts', 'published', 'docs/access.md', 'docs/mapping.md', 'docs/schema.md', 'CHANGELOG.md']) cpSync(path, join(folder, path), { recursive: true });
    for (const path of ['dist', 'node_modules']) symlinkSync(resolve(path), join(folder, path));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const check = (...args: string[]) => run(join(folder, 'scripts/checkSchema.mjs'), ...args);
  const fits = { status: 0, stdout: '', stderr: '' };

  const edit = (path: string, from: string, to: string): void => {
    const text = readFileSync(join(folder, path), 'utf8');
    expect(text).toContain(from);
    writeFileSync(join(folder, path), text.replace(from, to));
  };
  /** As if there were no change yet since the last release. */
  const releasedAsItIs = (): void => cpSync('published/contacts.graphql', join(folder, 'published/released.graphql'));
  /** As if the last release had had this where the schema now has that. */
  const releasedWith = (now: string, then: string): void => edit('published/released.graphql', now, then);
  const changelogWith = (text: string): void => writeFileSync(join(folder, 'CHANGELOG.md'), text);

  test('has nothing against what is committed', () => {
    expect(check()).toEqual(fits);
  });

  test('finds each file that is altered, and says the command that mends it', () => {
    const altered = [
      ['published/contacts.graphql', 'type Query'],
      ['published/contacts.router-auth.graphql', '@requiresScopes'],
      ['published/contacts.api.graphql', 'type Query'],
      ['docs/schema.md', '| `dateOfBirth` | `Date` |'],
      ['published/errors.json', '"code": "FORBIDDEN"'],
      ['published/errors.ts', "code: 'FORBIDDEN'; readonly retryable: false;"],
      ['docs/access.md', '| `Contact.dateOfBirth` | `contact:identity` |'],
    ] as const;
    for (const [path, text] of altered) edit(path, text, `${text} `);
    const lines = altered.map(([path]) => `${path} differs from the source. Run: npm run schema:update\n`);
    expect(check()).toEqual({ ...fits, status: 1, stderr: lines.join('') });
    expect(check('--update')).toEqual(fits);
    for (const [path] of altered) expect(readFileSync(join(folder, path))).toEqual(readFileSync(path));
    expect(check()).toEqual(fits);
  });

  describe('finds what may break somebody since the last release', () => {
    const CHANGES: [coordinate: string, message: string, now: string, then: string][] = [
      ['Contact.fax', "Field 'fax' was removed from object type 'Contact'", '  title: String\n', '  title: String\n  "A number."\n  fax: String\n'],
      ['Contact.phone', "Field 'Contact.phone' changed type from 'Int' to 'String'", '  phone: String\n', '  phone: Int\n'],
      ['Contact.email', "Field 'Contact.email' changed type from 'String!' to 'String'", '  email: String\n', '  email: String!\n'],
      ['Query.contacts.ids', "Type for argument 'ids' on field 'Query.contacts' changed", 'ids: [ID!]!', 'ids: [ID!]'],
      ['Contact.relationships.current', "Default value for argument 'current'", 'current: Boolean\n', 'current: Boolean = true\n'],
      ['Gender.UNSAID', "Enum value 'UNSAID' was removed", '  FEMALE\n', '  FEMALE\n  "Unsaid."\n  UNSAID\n'],
      ['Gender.MALE', "Enum value 'MALE' was added", '  "Male."\n  MALE\n', ''],
      ['Contact.@key', "Directive 'key' was removed from object 'Contact'", 'type Contact @key(fields: "id")', 'type Contact @key(fields: "id") @key(fields: "uuid")'],
      ['SalesAccount.@key', "Argument 'fields' was removed from '@key'", '@key(fields: "id contact { id }")', '@key(fields: "accountCode")'],
      ['Company.@key', "Argument 'resolvable' was added to '@key'", 'type Company @key(fields: "id", resolvable: false)', 'type Company @key(fields: "id")'],
      ['@link', "Argument 'url' was removed from '@link'", 'federation/v2.9', 'federation/v2.7'],
    ];
    const named = (coordinates: readonly string[]) => coordinates.map((coordinate) => `- \`${coordinate}\` is not what it was.`).join('\n');
    const coordinates = CHANGES.map(([coordinate]) => coordinate);

    beforeEach(() => {
      releasedAsItIs();
      for (const [, , now, then] of CHANGES) releasedWith(now, then);
    });

    test('and lists it, whatever older sections of the changelog name', () => {
      changelogWith(`# Changelog\n\n## Unreleased\n\n${named(['Contact', 'Gender', 'SalesAccount'])}\n\n## 1.0.0\n\n${named(coordinates)}\n`);
      const { status, stdout, stderr } = check();
      expect([status, stdout]).toEqual([1, '']);
      const [heading, ...lines] = stderr.trim().split('\n');
      expect(heading).toMatch(/name each in the top section of CHANGELOG.md:$/);
      for (const [coordinate, message] of CHANGES) expect(lines).toContainEqual(expect.stringContaining(`- \`${coordinate}\`: ${message}`));
      expect(lines).toHaveLength(CHANGES.length);
    });

    test('and is content once the top section of the changelog names all of it', () => {
      changelogWith(`# Changelog\n\n## Unreleased\n\n${named(coordinates.slice(1))}\n\n## 1.0.0\n`);
      expect(check().stderr.match(/^- `.*?`/gm)).toEqual(['- `Contact.fax`']);
      changelogWith(`# Changelog\n\n## Unreleased\n\n${named(coordinates)}\n\n## 1.0.0\n`);
      expect(check()).toEqual(fits);
    });
  });

  test('lets pass what cannot break anybody', () => {
    releasedAsItIs();
    releasedWith('  "The e-mail address to write to first."\n  email: String\n', '');
    releasedWith('"The telephone number to call first."', '"Another description."');
    // A type that was not there at all, with its key.
    releasedWith('  "The company that the role is in, if it is in a company."\n  company: Company\n', '');
    releasedWith('  "The company that the account is for."\n  company: Company\n', '');
    releasedWith('type Company @key(fields: "id", resolvable: false) {\n  "The system that named the company, a colon, and the company\'s identifier there."\n  id: ID!\n}\n', 'scalar Unused\n');
    changelogWith('# Changelog\n\n## Unreleased\n\n- `Unused`\n');
    expect(check()).toEqual(fits);
  });
});
