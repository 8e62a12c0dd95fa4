import fc from 'fast-check';

export interface Hostile {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const LEAVES = ['id', 'name', 'email', 'uuid', 'dateOfBirth', 'cognitoId', '__typename', 'identityDocuments { passportNumber taxNumber }', 'nationality { code name }', 'relationships { type company { id } current }', 'address { id }', 'address { lines country { name } }'];
const WAYS_BACK: readonly (readonly [open: string, close: string])[] = [['salesAccount { contact { ', ' } }'], ['representatives { ', ' }'], ['', '']];

const times = (count: number, text: (n: number) => string): string => Array.from({ length: count }, (_, n) => text(n)).join(' ');

const leaves = fc.array(fc.constantFrom(...LEAVES), { minLength: 1, maxLength: 10 }).map((some) => some.join(' '));

/** A chain, each link of which spreads the next one several times: side by side, or each below a field of its own. */
const chain: fc.Arbitrary<{ readonly first: string; readonly fragments: string }> = fc
  .record({ links: fc.oneof({ weight: 2, arbitrary: fc.integer({ min: 0, max: 2 }) }, fc.integer({ min: 3, max: 30 })), spreads: fc.integer({ min: 1, max: 4 }), way: fc.constantFrom(...WAYS_BACK), aliased: fc.boolean(), own: leaves, last: leaves })
  .map(({ links, spreads, way: [open, close], aliased, own, last }) => {
    const next = (n: number, spread: number): string => `${aliased && open ? `a${spread}: ` : ''}${open}...f${n + 1}${close}`;
    const fragments = times(links, (n) => `fragment f${n} on Contact { ${n % 3 === 0 ? own : ''} ${times(spreads, (spread) => next(n, spread))} }`);
    return { first: '...f0', fragments: `${fragments} fragment f${links} on Contact { ${last} }` };
  });

const id = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1_001, max: 1_500 }).map((n) => `cas360:${n}`) },
  { weight: 2, arbitrary: fc.integer({ min: 40_001, max: 40_020 }).map((n) => `cas360:${n}`) },
  { weight: 1, arbitrary: fc.integer({ min: 5_000, max: 5_005 }).map((n) => `pms:${n}`) },
  { weight: 1, arbitrary: fc.constantFrom('x', '', 'cas360:0', 'pms:4711', 'cas360:66', 'pms:66') },
);
const length = fc.constantFrom(0, 1, 10, 100, 500, 1_000, 1_001, 2_000, 2_001);
/** The same few again and again: drawing a thousand takes longer than asking for them. */
const repeated = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.tuple(fc.array(item, { minLength: 1, maxLength: 5 }), length).map(([some, count]) => Array.from({ length: count }, (_, n) => some[n % some.length]!));

const representation = fc.oneof(
  { weight: 4, arbitrary: id.map((of): unknown => ({ __typename: 'Contact', id: of })) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>({ __typename: 'Address', id: 'cas360:15' }, { __typename: 'SalesAccount', id: 'pms:902', contact: { id: 'pms:4711' } }, { __typename: 'Company', id: 'pms:77' }, 7, 'Contact', { id: 'pms:1' }, {}) },
);

const root = fc.oneof(
  fc.constant('contact(id: $id) { SELECTED }'),
  { weight: 3, arbitrary: fc.constant('contacts(ids: $ids) { SELECTED }') },
  { weight: 2, arbitrary: fc.constant('_entities(representations: $all) { ... on Contact { SELECTED } ... on Address { lines city } ... on SalesAccount { contact { SELECTED } } }') },
);
const DECLARED = { id: 'ID!', ids: '[ID!]!', all: '[_Any!]!' };

/** Operations that try to cost more than they say: fragments that multiply, many aliases, long lists, all that is guarded or malformed. */
export const hostile: fc.Arbitrary<Hostile> = fc
  .record({ roots: fc.array(root, { minLength: 1, maxLength: 11 }), chain, own: leaves, aliases: fc.integer({ min: 0, max: 5 }), id, ids: repeated(id), all: repeated(representation), lines: fc.constantFrom(0, 0, 0, 4_000) })
  .map(({ roots, chain: { first, fragments }, own, aliases, lines, ...variables }) => {
    const selected = `${own} ${first} ${times(aliases, (n) => `x${n}: name`)}`;
    const body = roots.map((one, n) => `r${n}: ${one.replaceAll('SELECTED', selected)}`).join(' ');
    const used = Object.entries(DECLARED).filter(([name]) => new RegExp(`\\$${name}\\b`).test(body));
    return { query: `${'\n'.repeat(lines)}query (${used.map(([name, type]) => `$${name}: ${type}`).join(' ')}) { ${body} } ${fragments}`, variables };
  });
