/** One hostile request: what is sent, and how it has to be refused. */
export interface Attack {
  readonly what: string;
  /** Header lines beyond the usual ones. */
  readonly headers?: readonly string[];
  readonly body: string;
  /** Sent in pieces without a length. */
  readonly chunked?: boolean;
  /** Only the beginning is sent: the length that is announced has to be enough. */
  readonly cut?: boolean;
  readonly status: number;
  readonly code: string;
}

const times = (count: number, text: (n: number) => string): string => Array.from({ length: count }, (_, n) => text(n)).join(' ');
const nest = (levels: number, open: string, inner: string, close: string): string => open.repeat(levels) + inner + close.repeat(levels);
const query = (text: string, variables?: unknown): string => JSON.stringify({ query: text, variables });
const contact = (selection: string): string => query(`{ contact(id: "cas360:54") { ${selection} } }`);
/** A body whose variables are given as text: the deepest ones cannot be written by JSON.stringify. */
const withVariables = (variables: string): string => `{"query":${JSON.stringify(ENTITIES)},"variables":${variables}}`;
const LETTERS = Array.from('abcdefghij');
const LISTS = `query (${LETTERS.map((name) => `$${name}: [ID!]!`).join()}) { ${LETTERS.map((name) => `${name}: contacts(ids: $${name}) { id }`).join(' ')} }`;
const ENTITIES = 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }';

const invalid = { status: 400, code: 'GRAPHQL_VALIDATION_FAILED' };
const beyond = { status: 400, code: 'LIMIT_EXCEEDED' };
const unparsed = { status: 400, code: 'GRAPHQL_PARSE_FAILED' };
const badRequest = { status: 400, code: 'BAD_REQUEST' };
const badInput = { status: 400, code: 'BAD_USER_INPUT' };
const tooLarge = { status: 413, code: 'LIMIT_EXCEEDED' };

