import type { ErrorCode } from '../../../src/errors.js';
import type { Operation } from './operations.js';

export interface AcrossOperation extends Operation {
  readonly data: unknown;
  /** The code at each place where there is an error. */
  readonly errors?: Readonly<Record<string, ErrorCode>>;
  /** The same places as Hive Gateway tells them: by field, and without the position in the list that was fetched. */
  readonly hivePlaces?: readonly string[];
}

const ANNE = 'Anne Smith';
const CATS = 'Fancy Southern Africa Cat Council';
const HOLDINGS = { name: 'Whisker Street Holdings Pty Ltd' };
const IRIS = 'Iris Maeve Vale';
const PRIYA = 'Priya Leif Tan-Meadow';

/** Of several subgraphs. */
export const ACROSS: Readonly<Record<string, AcrossOperation>> = {
  'through a reference': {
    query: '{ booking(id: "B-2041") { arrival booker { id name address { city } } } }',
    data: { booking: { arrival: '2027-03-14', booker: { id: 'cas360:555742', name: ANNE, address: { city: 'Cowes' } } } },
  },
  'through a list of references, of both systems': {
    query: '{ booking(id: "B-2041") { guests { source name } } }',
    data: { booking: { guests: [{ source: 'PMS', name: IRIS }, { source: 'CAS360', name: CATS }] } },
  },
  'references that lead nowhere, and one twice': {
    query: '{ booking(id: "gone") { booker { id name } guests { id name } } }',
    data: {
      booking: {
        booker: { id: 'cas360:999999', name: null },
        guests: [
          { id: 'pms:5001', name: PRIYA },
          { id: 'pms:999999', name: null },
          { id: 'cas360:54', name: CATS },
          { id: 'pms:5001', name: PRIYA },
          { id: 'cas360:999999', name: null },
        ],
      },
    },
  },
  'references that are malformed': {
    query: '{ booking(id: "malformed") { booker { id name } guests { id name } } }',
    data: { booking: { booker: { id: 'constructor:1', name: null }, guests: [{ id: 'cas360:54', name: CATS }, { id: '4711', name: null }, { id: 'pms:5001', name: PRIYA }] } },
    errors: { 'booking.booker': 'BAD_USER_INPUT', 'booking.guests.1': 'BAD_USER_INPUT' },
    hivePlaces: ['booking.booker.name', 'booking.guests.name'],
  },
  'no references': {
    query: '{ booking(id: "empty") { booker { name } guests { name } account { accountCode } } }',
    data: { booking: { booker: null, guests: [], account: null } },
  },
  'in the other direction': {
    query: '{ contact(id: "pms:4711") { name bookings { id nights } } }',
    data: { contact: { name: IRIS, bookings: [{ id: 'B-2041', nights: 3 }, { id: 'B-2042', nights: 1 }] } },
  },
  'there and back, and there again': {
    query: '{ contact(id: "cas360:555742") { bookings { booker { name } guests { name bookings { id guests { id } } } } } }',
    data: {
      contact: {
        bookings: [
          {
            booker: { name: ANNE },
            guests: [
              {
                name: IRIS,
                bookings: [
                  { id: 'B-2041', guests: [{ id: 'pms:4711' }, { id: 'cas360:54' }] },
                  { id: 'B-2042', guests: [{ id: 'pms:4711' }, { id: 'pms:5001' }, { id: 'cas360:1001' }] },
                ],
              },
              {
                name: CATS,
                bookings: [
                  { id: 'B-2041', guests: [{ id: 'pms:4711' }, { id: 'cas360:54' }] },
                  { id: 'gone', guests: [{ id: 'pms:5001' }, { id: 'pms:999999' }, { id: 'cas360:54' }, { id: 'pms:5001' }, { id: 'cas360:999999' }] },
                  { id: 'malformed', guests: [{ id: 'cas360:54' }, { id: '4711' }, { id: 'pms:5001' }] },
                ],
              },
            ],
          },
        ],
      },
    },
  },
  '@requires': {
    query: '{ contacts(ids: ["pms:4711", "cas360:54", "cas360:999999"]) { greeting } }',
    data: { contacts: [{ greeting: `Welcome, ${IRIS}!` }, { greeting: `Welcome, ${CATS}!` }, null] },
  },
  '@requires through references, one of them to nobody': {
    query: '{ booking(id: "gone") { guests { greeting } } }',
    data: {
      booking: {
        guests: [{ greeting: `Welcome, ${PRIYA}!` }, { greeting: null }, { greeting: `Welcome, ${CATS}!` }, { greeting: `Welcome, ${PRIYA}!` }, { greeting: null }],
      },
    },
  },
  '@requires of relationships': {
    query: '{ contacts(ids: ["cas360:555742", "cas360:54", "pms:4711"]) { companies { name keyContact { name } } } }',
    data: { contacts: [{ companies: [{ ...HOLDINGS, keyContact: { name: ANNE } }] }, { companies: [] }, { companies: null }] },
  },
  '@requires of relationships beside others of them': {
    query: '{ contact(id: "cas360:555742") { ended: relationships(current: false) { type } companies { name } } }',
    data: { contact: { ended: [{ type: 'Secretary' }], companies: [HOLDINGS] } },
  },
  'companies that we only name': {
    query: '{ contacts(ids: ["cas360:555742", "pms:4711"]) { relationships(current: true) { company { name } } salesAccount { company { name keyContact { email } } } } }',
    data: {
      contacts: [
        { relationships: [{ company: HOLDINGS }, { company: null }], salesAccount: null },
        { relationships: null, salesAccount: { company: { name: 'Paper Wombat Press', keyContact: { email: 'iris@example.test' } } } },
      ],
    },
  },
  'from companies': {
    query: '{ companies { name keyContact { name relationships(current: true) { company { name } } } } }',
    data: {
      companies: [
        { name: 'Paper Wombat Press', keyContact: { name: IRIS, relationships: null } },
        { ...HOLDINGS, keyContact: { name: ANNE, relationships: [{ company: HOLDINGS }, { company: null }] } },
        { name: 'Idle Heron Limited', keyContact: null },
      ],
    },
  },
  'a key of two parts': {
    query: '{ booking(id: "B-2041") { account { id accountCode exportStatus contact { name } } } }',
    data: { booking: { account: { id: 'pms:902', accountCode: 'C-000902', exportStatus: 'EXPORTED', contact: { name: IRIS } } } },
  },
  'a key of two parts that do not belong together': {
    query: '{ booking(id: "wrong account") { account { id accountCode contact { id } } } }',
    data: { booking: { account: { id: 'pms:902', accountCode: null, contact: { id: 'pms:5001' } } } },
  },
  'guarded fields through references, without a token': {
    query: '{ booking(id: "B-2041") { booker { name dateOfBirth } guests { name cognitoId } } }',
    data: { booking: { booker: { name: ANNE, dateOfBirth: null }, guests: [{ name: IRIS, cognitoId: null }, { name: CATS, cognitoId: null }] } },
    errors: { 'booking.booker.dateOfBirth': 'FORBIDDEN', 'booking.guests.0.cognitoId': 'FORBIDDEN' },
    hivePlaces: ['booking.booker.dateOfBirth', 'booking.guests.cognitoId'],
  },
  'guarded fields through references, with a token': {
    query: '{ booking(id: "B-2041") { booker { name dateOfBirth } guests { name dateOfBirth } } }',
    scopes: ['contact:identity'],
    data: { booking: { booker: { name: ANNE, dateOfBirth: '1958-07-02' }, guests: [{ name: IRIS, dateOfBirth: '1990-05-01' }, { name: CATS, dateOfBirth: null }] } },
  },
  'fragments, variables, aliases and @include over all of them': {
    query: `query ($id: ID!, $who: ID!, $yes: Boolean!, $no: Boolean!) {
        stay: booking(id: $id) { ...Stay }
        contact(id: $who) { ...Who bookings { ...Stay } }
      }
      fragment Stay on Booking { nights @skip(if: $yes) guests { ...Who } }
      fragment Who on Contact { called: name companies @include(if: $yes) { name } card: greeting @include(if: $yes) email @include(if: $no) }`,
    variables: { id: 'B-2041', who: 'cas360:555742', yes: true, no: false },
    data: {
      stay: { guests: [{ called: IRIS, companies: null, card: `Welcome, ${IRIS}!` }, { called: CATS, companies: [], card: `Welcome, ${CATS}!` }] },
      contact: {
        called: ANNE,
        companies: [HOLDINGS],
        card: `Welcome, ${ANNE}!`,
        bookings: [{ guests: [{ called: IRIS, companies: null, card: `Welcome, ${IRIS}!` }, { called: CATS, companies: [], card: `Welcome, ${CATS}!` }] }],
      },
    },
  },
};
