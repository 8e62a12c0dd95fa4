/** One or two other subgraphs, as small as shows one way to live beside ours. */
export interface Neighbours {
  readonly shape: string;
  /** Their SDL by their names. */
  readonly subgraphs: Readonly<Record<string, string>>;
  /** What clients can ask for across the border. */
  readonly query: string;
}

const link = (version: string, ...imports: string[]): string =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v${version}", import: ${JSON.stringify(['@key', ...imports])})`;

const CONTACT_STUB = 'type Contact @key(fields: "id", resolvable: false) { id: ID! }';

export const NEIGHBOURS: readonly Neighbours[] = [
  {
    shape: 'refers to contacts by a stub',
    subgraphs: {
      bookings: `${link('2.9')}
        type Query { bookings: [Booking!] }
        type Booking @key(fields: "id") { id: ID! booker: Contact guests: [Contact!] }
        ${CONTACT_STUB}`,
    },
    query: '{ bookings { booker { name phone } guests { address { city } } } }',
  },
  {
    shape: 'gives contacts a field',
    subgraphs: {
      loyalty: `${link('2.9')}
        type Contact @key(fields: "id") { id: ID! points: Int }`,
    },
    query: '{ contacts(ids: ["pms:1"]) { name points representatives { points } } }',
  },
  {
    shape: 'needs fields of a contact for its own (@external, @requires)',
    subgraphs: {
      letters: `${link('2.9', '@external', '@requires')}
        type Contact @key(fields: "id") {
          id: ID!
          name: String @external
          address: Address @external
          letterhead: String @requires(fields: "name address { city country { code } }")
        }
        type Address @key(fields: "id", resolvable: false) { id: ID! city: String @external country: Country @external }
        type Country { code: String @external }`,
    },
    query: '{ contact(id: "pms:1") { letterhead } }',
  },
  {
    shape: 'has on one path what another gives contacts (@provides)',
    subgraphs: {
      loyalty: `${link('2.9', '@shareable')}
        type Contact @key(fields: "id") { id: ID! points: Int @shareable }`,
      arrivals: `${link('2.9', '@external', '@provides')}
        type Query { arrivals: [Arrival!] }
        type Arrival { guest: Contact @provides(fields: "points") }
        type Contact @key(fields: "id") { id: ID! points: Int @external }`,
    },
    query: '{ arrivals { guest { name points } } contact(id: "pms:1") { points } }',
  },
  {
    shape: 'shares a type with a third (@shareable)',
    subgraphs: {
      quotes: `${link('2.9', '@shareable')}
        type Query { quotes: [Quote!] }
        type Quote { recipient: Contact price: Money }
        type Money @shareable { cents: Int currency: String }
        ${CONTACT_STUB}`,
      deposits: `${link('2.9', '@shareable')}
        type Contact @key(fields: "id") { id: ID! deposit: Money }
        type Money @shareable { cents: Int currency: String }`,
    },
    query: '{ quotes { price { cents } recipient { name deposit { cents } } } }',
  },
  {
    shape: 'refers to sales accounts by their id and their contact',
    subgraphs: {
      invoices: `${link('2.9')}
        type Query { invoices: [Invoice!] }
        type Invoice { number: String account: SalesAccount }
        type SalesAccount @key(fields: "id contact { id }", resolvable: false) { id: ID! contact: Contact! }
        ${CONTACT_STUB}`,
    },
    query: '{ invoices { number account { accountCode exportStatus contact { name } } } }',
  },
  {
    shape: 'gives sales accounts a field, found by their id alone',
    subgraphs: {
      ledger: `${link('2.9')}
        type SalesAccount @key(fields: "id") { id: ID! balance: Int }`,
    },
    query: '{ contact(id: "pms:1") { salesAccount { accountCode balance } } }',
  },
  {
    shape: 'owns companies',
    subgraphs: {
      companies: `${link('2.9')}
        type Query { company(id: ID!): Company }
        type Company @key(fields: "id") { id: ID! name: String directors: [Contact!] }
        ${CONTACT_STUB}`,
    },
    query: '{ contact(id: "cas360:1") { relationships { company { name directors { name } } } } company(id: "pms:7") { directors { email } } }',
  },
  {
    shape: 'refers to addresses',
    subgraphs: {
      deliveries: `${link('2.9')}
        type Query { deliveries: [Delivery!] }
        type Delivery { to: Address }
        type Address @key(fields: "id", resolvable: false) { id: ID! }`,
    },
    query: '{ deliveries { to { lines country { name } } } }',
  },
  {
    shape: 'has contacts in a union and behind an interface',
    subgraphs: {
      search: `${link('2.9')}
        type Query { search(text: String!): [Found!] actors: [Actor!] }
        union Found = Contact | Room
        interface Actor { id: ID! }
        type Contact implements Actor @key(fields: "id") { id: ID! lastSeen: String }
        type Room { number: String }`,
    },
    query: '{ search(text: "a") { ... on Contact { name } ... on Room { number } } actors { id ... on Contact { email lastSeen } } }',
  },
  {
    shape: 'hides one of its fields and tags another (@inaccessible, @tag)',
    subgraphs: {
      risk: `${link('2.9', '@inaccessible', '@tag')}
        type Contact @key(fields: "id") { id: ID! score: Int @inaccessible segment: String @tag(name: "internal") }`,
    },
    query: '{ contact(id: "pms:1") { name segment } }',
  },
  {
    shape: 'takes over a field of ours (@override)',
    subgraphs: {
      chats: `${link('2.9', '@override')}
        type Contact @key(fields: "id") { id: ID! skype: String @override(from: "contacts") }`,
    },
    query: '{ contact(id: "pms:1") { name skype } }',
  },
  {
    shape: 'brings a directive of its own (@composeDirective)',
    subgraphs: {
      calls: `${link('2.9', '@composeDirective')}
        extend schema
          @link(url: "https://directives.example.test/retention/v1.0", import: ["@retention"])
          @composeDirective(name: "@retention")
        directive @retention(days: Int!) on FIELD_DEFINITION
        type Contact @key(fields: "id") { id: ID! lastCall: String @retention(days: 30) }`,
    },
    query: '{ contact(id: "pms:1") { name lastCall } }',
  },
  {
    shape: 'gives fields to whatever an interface holds (@interfaceObject)',
    subgraphs: {
      parties: `${link('2.9')}
        type Query { parties: [Party!] }
        interface Party @key(fields: "id") { id: ID! }
        type Contact implements Party @key(fields: "id") { id: ID! }`,
      notes: `${link('2.9', '@interfaceObject')}
        type Party @key(fields: "id") @interfaceObject { id: ID! noteCount: Int }`,
    },
    query: '{ contact(id: "pms:1") { name noteCount } parties { noteCount ... on Contact { phone } } }',
  },
  {
    shape: 'links federation 2.3',
    subgraphs: {
      visits: `${link('2.3')}
        type Query { visits: [Visit!] }
        type Visit { by: Contact }
        type Contact @key(fields: "id") { id: ID! visitCount: Int }`,
    },
    query: '{ visits { by { name visitCount } } }',
  },
  {
    shape: 'is written for federation 1',
    subgraphs: {
      parcels: `
        type Query { parcels: [Parcel!] }
        type Parcel @key(fields: "id") { id: ID! to: Contact }
        extend type Contact @key(fields: "id") { id: ID! @external parcelCount: Int }`,
    },
    query: '{ parcels { to { name parcelCount } } contact(id: "pms:1") { parcelCount } }',
  },
];

