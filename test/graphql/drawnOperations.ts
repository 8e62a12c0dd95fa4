import fc from 'fast-check';
import { getNamedType, isObjectType, type GraphQLField, type GraphQLObjectType } from 'graphql';
import { schema } from '../support/testApp.js';

export interface Operation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

const DEEPEST = 4;
const BOOLEANS = ['yes', 'no', 'maybe', 'perhaps'] as const;
/** Names that mean something to JavaScript, as aliases of the first fields of a type. */
const ODD_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', '__defineGetter__', 'prototype', 'valueOf', 'length', 'null', 'address_id', 'id_idx0'];

const type = (name: string): GraphQLObjectType => schema.getType(name) as GraphQLObjectType;

const directive: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  fc.tuple(fc.constantFrom('@skip', '@include'), fc.constantFrom('true', 'false', ...BOOLEANS.map((name) => `$${name}`))).map(([name, value]) => ` ${name}(if: ${value})`),
);

const argumentsOf = ({ args }: GraphQLField<unknown, unknown>): fc.Arbitrary<string> =>
  args.some(({ name }) => name === 'current') ? fc.constantFrom('', '(current: true)', '(current: false)', '(current: null)', '(current: $yes)', '(current: $maybe)') : fc.constant('');

/** An alias is made of its field and its arguments, so that two selections of one name never conflict. */
function field(parent: GraphQLObjectType, depth: number): fc.Arbitrary<string> {
  const fields = Object.values(parent.getFields()).filter(({ type: below }) => depth < DEEPEST || !isObjectType(getNamedType(below)));
  return fc.constantFrom(...fields).chain((one) => {
    const below = getNamedType(one.type);
    const inner = isObjectType(below) ? selections(below, depth + 1).map((selected) => ` { ${selected} }`) : fc.constant('');
    const odd = ODD_NAMES[Object.keys(parent.getFields()).indexOf(one.name)];
    const drawn = fc.tuple(fc.constantFrom('none', 'none', 'plain', 'odd'), argumentsOf(one), directive, inner).map(([aliased, given, when, selected]) => {
      const plain = aliased !== 'none' || given ? `${one.name}With${given.replace(/\W/g, '')}: ` : '';
      const alias = aliased === 'odd' && odd && !given ? `${odd}: ` : plain;
      return `${alias}${one.name}${given}${when}${selected}`;
    });
    // Now and then twice, to be merged.
    return fc.oneof({ weight: 5, arbitrary: drawn }, { weight: 1, arbitrary: fc.tuple(drawn, drawn).map((both) => both.join(' ')) });
  });
}

function selections(parent: GraphQLObjectType, depth: number): fc.Arbitrary<string> {
  const typename = fc.constantFrom('__typename', 'kind: __typename');
  const inFragment = fc.tuple(fc.constantFrom('', ` on ${parent.name}`), directive);
  const selection = fc.oneof(
    { weight: 8, arbitrary: field(parent, depth) },
    { weight: 1, arbitrary: typename },
    { weight: 1, arbitrary: fc.tuple(inFragment, fc.array(field(parent, depth), { minLength: 1, maxLength: 3 })).map(([[on, when], inner]) => `...${on}${when} { ${inner.join(' ')} }`) },
    // Defined once for each type, and spread wherever the drawing likes.
    { weight: depth < DEEPEST ? 1 : 0, arbitrary: directive.map((when) => `...${parent.name}Parts${when}`) },
  );
  return fc.array(selection, { minLength: 1, maxLength: 5 }).map((all) => all.join(' '));
}

const id = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('pms:4711', 'pms:5001', 'cas360:54', 'cas360:555742', 'cas360:1001', 'cas360:20001', 'cas360:40001') },
  { weight: 2, arbitrary: fc.constantFrom('pms:66', 'cas360:66', 'pms:1', 'cas360:2', 'cas360:0', 'nobody', '') },
);
const accountId = fc.constantFrom('pms:902', 'pms:1', 'x');
const addressId = fc.constantFrom('cas360:15', 'cas360:7001', 'cas360:66', 'pms:4711/51', 'pms:4711/1', 'pms:66/1', 'y');

const representation: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: id.map((of) => ({ __typename: 'Contact', id: of })) },
  { weight: 2, arbitrary: addressId.map((of) => ({ __typename: 'Address', id: of })) },
  { weight: 2, arbitrary: fc.tuple(accountId, id).map(([of, contact]) => ({ __typename: 'SalesAccount', id: of, contact: { id: contact } })) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>({ __typename: 'Company', id: 'pms:77' }, { __typename: 'Nothing' }, { id: 'pms:1' }, 'Contact', null, 7, []) },
);

