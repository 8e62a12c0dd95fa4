import type { Outcome } from '../../src/errors.js';
import { parseContactId } from '../../src/ids.js';
import { Loaders, type Sources } from '../../src/loaders/loaders.js';
import type { RecordSource } from '../../src/loaders/resource.js';
import type { Address, Contact, Source } from '../../src/model.js';
import type { RecordedIds } from '../../src/recording.js';
import { FOREVER } from './upstreamDouble.js';

interface Asked {
  readonly resource: string;
  readonly ids: readonly string[];
  readonly full: boolean;
}

/** What each source has, by the numbers of its own. What is not named does not exist; a source that is left out is not configured. */
export interface Stock {
  readonly pms?: Readonly<Record<string, Outcome<Contact>>>;
  readonly cas360?: Readonly<Record<string, Outcome<Contact>>>;
  readonly addresses?: Readonly<Record<string, Outcome<Address>>>;
  /** What a source waits for before it answers. */
  readonly held?: { readonly [name in 'pms' | 'cas360' | 'addresses']?: Promise<unknown> };
}

interface LoadersOverDouble extends Loaders {
  readonly asked: Asked[];
  readonly waits: RecordedIds[];
}

/** One operation's loaders, over sources whose models are what the test says. */
export function loadersOver({ pms, cas360, addresses, held = {} }: Stock): LoadersOverDouble {
  const asked: Asked[] = [];
  const waits: RecordedIds[] = [];
  const sourceOf = <M>(source: Source, resource: 'pms' | 'cas360' | 'addresses', stock: Readonly<Record<string, Outcome<M>>> | undefined): RecordSource<M> | undefined =>
    stock && {
      source,
      records: {
        request: async (ids, full, _deadline, recording) => {
          asked.push({ resource, ids: [...ids], full });
          if (recording) recording.waits.push({ source, resource, ids: [...ids], relationships: full, kind: 'sent', fields: recording.fields, calls: [], startedAtMs: 0 });
          await held[resource];
          return new Map(Array.from(ids, (id) => [id, stock[id] instanceof Error ? stock[id] : stock[id] ? { id } : null]));
        },
      },
      toModel: (id) => stock[id] as M,
    };
  const sources: Sources = { pmsContacts: sourceOf('PMS', 'pms', pms), cas360Contacts: sourceOf('CAS360', 'cas360', cas360), cas360Addresses: sourceOf('CAS360', 'addresses', addresses) };
  return Object.assign(new Loaders(sources, FOREVER, waits), { asked, waits });
}

/** A contact of which no more is known than what the test says. */
export function contactOf(id: string, facts: Partial<Contact> = {}): Contact {
  return { ...parseContactId(id)!, address: null, addressHolder: null, salesAccount: null, representatives: null, ...facts } as Contact;
}