/** A neighbour whose field needs a guarded one of ours, with a guard of its own or without. */
export const adults = (guard: string): string => `${link('2.12', '@external', '@requires', '@requiresScopes')}
  type Contact @key(fields: "id") { id: ID! dateOfBirth: Date @external isAdult: Boolean @requires(fields: "dateOfBirth") ${guard} }
  scalar Date`;

/** A shape that composers refuse: the docs quote what each that does so says of every fault. */
export interface Refused {
  readonly shape: string;
  readonly name: string;
  readonly sdl: string;
  readonly says: Readonly<Record<string, string>>;
}

export const REFUSED: readonly Refused[] = [
  {
    shape: 'a sales account without its contact',
    name: 'invoices',
    sdl: `${link('2.9')}
      type Query { invoices: [Invoice!] }
      type Invoice { number: String account: SalesAccount }
      type SalesAccount @key(fields: "id", resolvable: false) { id: ID! }`,
    says: {
      Apollo: 'cannot move to subgraph "contacts" using @key(fields: "id contact { id }") of "SalesAccount", the key field(s) cannot be resolved from subgraph "invoices".',
      Hive: 'cannot move to subgraph "contacts" using @key(fields: "id contact { id }") of "SalesAccount", the key field(s) cannot be resolved from subgraph "invoices".',
      Cosmo: 'The entity ancestor "SalesAccount" in subgraph "invoices" does not satisfy the key field set "contact { id } id" to access subgraph "contacts".',
    },
  },
  {
    shape: 'a field of ours, answered by another as well',
    name: 'sites',
    sdl: `${link('2.9')}
      type Query { sites: [Site!] }
      type Site { country: Country }
      type Country { code: String }`,
    says: {
      Apollo: 'Non-shareable field "Country.code" is resolved from multiple subgraphs: it is resolved from subgraphs "contacts" and "sites" and defined as non-shareable in all of them',
      Hive: 'Non-shareable field "Country.code" is resolved from multiple subgraphs: it is resolved from subgraphs "contacts" and "sites" and defined as non-shareable in all of them',
      Cosmo: 'The Object "Country" defines the same fields in multiple subgraphs without the "@shareable" directive:',
    },
  },
  {
    shape: 'a field of ours, provided on one path',
    name: 'arrivals',
    sdl: `${link('2.9', '@external', '@provides')}
      type Query { arrivals: [Arrival!] }
      type Arrival { guest: Contact @provides(fields: "name") }
      type Contact @key(fields: "id") { id: ID! name: String @external }`,
    says: {
      Apollo: 'Non-shareable field "Contact.name" is resolved from multiple subgraphs: it is resolved from subgraphs "arrivals" and "contacts" and defined as non-shareable in subgraph "contacts"',
    },
  },
];