export const ATTACKS: readonly Attack[] = [
  { what: '100,000 lines', body: query(`{${'\\n'.repeat(90_000)}}`), ...beyond },
  { what: '120,000 keys in the variables', body: `{"query":"{ __typename }","variables":{${Array.from({ length: 120_000 }, (_, n) => `"${n.toString(36)}":1`).join()}}}`, ...beyond },
  { what: '10,000 aliases', body: contact(times(10_000, (n) => `a${n}: id`)), ...beyond },
  { what: '600 aliases', body: contact(times(600, (n) => `a${n}: id`)), ...beyond },
  { what: '600 aliases of a root field', body: query(`{ ${times(600, (n) => `a${n}: __typename`)} }`), ...beyond },
  { what: '20,000 directives', body: contact(`id ${'@aa'.repeat(20_000)}`), ...beyond },
  { what: '950 directives', body: contact(`id ${'@aa'.repeat(950)}`), ...beyond },
  { what: 'fragments 150 deep', body: query(`{ contact(id: "cas360:54") { ...f0 } } ${times(150, (n) => `fragment f${n} on Contact { representatives { ...f${n + 1} } }`)} fragment f150 on Contact { id }`), ...beyond },
  { what: 'circular fragments', body: query('{ contact(id: "cas360:54") { ...a } } fragment a on Contact { representatives { ...b } } fragment b on Contact { representatives { ...a } }'), ...invalid },
  { what: 'a circle of 150 fragments', body: query(`{ contact(id: "cas360:54") { ...f0 } } ${times(150, (n) => `fragment f${n} on Contact { ...f${(n + 1) % 150} }`)}`), ...invalid },
  { what: 'fragments that unfold to a billion fields', body: query(`{ contact(id: "cas360:54") { ...f0 } } ${times(30, (n) => `fragment f${n} on Contact { representatives { ...f${n + 1} ...f${n + 1} } }`)} fragment f30 on Contact { id }`), ...beyond },
  { what: 'inline fragments 20,000 deep (365 kB)', body: contact(nest(20_000, '... on Contact { ', 'id', '}')), ...beyond },
  { what: 'a query 5,000 deep', body: query(nest(5_000, '{ a ', '{ a }', '}')), ...beyond },
  { what: 'a query 600 deep', body: contact(nest(600, 'representatives { ', 'id', '}')), ...beyond },
  { what: 'a list 5,000 deep in the query', body: query(`{ contacts(ids: ${nest(5_000, '[', '', ']')}) { id } }`), ...unparsed },
  { what: 'a list 5,000 deep in the variables', body: withVariables(`{"r":${nest(5_000, '[', '', ']')}}`), ...beyond },
  { what: 'an object 5,000 deep in the variables', body: withVariables(`{"r":[${nest(5_000, '{"a":', '1', '}')}]}`), ...beyond },
  { what: 'a list 400,000 deep in the variables', body: withVariables(`{"r":${nest(400_000, '[', '', ']')}}`), ...beyond },
  { what: '300,000 objects in the variables', body: withVariables(`{"r":[${'{},'.repeat(300_000)}1]}`), ...beyond },
  { what: '20,000 representations', body: query(ENTITIES, { r: Array.from({ length: 20_000 }, (_, n) => ({ __typename: 'Contact', id: `cas360:${n + 1}` })) }), ...beyond },
  { what: 'a long text among 2,000 nulls', body: query('query ($ids: [ID!]!) { contacts(ids: $ids) { id } }', { ids: ['x'.repeat(1_000_000), ...Array(2_000).fill(null)] }), ...badInput },
  { what: 'an object of many keys among 1,999 nulls', body: query(ENTITIES, { r: [Object.fromEntries(Array.from({ length: 16_000 }, (_, n) => [n.toString(36), 1])), ...Array(1_999).fill(null)] }), ...badInput },
  ...[1.5, true, {}, []].map((item) => ({ what: `ten lists of 1,600 items, each ${JSON.stringify(item)}`, body: query(LISTS, Object.fromEntries(LETTERS.map((name) => [name, Array(1_600).fill(item)]))), ...badInput })),
  { what: 'a list of 2,000 numbers with a fraction for a variable with a name of 49 kB', body: query(`query ($${'a'.repeat(49_000)}: [ID!]!) { contacts(ids: $${'a'.repeat(49_000)}) { id } }`, { ['a'.repeat(49_000)]: Array(2_000).fill(1.5) }), ...badInput },
  { what: 'null for 50 conditions below 1,000 contacts, after 4,900 lines', body: query(`${'\n'.repeat(4_900)}query ($v: Boolean = true, $ids: [ID!]!) { contacts(ids: $ids) { ${times(50, (n) => `n${n}: nationality { code @skip(if: $v) }`)} } }`, { v: null, ids: Array(1_000).fill('pms:4711') }), ...badInput },
  { what: 'a variable of a type nested 980 times, with 10,000 items', body: query(`query ($a: ${nest(980, '[', 'ID', ']')}) { _entities(representations: [{ __typename: "Company", x: $a }]) { __typename } }`, { a: [Array(10_000).fill(1)] }), ...invalid },
  { what: 'a text that an error quotes, with 7,680 times the words of a suggestion', body: query(`{ __typename @include(if: "${' Did you mean'.repeat(7_680)}") }`), ...invalid },
  { what: 'the same with characters that the error escapes', body: query(`{ __typename @include(if: "${' Did you mean'.repeat(4_000)}${'\u0080'.repeat(47_900)}") }`), ...invalid },
  { what: 'a fragment with 995 fields, 497 times', body: query(`{ ${'...A '.repeat(497)} } fragment A on Query { ${times(995, (n) => `f${n}`)} }`), ...beyond },
  { what: '50 times _entities', body: query(`query ($r: [_Any!]!) { ${times(50, (n) => `a${n}: _entities(representations: $r) { __typename }`)} }`, { r: [] }), ...beyond },
  { what: '10,000 fields over', body: contact('name '.repeat(10_000)), ...beyond },
  { what: '1,950 times the same field', body: contact('sourceId '.repeat(1_950)), ...beyond },
  { what: '900 fields that do not exist', body: contact(times(900, (n) => `field${n}`)), ...invalid },
  { what: '390 operations', body: query(times(390, (n) => `query Q${n} { __typename }`)), ...badRequest },
  { what: 'a batch of 1,000', body: `[${Array(1_000).fill(query('{ __typename }')).join(',')}]`, ...badRequest },
  { what: 'a name of 900 kB', body: query(`{ ${'a'.repeat(900_000)} }`), ...beyond },
  { what: 'a name of 90 kB', body: query(`{ ${'a'.repeat(90_000)} }`), ...invalid },
  { what: 'a text of 900 kB that does not end', body: query(`{ contact(id: "${'a'.repeat(900_000)}`), ...beyond },
  { what: 'a body of 3 MB, by its length', body: `{"query":"${'x'.repeat(3_000_000)}"}`, cut: true, ...tooLarge },
  { what: 'a body of 3 MB in pieces', body: `{"query":"${'x'.repeat(3_000_000)}"}`, chunked: true, ...tooLarge },
  { what: 'zeros, called gzip', headers: ['content-encoding: gzip'], body: '\0'.repeat(100_000), ...badRequest },
];

/** The bytes of an attack, on a connection that ends with it. */
export function bytesOf({ headers = [], body, chunked = false, cut = false }: Attack): Buffer {
  const length = chunked ? 'transfer-encoding: chunked' : `content-length: ${Buffer.byteLength(body)}`;
  const lines = ['POST /graphql HTTP/1.1', 'host: 127.0.0.1', 'content-type: application/json', length, 'connection: close', ...headers];
  const pieces = chunked ? (body.match(/.{1,65536}/gs) ?? []).map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('') : body.slice(0, cut ? 1_000 : Infinity);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${pieces}${chunked ? '0\r\n\r\n' : ''}`);
}
