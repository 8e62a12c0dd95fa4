import { buildSubgraphSchema } from '@apollo/subgraph';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { graphql, Kind, parse, print, stripIgnoredCharacters } from 'graphql';
import { readTypeDefs } from '../../src/graphql/schema.js';
import { startTestApp, type TestApp } from '../support/testApp.js';
import { COMPOSERS } from '../supergraph/composers.js';

// What Apollo's suite for subgraph libraries asks of a subgraph: of ours where the schema has it, else of a small one
// that is built in the same way, so that an update of the library which loses something does not pass unseen.

describe('our subgraph', () => {
  let app: TestApp;
  let sdl: string;

  beforeAll(async () => {
    app = await startTestApp();
    sdl = (await app.query('{ _service { sdl } }')).data._service.sdl;
  });
  afterAll(() => app.stop());

  const entity = async (representation: object, fields: string) => {
    const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on ${fields} } }`;
    const { data, errors } = await app.query(query, { representations: [representation] });
    expect(errors).toBeUndefined();
    return data._entities[0];
  };

  test('serves in its SDL every definition of the source, as it stands there', () => {
    const served = new Set(parse(sdl).definitions.map(print));
    const written = parse(readTypeDefs('schema')).definitions.filter(({ kind }) => kind !== Kind.SCHEMA_EXTENSION);
    expect(written.length).toBeGreaterThan(25);
    expect(written.map(print).filter((definition) => !served.has(definition))).toEqual([]);
  });

  test('links federation once, with a version and imports that exist', () => {
    const links = [...stripIgnoredCharacters(sdl).matchAll(/@link\(url:"https:\/\/specs\.apollo\.dev\/federation\/v([\d.]+)" import:\[(.*?)\]\)/g)];
    expect(links.map(([, version]) => version)).toEqual(['2.9']);
    for (const directive of links[0]![2]!.match(/@\w+/g)!) expect(sdl).toMatch(new RegExp(`directive ${directive}\\(`));
  });

  test('finds an entity by a key of one field', async () => {
    expect(sdl).toMatch(/type Contact @key\(fields: "id"\)/);
    expect(await entity({ __typename: 'Contact', id: 'cas360:54' }, 'Contact { id name }')).toEqual({ id: 'cas360:54', name: 'Fancy Southern Africa Cat Council' });
  });

  test('finds an entity by a key with an object in it, one of two keys', async () => {
    expect(sdl).toMatch(/type SalesAccount @key\(fields: "id", resolvable: false\) @key\(fields: "id contact \{ id \}"\)/);
    expect(await entity({ __typename: 'SalesAccount', id: 'pms:902', contact: { id: 'pms:4711' } }, 'SalesAccount { id contact { id } }')).toEqual({
      id: 'pms:902',
      contact: { id: 'pms:4711' },
    });
  });
});

describe('a subgraph that is built as ours is', () => {
  const SDL = `
    extend schema
      @link(
        url: "https://specs.apollo.dev/federation/v2.9"
        import: ["@composeDirective", "@external", "@inaccessible", "@interfaceObject", "@key", "@override", "@provides", "@requires", "@shareable", "@tag"]
      )
      @link(url: "https://directives.example.test/retention/v1.0", import: ["@retention"])
      @composeDirective(name: "@retention")
    directive @retention(days: Int!) on OBJECT
    type Query { room(id: ID!): Room }
    type Room @retention(days: 30) @key(fields: "id") @key(fields: "house number") {
      id: ID!
      house: String
      number: Int
      size: Size
      keeper: Keeper @provides(fields: "roomCount")
      remark: String @tag(name: "internal")
    }
    type Size @shareable { squareMetres: Int unit: String @inaccessible }
    type Keeper @key(fields: "email") {
      email: ID!
      name: String @override(from: "staff")
      roomCount: Int @external
      years: Int @external
      roomsAYear: Float @requires(fields: "roomCount years")
    }
    type Place @key(fields: "id") @interfaceObject { id: ID! rooms: [Room!] }
  `;
  const ROOM = { id: 'r1', house: 'North', number: 7, size: { squareMetres: 20, unit: 'm2' }, keeper: { email: 'kay@example.test', roomCount: 9 } };
  const schema = buildSubgraphSchema([
    {
      typeDefs: parse(SDL),
      resolvers: {
        Query: { room: (_query: unknown, { id }: { id: string }) => (id === ROOM.id ? ROOM : null) },
        Room: { __resolveReference: async ({ id, house, number }: Partial<typeof ROOM>) => (id === ROOM.id || (house === ROOM.house && number === ROOM.number) ? ROOM : null) },
        Keeper: {
          __resolveReference: async (keeper: object) => keeper,
          name: () => 'Kay',
          roomsAYear: ({ roomCount, years }: { roomCount: number; years: number }) => roomCount / years,
        },
        Place: { __resolveReference: async ({ id }: { id: string }) => ({ id, rooms: [ROOM] }) },
      },
    },
  ]);
  const ask = async (source: string, variableValues?: Record<string, unknown>) => {
    const { data, errors } = await graphql({ schema, source, variableValues });
    expect(errors).toBeUndefined();
    return JSON.parse(JSON.stringify(data));
  };
  const entities = async (representations: object[], fields: string) =>
    (await ask(`query ($representations: [_Any!]!) { _entities(representations: $representations) { ${fields} } }`, { representations }))._entities;

  test.each([
    ['@key, several', /type Room.*@key\(fields:"id"\)@key\(fields:"house number"\)/],
    ['@requires', /roomsAYear:Float@requires\(fields:"roomCount years"\)/],
    ['@external', /roomCount:Int@external/],
    ['@provides', /keeper:Keeper@provides\(fields:"roomCount"\)/],
    ['@shareable', /type Size@shareable/],
    ['@inaccessible', /unit:String@inaccessible/],
    ['@override', /name:String@override\(from:"staff"\)/],
    ['@tag', /remark:String@tag\(name:"internal"\)/],
    ['@composeDirective', /extend schema.*@composeDirective\(name:"@retention"\)/],
    ['a directive of its own', /directive@retention\(days:Int!\)on OBJECT.*type Room@retention\(days:30\)/],
    ['@interfaceObject', /type Place@key\(fields:"id"\)@interfaceObject/],
  ])('serves %s in its SDL', async (_, applied) => {
    const { _service } = await ask('{ _service { sdl } }');
    expect(stripIgnoredCharacters(_service.sdl)).toMatch(applied);
  });

  test('finds an entity by each of its keys', async () => {
    const representations = [{ id: 'r1' }, { house: 'North', number: 7 }].map((key) => ({ __typename: 'Room', ...key }));
    expect(await entities(representations, '... on Room { id number }')).toEqual([{ id: 'r1', number: 7 }, { id: 'r1', number: 7 }]);
  });

  test('computes with what @requires had fetched', async () => {
    const representations = [{ __typename: 'Keeper', email: 'kay@example.test', roomCount: 9, years: 3 }];
    expect(await entities(representations, '... on Keeper { roomsAYear name }')).toEqual([{ roomsAYear: 3, name: 'Kay' }]);
  });

  test('answers what it @provides, what is @shareable and what is @inaccessible', async () => {
    expect(await ask('{ room(id: "r1") { keeper { email roomCount } size { squareMetres unit } } }')).toEqual({
      room: { keeper: { email: 'kay@example.test', roomCount: 9 }, size: { squareMetres: 20, unit: 'm2' } },
    });
  });

  test('adds to an interface of another by @interfaceObject', async () => {
    expect(await entities([{ __typename: 'Place', id: 'p1' }], '... on Place { id rooms { number } }')).toEqual([{ id: 'p1', rooms: [{ number: 7 }] }]);
  });

  test('composes with those that it takes fields from', async () => {
    const { _service } = await ask('{ _service { sdl } }');
    const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])';
    const { errors } = COMPOSERS.Apollo({
      rooms: _service.sdl,
      staff: `${link} type Keeper @key(fields: "email") { email: ID! name: String roomCount: Int @shareable years: Int } type Size @shareable { squareMetres: Int }`,
      places: `${link} interface Place @key(fields: "id") { id: ID! } type Street implements Place @key(fields: "id") { id: ID! }`,
    });
    expect(errors).toBeUndefined();
  });
});
