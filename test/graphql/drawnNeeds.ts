import fc from 'fast-check';

/** What an operation wants of contacts. */
export interface ContactWish {
  readonly record: boolean;
  readonly relationships: boolean;
  readonly address: AddressWish;
  readonly representatives: ContactWish | undefined;
  /** Selects what is no reason for a call: guarded fields, and fields that a directive leaves out. */
  readonly decoys: boolean;
  readonly inFragment: boolean;
  /** Whether the last part of the selection comes first. */
  readonly backwards: boolean;
}

export type AddressWish = 'none' | 'id' | 'record';

export type Representation =
  | { readonly __typename: 'Contact' | 'Address' | 'Company'; readonly id: string }
  | { readonly __typename: 'SalesAccount'; readonly id: string; readonly contact: { readonly id: string } };

export type Root =
  | { readonly field: 'contact' | 'contacts'; readonly ids: readonly string[]; readonly contact: ContactWish }
  | { readonly field: '_entities'; readonly representations: readonly Representation[]; readonly contact: ContactWish; readonly address: 'id' | 'record' };

export interface Operation {
  readonly roots: readonly Root[];
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const wish = (depth: number): fc.Arbitrary<ContactWish> =>
  fc.record({
    record: fc.boolean(),
    relationships: fc.boolean(),
    address: fc.constantFrom<AddressWish>('none', 'id', 'record'),
    representatives: depth === 0 ? fc.constant(undefined) : fc.option(wish(depth - 1), { nil: undefined }),
    decoys: fc.boolean(),
    inFragment: fc.boolean(),
    backwards: fc.boolean(),
  });

/** Joint members as `putOddOnes` has them, and as the sandbox has them. */
const joint = fc.oneof(fc.integer({ min: 49_001, max: 49_006 }), fc.integer({ min: 40_001, max: 40_020 }));
const known = fc.oneof({ weight: 2, arbitrary: joint }, { weight: 2, arbitrary: fc.integer({ min: 1_001, max: 1_040 }) }, { weight: 1, arbitrary: fc.integer({ min: 20_001, max: 20_020 }) });
const unknown = fc.oneof(fc.integer({ min: 60, max: 70 }).map(String), fc.integer({ min: 0, max: 20 }).map((n) => String(9_000_000_000_000_000_000n + BigInt(n))));
const malformed = fc.constantFrom('', '54', 'cas360:0', 'cas360:54,55', 'cas360:-1', 'pms:1/2', 'CAS360:54', 'pms:10000000000000000000');

const contactId = fc.oneof(
  { weight: 8, arbitrary: known.map((id) => `cas360:${id}`) },
  { weight: 1, arbitrary: unknown.map((id) => `cas360:${id}`) },
  { weight: 4, arbitrary: fc.oneof(fc.constant(4_711), fc.integer({ min: 5_000, max: 5_005 })).map((id) => `pms:${id}`) },
  { weight: 1, arbitrary: malformed },
);

/** Now and then so many that one call cannot name them all: for their number, or for their length. */
const crowd = fc.oneof(
  { weight: 5, arbitrary: fc.constant<string[]>([]) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(1_001, 40_001), fc.integer({ min: 90, max: 330 })).map(([first, count]) => Array.from({ length: count }, (_, n) => `cas360:${first + n}`)) },
  { weight: 1, arbitrary: fc.integer({ min: 90, max: 210 }).map((count) => Array.from({ length: count }, (_, n) => `cas360:${9_100_000_000_000_000_000n + BigInt(n)}`)) },
);

const contactIds = fc.tuple(fc.array(contactId, { maxLength: 8 }), crowd).map(([few, many]) => [...few, ...many]);

const representation: fc.Arbitrary<Representation> = fc.oneof(
  { weight: 4, arbitrary: contactId.map((id) => ({ __typename: 'Contact' as const, id })) },
  { weight: 3, arbitrary: fc.oneof(fc.integer({ min: 7_001, max: 7_030 }).map((id) => `cas360:${id}`), fc.constantFrom('cas360:15', 'cas360:66', 'pms:4711/51', 'pms:5001/7', 'y')).map((id) => ({ __typename: 'Address' as const, id })) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom('pms:902', 'pms:1', 'x'), contactId).map(([id, holder]) => ({ __typename: 'SalesAccount' as const, id, contact: { id: holder } })) },
  { weight: 1, arbitrary: fc.constant({ __typename: 'Company' as const, id: 'pms:77' }) },
);

const root: fc.Arbitrary<Root> = fc.oneof(
  fc.record({ field: fc.constant('contact' as const), ids: contactId.map((id) => [id]), contact: wish(2) }),
  fc.record({ field: fc.constant('contacts' as const), ids: contactIds, contact: wish(2) }),
  fc.record({ field: fc.constant('_entities' as const), representations: fc.array(representation, { maxLength: 8 }), contact: wish(1), address: fc.constantFrom('id' as const, 'record' as const) }),
);

/** Operations whose least number of calls is not easy to see. */
export const operation: fc.Arbitrary<Operation> = fc.array(root, { minLength: 1, maxLength: 4 }).map((roots) => ({
  roots,
  query: `query Drawn(${roots.map((one, n) => `$v${n}: ${TYPES[one.field]}`).join(', ')}) {\n${roots.map((one, n) => `  r${n}: ${rootText(one, `$v${n}`)}`).join('\n')}\n}`,
  variables: Object.fromEntries(roots.map((one, n) => [`v${n}`, one.field === '_entities' ? one.representations : one.field === 'contact' ? one.ids[0] : one.ids])),
}));

const TYPES = { contact: 'ID!', contacts: '[ID!]!', _entities: '[_Any!]!' };

function rootText(one: Root, variable: string): string {
  const contact = wishText(one.contact);
  if (one.field !== '_entities') return `${one.field}(${one.field === 'contact' ? 'id' : 'ids'}: ${variable}) { ${contact} }`;
  const address = one.address === 'id' ? 'id' : 'id city';
  return `_entities(representations: ${variable}) { ... on Contact { ${contact} } ... on Address { ${address} } ... on SalesAccount { id } }`;
}

function wishText({ record, relationships, address, representatives, decoys, inFragment, backwards }: ContactWish): string {
  const parts = ['id'];
  if (record) parts.push('name: lastName');
  if (relationships) parts.push('relationships { type }');
  if (address !== 'none') parts.push(address === 'id' ? 'address { id }' : 'address { id city }');
  if (representatives) parts.push(`representatives { ${wishText(representatives)} }`);
  if (decoys) parts.push('source dateOfBirth later: relationships @include(if: false) { type } email @skip(if: true)');
  const text = (backwards ? parts.reverse() : parts).join(' ');
  return inFragment ? `... on Contact { ${text} }` : text;
}
