import { ContactsError, isFound, type Outcome } from '../errors.js';
import { parseContactId } from '../ids.js';
import type { Contact, ContactReference, Source } from '../model.js';
import { needsFurtherCalls, type ContactNeed } from './needs.js';
import type { OperationLoader } from './operationLoader.js';
import type { Loading } from './resource.js';

/** A list whose items arrive together, or each by itself. */
export type LoadingList<T> = readonly Loading<T>[] | Promise<readonly Loading<T>[]>;

/** One for all malformed ids. */
const MALFORMED = new ContactsError('BAD_USER_INPUT', undefined, { fault: 'contactId' });

/** One operation's contacts of both systems. Errors are values among the outcomes, never rejections. */
export class ContactLoader {
  readonly #sources: Readonly<Record<Source, OperationLoader<Contact> | undefined>>;

  constructor(sources: Readonly<Record<Source, OperationLoader<Contact> | undefined>>) {
    this.#sources = sources;
  }

  /** The contacts with these ids from outside, which may be malformed, in their order. */
  byIds(ids: readonly unknown[], need: ContactNeed): LoadingList<ContactReference> {
    return this.#load(ids.map((id) => parseContactId(id) ?? MALFORMED), need);
  }

  /** The contact with this id from outside, which may be malformed. */
  byId(id: unknown, need: ContactNeed): Loading<ContactReference> {
    const reference = parseContactId(id);
    return reference ? this.byReference(reference, need) : MALFORMED;
  }

  byReference(reference: ContactReference, need: Pick<ContactNeed, 'what' | 'field'>): Loading<ContactReference> {
    const loader = this.#sources[reference.source];
    if (!loader) return new ContactsError('SOURCE_NOT_CONFIGURED', reference.source);
    if (need.what === 'id') return reference;
    return loader.loadOne(reference.sourceId, withRelationships(need, reference.source), need.field);
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
    return this.#mixed(wanted, loading, need);
  }

  /**
   * The list arrives as a whole, since a promise for each of 500 contacts costs more than their records. But if contacts of the
   * system that answers first need further calls, these calls do not wait for the other system: its contacts arrive one by one.
   */
  async #mixed(wanted: readonly (ContactReference | ContactsError)[], loading: Record<Source, Promise<readonly Outcome<Contact>[]> | undefined>, { below }: ContactNeed): Promise<Loading<ContactReference>[]> {
    const loaded: Partial<Record<Source, readonly Outcome<Contact>[]>> = {};
    const waiting = (['PMS', 'CAS360'] as const).flatMap((source) => loading[source]?.then((outcomes) => (loaded[source] = outcomes)) ?? []);
    // Stryker disable next-line ArrayDeclaration: where nothing is waited for, it does not matter what needs further calls
    const first = waiting.length > 0 ? await Promise.race(waiting) : [];
    if (!needsFurtherCalls(first.filter(isFound), below)) await Promise.all(waiting);
    const next = { PMS: 0, CAS360: 0 };
    return wanted.map((one) => {
      if (one instanceof ContactsError) return one;
      const place = next[one.source]++;
      const outcomes = loaded[one.source];
      if (outcomes) return outcomes[place]!;
      return loading[one.source]?.then((later) => later[place]!) ?? new ContactsError('SOURCE_NOT_CONFIGURED', one.source);
    });
  }

  #loadFrom(source: Source, ids: readonly string[], need: ContactNeed): Promise<readonly Outcome<Contact>[]> | undefined {
    return ids.length === 0 ? undefined : this.#sources[source]?.load(ids, withRelationships(need, source), need.field);
  }
}

/** The PMS has no relationships. */
function withRelationships({ what }: Pick<ContactNeed, 'what'>, source: Source): boolean {
  return what === 'relationships' && source === 'CAS360';
}
