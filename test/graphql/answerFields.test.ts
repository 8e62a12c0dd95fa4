import { expect, test } from '@jest/globals';
import { Kind, parse, type FieldNode, type FragmentDefinitionNode, type GraphQLResolveInfo, type OperationDefinitionNode } from 'graphql';
import { AnswerFields } from '../../src/graphql/limits/answerFields.js';
import { introspectionFields } from '../../src/graphql/limits/introspectionFields.js';
import { createSchema, readTypeDefs } from '../../src/graphql/schema.js';

const schema = createSchema(readTypeDefs('schema'));

/** The fixed fields, and those of an item of each list. */
function fieldsOf(text: string): [number, ...(readonly [string, string | undefined, number])[]] {
  const document = parse(text);
  const { fixed, lists } = new AnswerFields(schema).ofOperation(document.definitions[0] as OperationDefinitionNode, document);
  return [fixed, ...lists.map(({ name, argument, fieldsOfItem }) => [name, argument?.kind, fieldsOfItem] as const)];
}

test.each<[text: string, ...ReturnType<typeof fieldsOf>]>([
  ['{ __typename }', 1],
  ['{ contact(id: "pms:1") { id name } }', 3],
  ['{ contact { id address { city country { code } } } }', 6],
  ['{ contact { emailAddresses { address primary } } }', 4],
  ['{ contact { phoneNumbers { number kind } } }', 8],
  ['{ contact { representatives { id name } relationships { type } } }', 3],
  ['{ contacts(ids: ["pms:1"]) { id name } }', 1, ['contacts', 'ListValue', 2]],
  ['query ($i: [ID!]!) { a: contacts(ids: $i) { id } b: contacts(ids: "pms:1") { id name } __typename }', 3, ['contacts', 'Variable', 1], ['contacts', 'StringValue', 2]],
  ['{ contacts { id } }', 1, ['contacts', undefined, 1]],
  ['{ contacts(other: 1) }', 1, ['contacts', undefined, 0]],
  ['{ ... { contact { id } } ... on Query { contacts(ids: []) { id } } }', 3, ['contacts', 'ListValue', 1]],
  ['{ ...F ...F } fragment F on Query { contact { id } contacts(ids: []) { id } }', 6, ['contacts', 'ListValue', 1], ['contacts', 'ListValue', 1]],
  ['{ contact { ...F ...F ... { id } ... on Address { city lines } } } fragment F on Contact { name address { ...G } ...G } fragment G on Address { city }', 8],
  ['{ contact { ...F } }', 1],
  ['{ _entities(representations: []) { __typename ... on Contact { id name } ... on Address { id city lines careOf } ... on Company { id } } }', 1, ['_entities', 'ListValue', 5]],
  ['{ _entities(representations: []) { ...E } } fragment E on _Entity { ... on Contact { id ...D } } fragment D on _Entity { ... on Contact { name } ... on Address { city } }', 1, ['_entities', 'ListValue', 2]],
  ['{ _service { sdl } }', 2],
])('The fields of %s', (text, ...expected) => {
  expect(fieldsOf(text)).toEqual(expected);
});

const TYPES = Object.keys(schema.getTypeMap()).length;
/** Fragments on a type, each of which spreads the next. */
const chain = (length: number, spread: (next: string) => string): string =>
  `${Array.from({ length }, (_, n) => `fragment f${n} on __Type { ${spread(`f${n + 1}`)} }`).join(' ')} fragment f${length} on __Type { name }`;

const MOST = 50_000;

test.each<[text: string, fields: number]>([
  ['{ __schema { __typename queryType { name } mutationType { name } } }', 5],
  ['{ __schema { types { name } } }', 2 + TYPES],
  ['{ __type(name: "Gender") { name enumValues { name } } }', 3 + 3],
  ['{ __type(name: "Country") { fields { name type { name ofType { name ofType { name } } } } } }', 2 + 4 * 4],
  ['{ __type(name: "SalesAccount") { fields { isDeprecated args { name } } } }', 2 + 8 * 2],
  ['{ __type(name: "_Entity") { possibleTypes { name } ... { ... on __Type { name } } } }', 2 + 4 + 3],
  ['{ __type(name: "Nobody") { name } }', 1],
  ['query ($n: String!) { __type(name: $n) { name } }', 1 + TYPES],
  ['{ __type(name: "Gender") { ...F ...Missing } } fragment F on __Type { name kind }', 1 + 2 + 2],
  [`{ __schema { types { ...f0 } } } ${chain(5, (next) => `...${next}`)}`, 2 + 7 * TYPES],
  ['{ a: __schema { ...S } b: __schema { ...S } } fragment S on __Schema { queryType { name } }', 2 * 4],
  [`{ __schema { types { ...f0 } } } ${chain(20, (next) => `...${next} ...${next}`)}`, Infinity],
])('Introspection has as many fields as the schema repeats: %s', (text, fields) => {
  const [operation, ...others] = parse(text).definitions as [OperationDefinitionNode, ...FragmentDefinitionNode[]];
  const fragments = Object.fromEntries(others.map((one) => [one.name.value, one]));
  const roots = operation.selectionSet.selections as readonly FieldNode[];
  const count = roots.reduce((sum, root) => sum + introspectionFields(root, schema, fragments, MOST), 0);
  expect(count > MOST ? Infinity : count).toBe(fields);
});

