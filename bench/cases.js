// The operations. Contestants without GraphQL recognise an operation by its name.
export const CONTACT = 'query Contact($id: ID!) { contact(id: $id) { id name contactType email phone } }';
const CONTACTS = `query Contacts($ids: [ID!]!) {
  contacts(ids: $ids) {
    id source sourceId contactType name title firstName middleNames lastName gender email phone skype
    address { id }
  }
}`;
export const RELATIONSHIPS = `query Relationships($ids: [ID!]!) {
  contacts(ids: $ids) {
    id name contactType
    relationships { type parentType parentId startDate endDate current company { id } }
  }
}`;
const GUESTS = `query Guests($ids: [ID!]!) {
  contacts(ids: $ids) {
    id name status
    emailAddresses { address nickname primary }
    phoneNumbers { number kind primary }
    nationality { code name }
    address { id lines city postCode country { code alpha3 name } }
    employment { jobTitle department companyName industry { id name } }
    marketing { optOut lifecycleStage leadSource referrer { id code name } }
    guest { role lastBookingRole preferences }
    salesAccount { id accountCode exportedDate exportStatus company { id } companyName }
  }
}`;
export const ENTITIES = `query Entities($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on Contact { id name firstName lastName email phone address { id } } }
}`;

/** Callers have different ids, so that they share no records, except in the cases with a cache. */
const BODIES_PER_CALLER = 32;

/**
 * `cas360` and `pms`: contacts per operation. `calls`: the fewest upstream calls that can answer it. `mode`: callers of a
 * `steady` load ask again at once, those of a `burst` all together; in a `ramp` their number grows
 * (ramp.js); `far` is one caller who pauses (far.js). `onlyOurs`: only the service and `raw` take part.
 * `atMost`: the most CPU that the service may need, as a multiple of `raw`. `bodies`: different operations per caller; with a
 * cache, all of them must fit into one of the default size.
 */
export const CASES = [
  { name: 'one', title: 'one CAS 360 contact', query: CONTACT, cas360: 1, calls: 1, callers: 16, atMost: 2.8 },
  { name: 'list', title: '100 CAS 360 contacts, 14 fields', query: CONTACTS, cas360: 100, calls: 1, callers: 8, atMost: 1.8 },
  { name: 'relationships', title: '500 CAS 360 contacts with relationships', query: RELATIONSHIPS, cas360: 500, calls: 5, callers: 4, atMost: 1.7 },
  { name: 'pms', title: '20 PMS contacts, nested', query: GUESTS, pms: 20, calls: 20, callers: 4, atMost: 1.6 },
  { name: 'entities100', title: '_entities of 100, mixed', query: ENTITIES, cas360: 80, pms: 20, calls: 21, callers: 4 },
  { name: 'entities500', title: '_entities of 500, mixed', query: ENTITIES, cas360: 400, pms: 100, calls: 104, callers: 4 },
  { name: 'cache-one', title: 'one contact, cache warm', query: CONTACT, cas360: 1, calls: 0, callers: 16, isCached: true, onlyOurs: true, atMost: 1 },
  { name: 'cache', title: '100 contacts, cache warm', query: CONTACTS, cas360: 100, calls: 0, callers: 8, bodies: 12, isCached: true, onlyOurs: true, atMost: 1 },
  { name: 'callers64', title: '64 callers, each one contact', query: CONTACT, cas360: 1, calls: 1, callers: 64 },
  { name: 'latency', title: '64 callers at once, upstream with 50 ms', query: CONTACT, cas360: 1, calls: 8 / 64, callers: 64, mode: 'burst', latencyMs: 50 },
  { name: 'far', title: 'upstream 280 ms away, over TLS', query: CONTACT, cas360: 1, callers: 1, mode: 'far', roundTripMs: 280, onlyOurs: true },
  { name: 'linear', title: 'growth: 100 and 1,000 contacts', query: CONTACTS, sizes: [100, 1_000], callers: 2, onlyOurs: true },
  { name: 'soak', title: 'a million operations', query: CONTACT, cas360: 1, calls: 1, callers: 16, mode: 'soak' },
].map((each) => ({ cas360: 0, pms: 0, mode: 'steady', latencyMs: 0, bodies: BODIES_PER_CALLER, ...each }));

export const casesNamed = (names, of = CASES) => of.filter(({ name }) => names.includes(name));
/** Without the soak, which takes minutes. */
export const standardCases = CASES.filter(({ mode }) => mode !== 'soak');
/** One of each kind of operation, without a cache. */
export const plainCases = casesNamed(['one', 'list', 'relationships', 'pms', 'entities100', 'entities500']);
/** The range of callers. */
export const sweptCases = plainCases.map((each) => ({ ...each, sweep: [1, 4, 16, 64] }));
/** More and more callers, from `from` to `to`. */
export const burstCases = plainCases.map((each) => ({ ...each, mode: 'ramp', title: `${each.title}, 50 to 500 callers in 10 s`, from: 50, to: 500 }));
/** Many callers, with as little memory as a container may have. */
export const memoryCases = plainCases.map((each) => ({ ...each, mode: 'ramp', title: `${each.title}, 64 callers, 512 MB`, from: 64, to: 64, limitBytes: 512 * 2 ** 20 }));

/** The case in each of its sizes, or with each of its numbers of callers. */
export const variantsOf = (each) => each.sizes?.map((size) => ({ ...each, size, cas360: size })) ?? each.sweep?.map((callers) => ({ ...each, callers })) ?? [each];
