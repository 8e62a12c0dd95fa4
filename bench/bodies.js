// What the callers of a case send.
import { CONTACT, ENTITIES, RELATIONSHIPS } from './cases.js';

const FIRST_ID = 1_000_000;

/** Returns a function from a number to a request body of this caller. Bodies repeat. */
export function bodiesOf({ query, cas360, pms, mode, callers, bodies, isCached }, caller) {
  const made = [];
  const size = cas360 + pms;
  // A soak always uses new ids, so that memory kept per id shows.
  const count = mode === 'soak' ? Infinity : bodies;
  // Additional callers use the ids of the others, so that their cache is warm too.
  const owner = isCached ? caller % callers : caller;
  const make = (number) => {
    const first = FIRST_ID + (owner * (Number.isFinite(count) ? count : 1_000_000) + number) * size;
    const ids = Array.from({ length: size }, (_, i) => `${isPms(i, cas360, pms) ? 'pms' : 'cas360'}:${first + i}`);
    return JSON.stringify({ operationName: /^query (\w+)/.exec(query)[1], query, variables: variablesFor(query, ids) });
  };
  return (number) => (count === Infinity ? make(number) : (made[number % count] ??= make(number % count)));
}

/** Mixes both systems evenly. */
const isPms = (i, cas360, pms) => Math.floor(((i + 1) * pms) / (cas360 + pms)) > Math.floor((i * pms) / (cas360 + pms));

function variablesFor(query, ids) {
  if (query === CONTACT) return { id: ids[0] };
  return query === ENTITIES ? { representations: ids.map((id) => ({ __typename: 'Contact', id })) } : { ids };
}

/** A call like those of the case, to measure the upstream alone. */
export function upstreamPath({ cas360, pms, query }) {
  if (pms > cas360) return `/api/v3/contacts/${FIRST_ID}`;
  const ids = Array.from({ length: Math.min(cas360, 100) }, (_, i) => FIRST_ID + i);
  return `/contacts/${ids.join(',')}?offset=0&limit=500${query === RELATIONSHIPS ? '&relationships=true' : ''}`;
}
