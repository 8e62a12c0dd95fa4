import { readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { describe, expect, test } from '@jest/globals';
import { type GraphQLObjectType, type GraphQLScalarType, parse, validate } from 'graphql';
import { printProfile, PROFILES, type Profile } from '../../src/graphql/profiles.js';
import { readTypeDefs } from '../../src/graphql/schema.js';
import { COMPOSERS, type Composed } from './composers.js';
import { adults, NEIGHBOURS, REFUSED } from './neighbours.js';

type Composer = keyof typeof COMPOSERS;

const typeDefs = readTypeDefs('schema');
const sdl = Object.fromEntries(PROFILES.map((profile) => [profile, printProfile(typeDefs, profile)])) as Record<Profile, string>;

const HIVE_REFUSES = '[contacts] Invalid version v2.12 for the federation feature in @link directive on schema';

/** Every profile with every composer that knows its version of federation. */
const PAIRS: readonly (readonly [Profile, Composer])[] = [
  ['default', 'Apollo'],
  ['default', 'Hive'],
  ['default', 'Cosmo'],
  ['router-auth', 'Apollo'],
  ['router-auth', 'Cosmo'],
];

/** Composes ours with others'. */
const compose = (profile: Profile, composer: Composer, others: Readonly<Record<string, string>> = {}): Composed => COMPOSERS[composer]({ contacts: sdl[profile], ...others });

/** The schema of clients; fails on anything that the composer has against the subgraphs. */
const schemaOf = ({ schema, errors }: Composed) => {
  expect(errors).toBeUndefined();
  return schema!;
};

describe.each(PAIRS)('the profile %s, composed by %s,', (profile, composer) => {
  test('gives clients every type and field of ours, and no machinery', () => {
    const names = Object.keys(schemaOf(compose(profile, composer)).getTypeMap());
    const ours = [...typeDefs.matchAll(/^(?:type|enum|scalar) (\w+)/gm)].map(([, name]) => name!);
    expect(ours.length).toBeGreaterThan(25);
    expect(names).toEqual(expect.arrayContaining(ours));
    expect(names.filter((name) => /^_[^_]|^(link|join|federation)__/.test(name))).toEqual([]);
  });

  test('says what specifies the dates, but for Cosmo, which drops it', () => {
    const schema = schemaOf(compose(profile, composer));
    const specified = ['Date', 'LocalDateTime'].map((name) => (schema.getType(name) as GraphQLScalarType).specifiedByURL ?? null);
    const urls = ['localdate', 'localdatetime'].map((name) => `https://scalars.graphql.org/apollographql/${name}-v0.1.html`);
    expect(specified).toEqual(composer === 'Cosmo' ? [null, null] : urls);
  });

  test.each(NEIGHBOURS)('lives beside one that $shape', ({ subgraphs, query }) => {
    const schema = schemaOf(compose(profile, composer, subgraphs));
    expect(validate(schema, parse(query))).toEqual([]);
  });

  test('keeps from clients what a neighbour hides', () => {
    const { subgraphs } = NEIGHBOURS.find(({ shape }) => shape.includes('@inaccessible'))!;
    const contact = schemaOf(compose(profile, composer, subgraphs)).getType('Contact') as GraphQLObjectType;
    expect(Object.keys(contact.getFields())).toEqual(expect.arrayContaining(['segment']));
    expect(Object.keys(contact.getFields())).not.toContain('score');
  });

  test('lives beside all of them at once', () => {
    // Two of them give the same field, which composes only where both say that they share it.
    const others = NEIGHBOURS.filter(({ shape }) => !shape.includes('@provides'));
    const schema = schemaOf(compose(profile, composer, Object.assign({}, ...others.map(({ subgraphs }) => subgraphs))));
    for (const { query } of others) expect(validate(schema, parse(query))).toEqual([]);
  }, 30_000);

  test.each(REFUSED)('refuses one that has $shape, or takes it, as the docs say', ({ name, sdl: other, says }) => {
    const { errors = [] } = compose(profile, composer, { [name]: other });
    const line = says[composer];
    expect(errors.length > 0).toBe(line !== undefined);
    for (const error of errors) expect(error).toContain(line);
  });
});

describe('the profile router-auth', () => {
  test('is of a version that Hive does not know', () => {
    expect(compose('router-auth', 'Hive').errors).toEqual([HIVE_REFUSES]);
  });

  test('brings every scope and every tag into the supergraph that Apollo Router reads', () => {
    const { supergraphSdl = '' } = composeServices([{ name: 'contacts', url: 'http://contacts.example.test/graphql', typeDefs: parse(sdl['router-auth']) }]);
    const times = (text: string, mark: string) => text.split(mark).length - 1;
    expect(times(sdl['router-auth'], '@requiresScopes(scopes:')).toBeGreaterThan(20);
    expect(times(supergraphSdl, '@requiresScopes(scopes: [["contact:')).toBe(times(sdl['router-auth'], '@requiresScopes(scopes:'));
    expect(times(supergraphSdl, 'federation__cacheTag')).toBe(times(sdl['router-auth'], '@cacheTag(format: "'));
  });

  const unsaid =
    '[adults] Field "Contact.isAdult" does not specify necessary @authenticated, @requiresScopes and/or @policy auth requirements to access the transitive field "Contact.dateOfBirth" data from @requires selection set.';

  test('has Apollo ask of a neighbour that needs a guarded field for its own to guard it as well', () => {
    expect(compose('router-auth', 'Apollo', { adults: adults('') }).errors).toEqual([unsaid]);
    schemaOf(compose('router-auth', 'Apollo', { adults: adults('@requiresScopes(scopes: [["contact:identity"]])') }));
    schemaOf(compose('default', 'Apollo', { adults: adults('') }));
  });

  test('and all that is refused above are explained in the docs', () => {
    const docs = readFileSync('docs/supergraph.md', 'utf8');
    const said = [...REFUSED.flatMap(({ says }) => Object.values(says)), unsaid, HIVE_REFUSES];
    expect(said.filter((line) => !docs.includes(line))).toEqual([]);
  });
});
