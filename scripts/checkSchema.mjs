// Compares what is committed with the source: the files in published/, docs/schema.md, the table of docs/access.md. Lists the changes since the last release that could break somebody. Needs a build.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';
import { ACCESS_POLICY } from '../dist/src/graphql/accessPolicy.js';
import { printProfile } from '../dist/src/graphql/profiles.js';
import { readTypeDefs } from '../dist/src/graphql/schema.js';
import { apiSchema } from './apiSchema.mjs';
import { schemaReference } from './schemaReference.mjs';
import { errorsTable, errorTypes } from './publishedErrors.mjs';

const UPDATE = 'npm run schema:update';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { values } = parseArgs({ options: { update: { type: 'boolean', default: false } } });
const typeDefs = readTypeDefs('dist/schema');
const printed = printProfile(typeDefs, 'default');

const copies = {
  'published/contacts.graphql': printed,
  'published/contacts.router-auth.graphql': printProfile(typeDefs, 'router-auth'),
  'published/contacts.api.graphql': apiSchema(printed),
  'docs/schema.md': schemaReference(schemaOf(printed), read('docs/mapping.md'), ACCESS_POLICY),
  'published/errors.json': errorsTable(),
  'published/errors.ts': errorTypes(),
  'docs/access.md': withTable(read('docs/access.md'), accessTable()),
};
const stale = Object.keys(copies).filter((path) => read(path) !== copies[path]);
if (values.update) {
  for (const path of stale) writeFileSync(path, copies[path]);
} else {
  for (const path of stale) fail(`${path} differs from the source. Run: ${UPDATE}`);
  await checkChanges();
}

/** Lists the breaking and dangerous changes since the last release that the changelog does not name. */
async function checkChanges() {
  const [, topSection = ''] = read('CHANGELOG.md').split(/^## /m);
  const released = schemaOf(read('published/released.graphql'));
  const unnamed = (await diff(released, schemaOf(printed)))
    .filter((change) => change.criticality.level !== CriticalityLevel.NonBreaking || losesKey(change, released))
    .map(({ message, path }) => ({ message, coordinate: coordinateOf(path) }))
    .filter(({ coordinate }) => !topSection.includes(`\`${coordinate}\``));
  if (unnamed.length === 0) return;
  const lines = unnamed.map(({ message, coordinate }) => `- \`${coordinate}\`: ${message}`);
  fail(`The schema has changed in ways that can break somebody. Take them back, or name each in the top section of CHANGELOG.md:\n${lines.join('\n')}`);
}

/** A key that finds nothing any more breaks neighbours; the comparison takes it for one more argument. */
function losesKey({ path }, released) {
  return path.endsWith('.@key.resolvable') && released.getType(path.split('.')[0]) !== undefined;
}

/** `Contact.email` for a field and its like, `Contact.@key` for whatever changes in a directive, `@link` for one on the schema. */
function coordinateOf(path) {
  return path.replace(/(@\w+)\..*/, '$1').replace(/^\./, '');
}

/** Federation's directives stay unknown to it; what they say is compared all the same. */
function schemaOf(sdl) {
  return buildSchema(sdl, { assumeValidSDL: true });
}

/** The fields that need a scope, with what the schema says of them. */
function accessTable() {
  const types = schemaOf(printed).getTypeMap();
  const rows = Object.entries(ACCESS_POLICY).flatMap(([type, fields]) =>
    Object.entries(fields).flatMap(([field, access]) =>
      access === 'everyone' ? [] : [`| \`${type}.${field}\` | \`${access}\` | ${types[type].getFields()[field].description.replace(/ Needs the scope .*/, '')} |`],
    ),
  );
  return ['| field | needs the scope | what it is |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

function withTable(text, table) {
  return text.replace(/(^\|.*\n)+/m, table);
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
