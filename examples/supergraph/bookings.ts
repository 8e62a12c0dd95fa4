import type { GraphQLSchemaModule } from '@apollo/subgraph';
import { parse } from 'graphql';

/** The bookings team holds contacts by their ids in the contacts subgraph, and nothing else of them. */
export interface BookingRow {
  readonly id: string;
  readonly arrival: string;
  readonly nights: number;
  readonly bookerId: string | null;
  readonly guestIds: readonly string[];
  /** An account is found through the contact that holds it, so both ids are kept. */
  readonly account: { readonly id: string; readonly contactId: string } | null;
}

export const BOOKINGS: readonly BookingRow[] = [
  {
    id: 'B-2041',
    arrival: '2027-03-14',
    nights: 3,
    bookerId: 'cas360:555742',
    guestIds: ['pms:4711', 'cas360:54'],
    account: { id: 'pms:902', contactId: 'pms:4711' },
  },
  { id: 'B-2042', arrival: '2027-04-02', nights: 1, bookerId: 'pms:4711', guestIds: ['pms:4711', 'pms:5001', 'cas360:1001'], account: null },
];

/** The subgraph of the bookings. */
export function bookings(rows = BOOKINGS): GraphQLSchemaModule {
  const contact = (id: string) => ({ __typename: 'Contact', id });
  return {
    typeDefs: parse(/* GraphQL */ `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires"])

      scalar Date

      type Query {
        booking(id: ID!): Booking
        bookings: [Booking!]!
      }

      type Booking @key(fields: "id") {
        id: ID!
        arrival: Date!
        nights: Int!
        booker: Contact
        guests: [Contact]!
        account: SalesAccount
      }

      type Contact @key(fields: "id") {
        id: ID!
        name: String @external
        "The bookings that the contact made, or is a guest of. Null when this subgraph is away: the contact stays."
        bookings: [Booking!]
        "What to print on the card in the room."
        greeting: String @requires(fields: "name")
      }

      type SalesAccount @key(fields: "id contact { id }") {
        id: ID!
        contact: Contact!
      }
    `),
    resolvers: {
      Query: {
        booking: (_query, { id }: { id: string }) => rows.find((row) => row.id === id) ?? null,
        bookings: () => rows,
      },
      Booking: {
        __resolveReference: async ({ id }: { id: string }) => rows.find((row) => row.id === id) ?? null,
        booker: ({ bookerId }: BookingRow) => bookerId && contact(bookerId),
        guests: ({ guestIds }: BookingRow) => guestIds.map(contact),
        account: ({ account }: BookingRow) => account && { id: account.id, contact: contact(account.contactId) },
      },
      Contact: {
        bookings: ({ id }: { id: string }) => rows.filter((row) => row.bookerId === id || row.guestIds.includes(id)),
        // Hive Gateway sends an object for a name that could not be had.
        greeting: ({ name }: { name: unknown }) => (typeof name === 'string' ? `Welcome, ${name}!` : null),
      },
    },
  };
}