const root: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(id, selections(type('Contact'), 1), directive).map(([of, selected, when]) => `contact(id: ${JSON.stringify(of)})${when} { ${selected} }`),
  selections(type('Contact'), 1).map((selected) => `contact(id: $id) { ${selected} }`),
  fc.tuple(selections(type('Contact'), 1), directive).map(([selected, when]) => `contacts(ids: $ids)${when} { ${selected} }`),
  fc.tuple(selections(type('Contact'), 1), selections(type('Address'), 2), selections(type('SalesAccount'), 2), directive).map(
    ([contact, address, account, when]) => `_entities(representations: $all)${when} { __typename ... on Contact { ${contact} } ...on Address { ${address} } ... on SalesAccount { ${account} } }`,
  ),
  // Variables in literals.
  fc.tuple(id, selections(type('Contact'), 1)).map(([of, selected]) => `contacts(ids: [$id, ${JSON.stringify(of)}, $id]) { ${selected} }`),
  fc.tuple(accountId, selections(type('Contact'), 2), selections(type('SalesAccount'), 2)).map(
    ([of, contact, account]) =>
      `_entities(representations: [{ __typename: "Contact", id: $id }, $one, { __typename: "SalesAccount", id: ${JSON.stringify(of)}, contact: { id: $id, x: [$one] } }]) { ... on Contact { ${contact} } ... on SalesAccount { ${account} } }`,
  ),
  fc.constantFrom('__typename', '_service { sdl }'),
);

const variables = fc.record({
  id: fc.oneof({ weight: 12, arbitrary: id }, fc.constantFrom<unknown>(null, 7, 7.5, true, {}, ['pms:1'])),
  ids: fc.oneof({ weight: 12, arbitrary: fc.array(id, { maxLength: 6 }) }, fc.constantFrom<unknown>(null, 'pms:1', [null], [{}])),
  all: fc.oneof({ weight: 12, arbitrary: fc.array(representation, { maxLength: 8 }) }, fc.constantFrom<unknown>(null, [null])),
  yes: fc.oneof({ weight: 12, arbitrary: fc.boolean() }, fc.constantFrom<unknown>('true', 1, null)),
  no: fc.boolean(),
  maybe: fc.option(fc.boolean()),
  perhaps: fc.oneof({ weight: 12, arbitrary: fc.boolean() }, fc.constant(null)),
  one: fc.oneof({ weight: 12, arbitrary: representation }, fc.constant(null)),
}, { requiredKeys: ['yes', 'no'] });

const OBJECTS = Object.values(schema.getTypeMap()).filter((one): one is GraphQLObjectType => isObjectType(one) && !/^_|^Query$/.test(one.name));

/** One named fragment for each type, with fields and nothing below them. */
const fragments = fc.tuple(
  ...OBJECTS.map((one) => fc.array(field(one, DEEPEST), { minLength: 1, maxLength: 4 }).map((fields) => `fragment ${one.name}Parts on ${one.name} { ${fields.join(' ')} }`)),
);

const DECLARED = { id: 'ID = "cas360:54"', ids: '[ID!] = ["pms:4711"]', all: '[_Any!] = []', yes: 'Boolean!', no: 'Boolean!', maybe: 'Boolean = true', perhaps: 'Boolean! = false', one: '_Any = 7' };

/** Operations of every kind that our schema allows, with wrong variables now and then. Some of them are refused: both executors must refuse alike. */
export const operations: fc.Arbitrary<Operation> = fc
  .tuple(fc.array(root, { minLength: 1, maxLength: 3 }), fragments, variables)
  .map(([fields, parts, values]) => {
    const body = fields.map((one, n) => `root${n}: ${one}`).join('\n  ');
    const spread = parts.filter((part) => new RegExp(`\\.\\.\\.${part.split(' ')[1]}\\b`).test(body));
    const text = [`{\n  ${body}\n}`, ...spread].join('\n');
    const used = Object.entries(DECLARED).filter(([name]) => new RegExp(`\\$${name}\\b`).test(text));
    const head = used.length === 0 ? '' : `(${used.map(([name, declared]) => `$${name}: ${declared}`).join(', ')})`;
    return { query: `query Drawn${head} ${text}`, variables: values };
  });
