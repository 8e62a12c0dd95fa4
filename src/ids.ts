import type { ContactReference, Source } from './model.js';

/** An upstream's number in digits only, so that it cannot change the path of a URL. */
export const SOURCE_ID = /^[1-9][0-9]{0,18}$/;

const ADDRESS_ID = /^(?:(cas360):([1-9][0-9]{0,18})|(pms):([1-9][0-9]{0,18})\/[1-9][0-9]{0,18})$/;

const PREFIX = { PMS: 'pms', CAS360: 'cas360' } as const satisfies Record<Source, string>;
const SOURCES = Object.entries(PREFIX).map(([source, prefix]) => [source as Source, `${prefix}:`] as const);

/** `('PMS', '4711')` is `pms:4711`. */
export function idOf(source: Source, sourceId: string): string {
  return `${PREFIX[source]}:${sourceId}`;
}

/** A reference to a contact whose record is not loaded. */
export function contactReference(source: Source, sourceId: string): ContactReference {
  return { __typename: 'Contact', id: idOf(source, sourceId), source, sourceId };
}

/** Parses a caller's id. Returns null if it is malformed. */
export function parseContactId(id: unknown): ContactReference | null {
  if (typeof id !== 'string') return null;
  for (const [source, prefix] of SOURCES) {
    if (!id.startsWith(prefix)) continue;
    const sourceId = id.slice(prefix.length);
    return SOURCE_ID.test(sourceId) ? { __typename: 'Contact', id, source, sourceId } : null;
  }
  return null;
}

/** Where to find an address: by its own number (CAS 360), or in the contact with this number (PMS). */
export interface AddressPlace {
  readonly id: string;
  readonly source: Source;
  readonly sourceId: string;
}

/** Parses a caller's id. Returns null if it is malformed. */
export function parseAddressId(id: unknown): AddressPlace | null {
  const match = typeof id === 'string' ? ADDRESS_ID.exec(id) : null;
  if (!match) return null;
  return match[1] ? { id: match[0], source: 'CAS360', sourceId: match[2]! } : { id: match[0], source: 'PMS', sourceId: match[4]! };
}
