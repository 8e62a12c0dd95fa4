import type { Contact } from '../model.js';

/** What a field needs of the contacts below it. */
export interface ContactNeed {
  /** Their ids alone, their records, or their records with relationships. */
  readonly what: 'id' | 'record' | 'relationships';
  /** The field, such as `contacts.representatives`. */
  readonly field: string;
  /** What the fields below these contacts need. Computed when it is first read. */
  readonly below: NeedsBelow;
}

/** What a field needs of the addresses below it. */
export interface AddressNeed {
  /** Their ids alone, or their records. */
  readonly what: 'id' | 'record';
  /** The field, such as `contacts.address`. */
  readonly field: string;
}

/** One need for each alias under which contacts have these fields. */
export interface NeedsBelow {
  readonly addresses: readonly AddressNeed[];
  readonly representatives: readonly ContactNeed[];
}

/** Whether one of these contacts makes further calls for the fields below it. */
export function needsFurtherCalls(contacts: readonly Contact[], { addresses, representatives }: NeedsBelow): boolean {
  const needsAddresses = addresses.some(({ what }) => what === 'record');
  const needsRepresentatives = representatives.some(({ what }) => what !== 'id');
  return contacts.some(
    (contact) =>
      (addresses.length > 0 && contact.addressHolder !== null) ||
      (needsAddresses && contact.source === 'CAS360' && contact.address !== null) ||
      (needsRepresentatives && (contact.representatives ?? []).length > 0),
  );
}
