import { ContactsError, type Outcome } from '../errors.js';
import { parseContactId } from '../ids.js';
import type { Contact, ContactReference, Source } from '../model.js';
import type { OperationLoader } from './operationLoader.js';

/** What a field needs of the contacts that it leads to. */
export interface ContactNeed {
  /** Their ids alone, their records, or their records in full. */
  readonly what: 'id' | 'record' | 'relationships';
  /** The field, such as `contacts.representatives`. */
  readonly field: string;
}

/** A contact, or a promise of it, where it takes a call. */
export type Loading<T> = Outcome<T> | Promise<Outcome<T>>;

/** A list in which each item may come in its own time, or all at once. */
export type LoadingList<T> = readonly Loading<T>[] | Promise<readonly Outcome<T>[]>;

/** One operation's contacts, whichever system holds them. An outcome is an error value, never a rejection. */
export class ContactLoader {
  readonly #sources: Readonly<Record<Source, OperationLoader<Contact> | undefined>>;

  constructor(sources: Readonly<Record<Source, OperationLoader<Contact> | undefined>>) {
    this.#sources = sources;
  }

  /** The contacts with these ids from outside, which may be malformed, in their order. */
  byIds(ids: readonly unknown[], need: ContactNeed): LoadingList<ContactReference> {
    return this.#load(ids.map((id) => parseContactId(id) ?? new ContactsError('BAD_USER_INPUT')), need);
  }

  /** The contact with this id from outside, which may be malformed. */
  byId(id: unknown, need: ContactNeed): Loading<ContactReference> {
    const reference = parseContactId(id);
    return reference ? this.byReference(reference, need) : new ContactsError('BAD_USER_INPUT');
  }

  byReference(reference: ContactReference, need: ContactNeed): Loading<ContactReference> {
    const loader = this.#sources[reference.source];
    if (!loader) return new ContactsError('SOURCE_NOT_CONFIGURED', reference.source);
    if (need.what === 'id') return reference;
    return loader.load([reference.sourceId], isFull(need, loader.source), need.field).then(([outcome]) => outcome!);
  }

  /** The contact itself, whatever else is needed of it. */
  record(reference: ContactReference, field: string): Loading<Contact> {
    return this.byReference(reference, { what: 'record', field }) as Loading<Contact>;
  }

  byReferences(references: readonly ContactReference[], need: ContactNeed): LoadingList<ContactReference> {
    return this.#load(references, need);
  }

  #load(wanted: readonly (ContactReference | ContactsError)[], need: ContactNeed): LoadingList<ContactReference> {
    if (need.what === 'id') return wanted.map((one) => (one instanceof ContactsError ? one : this.byReference(one, need)));
    const ids: Record<Source, string[]> = { PMS: [], CAS360: [] };
    for (const one of wanted) if (!(one instanceof ContactsError)) ids[one.source].push(one.sourceId);
    const loading = { PMS: this.#loadFrom('PMS', ids.PMS, need), CAS360: this.#loadFrom('CAS360', ids.CAS360, need) };
    for (const source of ['PMS', 'CAS360'] as const) if (loading[source] && ids[source].length === wanted.length) return loading[source];

    // Each item by itself, so that contacts of one system, and all below them, do not wait for the other system.
    const next = { PMS: 0, CAS360: 0 };
    return wanted.map((one) => {
      if (one instanceof ContactsError) return one;
      const place = next[one.source]++;
      return loading[one.source]?.then((outcomes) => outcomes[place]!) ?? new ContactsError('SOURCE_NOT_CONFIGURED', one.source);
    });
  }

  #loadFrom(source: Source, ids: readonly string[], need: ContactNeed): Promise<readonly Outcome<Contact>[]> | undefined {
    return ids.length === 0 ? undefined : this.#sources[source]?.load(ids, isFull(need, source), need.field);
  }
}

/** The PMS knows no relationships: what it tells of a contact is all. */
function isFull({ what }: ContactNeed, source: Source): boolean {
  return what === 'relationships' && source === 'CAS360';
}
