import { buildSubgraphSchema } from '@apollo/subgraph';
import { describe, expect, test } from '@jest/globals';
import { buildSchema, GraphQLScalarType, parse } from 'graphql';
import { createSchema, readTypeDefs } from '../../src/graphql/schema.js';
import { checkSchema } from '../../src/graphql/schemaCheck.js';

const SDL = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@tag"])
  type Query { book(id: ID!): Book shelf: [Thing!] named: [Named!] }
  type Book implements Named @key(fields: "id") { id: ID! name: String binding: Binding }
  type Shelf @key(fields: "id", resolvable: false) @key(fields: "room number", resolvable: true) { id: ID! room: String number: Int }
  type Publisher @key(fields: "id", resolvable: false) @tag(name: "x") { id: ID! }
  interface Named { name: String }
  union Thing = Book | Shelf
  enum Binding { CLOTH PAPER }
  scalar Isbn
  input Filter { name: String }
`;
const schema = buildSubgraphSchema(parse(SDL));
const nothing = (): null => null;
const isbn = new GraphQLScalarType({ name: 'Isbn' });

const WHOLE = {
  Query: { book: nothing, _entities: nothing },
  Book: { name: nothing, __isTypeOf: nothing },
  Named: { __resolveType: nothing },
  Thing: { __resolveType: nothing },
  Binding: { CLOTH: 'c', PAPER: 'p' },
  Isbn: isbn,
};
const FOUND = ['Book', 'Shelf'];

/** The faults that a start with these would end with. */
const faultsOf = (resolvers: Record<string, object>, found: readonly string[] = FOUND, of = schema): string[] => {
  try {
    checkSchema(of, resolvers, found);
    return [];
  } catch (error) {
    const [heading, ...faults] = (error as Error).message.split('\n- ');
    expect(heading).toBe('The resolvers do not fit the schema:');
    return faults;
  }
};

describe('the check at start-up', () => {
  test.each([
    ['all that there can be', WHOLE],
    ['none', {}],
  ])('has nothing against %s', (_, resolvers) => {
    expect(faultsOf(resolvers)).toEqual([]);
  });

  test.each<[string, Record<string, object>, string]>([
    ['a type that is not there', { Unicorn: { id: nothing } }, 'Unicorn has resolvers, but is no type of the schema.'],
    ['a field that is not there', { Book: { title: nothing } }, 'Book.title has a resolver, but is not in the schema.'],
    ['a field of the prototype', { Book: { toString: nothing } }, 'Book.toString has a resolver, but is not in the schema.'],
    ['a field of an interface that is not there', { Named: { title: nothing } }, 'Named.title has a resolver, but is not in the schema.'],
    ['a reference resolver, which nothing calls', { Book: { __resolveReference: nothing } }, 'Book.__resolveReference has a resolver, but is not in the schema.'],
    ['a field on a union', { Thing: { id: nothing } }, 'Thing.id has a resolver, but is not in the schema.'],
    ['a field of an input', { Filter: { name: nothing } }, 'Filter.name has a resolver, but is not in the schema.'],
    ['an enum value that is not there', { Binding: { ...WHOLE.Binding, LEATHER: 'l' } }, 'Binding.LEATHER has a resolver, but is not in the schema.'],
    ['an enum without one of its values', { Binding: { CLOTH: 'c' } }, 'Binding.PAPER is a value of the schema, but has none in the resolvers.'],
    ['an object for a scalar', { Isbn: { serialize: nothing } }, 'Isbn is a scalar, but its resolver is none.'],
  ])('finds %s', (_, resolvers, fault) => {
    expect(faultsOf({ ...WHOLE, ...resolvers })).toEqual([fault]);
  });

  test('finds an entity that no one finds, by its only key or by one of several', () => {
    const sentence = 'has a key that promises to find it, but _entities does not know how.';
    expect(faultsOf(WHOLE, ['Shelf'])).toEqual([`Book ${sentence}`]);
    expect(faultsOf(WHOLE, ['Book'])).toEqual([`Shelf ${sentence}`]);
  });

  test('does not ask for an entity that is declared not resolvable, nor mind if it is known', () => {
    expect(faultsOf(WHOLE, [...FOUND, 'Publisher'])).toEqual([]);
  });

  test('finds one that is found but is no entity', () => {
    expect(faultsOf(WHOLE, [...FOUND, 'Binding', 'Unicorn'])).toEqual([
      'Binding is found by _entities, but has no key in the schema.',
      'Unicorn is found by _entities, but has no key in the schema.',
    ]);
  });

  test('expects no entity of a schema that has none', () => {
    const plain = buildSchema('type Query { name: String }');
    expect(faultsOf({}, [], plain)).toEqual([]);
    expect(faultsOf({}, ['Book'], plain)).toEqual(['Book is found by _entities, but has no key in the schema.']);
  });

  test('finds an entity by the key of its interface, and by a key that was added later', () => {
    const keyed = buildSubgraphSchema(
      parse(`${SDL.replace('interface Named', 'interface Named @key(fields: "name")').replace('type Book implements Named @key(fields: "id")', 'type Book implements Named')}
        type Poster { id: ID! } extend type Poster @key(fields: "id")`),
    );
    expect(faultsOf({}, ['Shelf'], keyed).map((fault) => fault.split(' ')[0])).toEqual(['Book', 'Poster']);
  });

  test('lists every fault at once', () => {
    const resolvers = { Unicorn: {}, Book: { title: nothing }, Binding: { LEATHER: 'l' }, Isbn: {} };
    expect(faultsOf(resolvers, ['Binding'])).toHaveLength(9);
  });
});

test('The SDL is printed once, however often it is asked for', () => {
  const { resolve } = createSchema(readTypeDefs('schema')).getQueryType()!.getFields()._service!;
  const ask = (): unknown => resolve!(undefined, {}, {}, {} as never);
  expect(ask()).toMatchObject({ sdl: expect.stringContaining('type Contact') });
  expect(ask()).toBe(ask());
});