test('The first 4,000 fields of introspection are free, and each further one counts as 25', () => {
  const perType = (count: number): string => `{ __schema { types { ${Array.from({ length: count }, (_, n) => `a${n}: name`).join(' ')} } } }`;
  const most = Math.floor((4_000 - 2) / TYPES);
  expect([most, most + 1].map((count) => fieldsOf(perType(count)))).toEqual([[1], [1 + 25 * (2 + (most + 1) * TYPES - 4_000)]]);
  expect(fieldsOf(`{ ${['a', 'b'].map((root) => perType(most).slice(1, -1).replace('__schema', `${root}: __schema`)).join(' ')} }`)).toEqual([2 + 25 * (2 * (2 + most * TYPES) - 4_000)]);
});

test('Introspection of an operation is counted to 50,000, whatever roots it is spread over', () => {
  const roots = (count: number): string => `{ ${Array.from({ length: count }, (_, n) => `a${n}: __schema { types { ...f0 } }`).join(' ')} } ${chain(200, (next) => `...${next}`)}`;
  const each = 2 + 202 * TYPES;
  const most = Math.floor(MOST / each);
  expect(most).toBeGreaterThan(1);
  expect(fieldsOf(roots(most))).toEqual([most + 25 * (most * each - 4_000)]);
  expect(fieldsOf(roots(most + 1))).toEqual([Infinity]);
});

test('Fragments that would unfold to a billion fields are counted in the time that their text takes', () => {
  const fragments = Array.from({ length: 30 }, (_, n) => `fragment f${n} on Contact { ...f${n + 1} ...f${n + 1} }`);
  expect(fieldsOf(`{ contact { ...f0 } } ${fragments.join(' ')} fragment f30 on Contact { name }`)).toEqual([1 + 2 ** 30]);
});

test('What was counted once is not counted again', () => {
  const fields = new AnswerFields(schema);
  const document = parse('{ contact { representatives { id name } } }');
  const operation = document.definitions[0] as OperationDefinitionNode;
  expect(fields.ofOperation(operation, document)).toBe(fields.ofOperation(operation, document));
  let looks = 0;
  const { selectionSet, ...node } = operation.selectionSet.selections[0] as FieldNode;
  const fieldNodes = [{ ...node, get selectionSet() {
    looks++;
    return selectionSet;
  } }];
  const info = { fieldNodes, returnType: schema.getType('Contact'), operation, fragments: {} } as unknown as GraphQLResolveInfo;
  expect(fields.ofItem(info)).toBe(1);
  const before = looks;
  expect([fields.ofItem(info), looks]).toEqual([1, before]);
});

test('The fields of an item are those of all its nodes, whatever operation it belongs to', () => {
  const fields = new AnswerFields(schema);
  const document = parse('query A { contact { representatives { ...F } representatives { name } } } query B { contact { representatives { id } } } fragment F on Contact { id address { city } }');
  const fragments = Object.fromEntries(document.definitions.flatMap((one) => (one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one]] : [])));
  const [a, b] = document.definitions as OperationDefinitionNode[];
  const nodesOf = (operation: OperationDefinitionNode): FieldNode[] => (operation.selectionSet.selections[0] as FieldNode).selectionSet!.selections as FieldNode[];
  const returnType = schema.getQueryType()!.getFields().contact!.type;
  const infoOf = (operation: OperationDefinitionNode, fieldNodes: FieldNode[]): GraphQLResolveInfo => ({ fieldNodes, returnType, operation, fragments }) as unknown as GraphQLResolveInfo;
  const [ofA, ofB] = [infoOf(a!, nodesOf(a!)), infoOf(b!, nodesOf(b!))];
  for (let times = 0; times < 2; times++) expect([fields.ofItem(ofA), fields.ofItem(ofB), fields.ofItem(infoOf(b!, []))]).toEqual([4, 1, 0]);
});
