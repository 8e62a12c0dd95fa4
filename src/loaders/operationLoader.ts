import DataLoader from 'dataloader';
import { ContactsError, type Outcome } from '../errors.js';
import type { Life } from '../life.js';
import type { Source } from '../model.js';
import type { Gatherer } from './gatherer.js';
import type { Watch } from '../watch.js';

/** Ids that one field wants, and whether it wants everything that the upstream can tell of them. */
interface Wish {
  readonly ids: readonly string[];
  readonly full: boolean;
  readonly field: string;
}

interface Gathering<T> {
  readonly full: boolean;
  /** The fields that wait for it; empty where nobody wants to know. */
  readonly fields: Set<string>;
  readonly outcomes: Promise<ReadonlyMap<string, Outcome<T>>>;
}

/** Where the outcomes come from: the gatherer, or a cache before it. */
export type Requests<T> = Pick<Gatherer<T>, 'request'>;

/**
 * One operation's way to one upstream resource, and its memory: what all fields of one depth want goes out together,
 * and no id is asked for twice, save once more in full. Made for one operation and gone with it.
 *
 * DataLoader collects the wishes of a depth. Its keys are whole wishes, so that a list of 500 ids is one promise.
 */
export class OperationLoader<T> {
  readonly #memory = new Map<string, Gathering<T>>();
  readonly #wishes: DataLoader<Wish, readonly Outcome<T>[]>;

  constructor(
    readonly source: Source,
    readonly requests: Requests<T>,
    readonly life: Life,
    readonly watch: Watch | undefined,
  ) {
    this.#wishes = new DataLoader((wishes) => this.#grant(wishes), { cache: false, name: source });
  }

  /** An outcome for each id, in their order. Never rejects. `field` is the one that waits. */
  load(ids: readonly string[], full: boolean, field: string): Promise<readonly Outcome<T>[]> {
    return this.#wishes.load({ ids, full, field });
  }

  async #grant(wishes: readonly Wish[]): Promise<(readonly Outcome<T>[])[]> {
    // Full ones first: they serve the plain wishes for the same ids.
    this.#gather(wishes, true);
    this.#gather(wishes, false);
    // Taken now: a later wish in full may put another gathering in the place of one that is still under way.
    const gatherings = wishes.map(({ ids }) => ids.map((id) => this.#memory.get(id)));
    if (this.watch) gatherings.forEach((some, w) => some.forEach((gathering) => gathering?.fields.add(wishes[w]!.field)));
    const known = new Map<Gathering<T> | undefined, ReadonlyMap<string, Outcome<T>>>();
    for (const gathering of new Set(gatherings.flat())) if (gathering) known.set(gathering, await gathering.outcomes);
    return wishes.map(({ ids }, w) => ids.map((id, i) => this.#outcome(known.get(gatherings[w]?.[i]), id)));
  }

  #gather(wishes: readonly Wish[], full: boolean): void {
    const missing = new Set<string>();
    for (const wish of wishes) {
      if (wish.full !== full) continue;
      for (const id of wish.ids) {
        const gathering = this.#memory.get(id);
        if (!gathering || (full && !gathering.full)) missing.add(id);
      }
    }
    if (missing.size === 0) return;
    const fields = new Set<string>();
    const watching = this.watch && { watch: this.watch, fields };
    const gathering = { full, fields, outcomes: this.requests.request(missing, full, this.life, watching) };
    for (const id of missing) this.#memory.set(id, gathering);
  }

  #outcome(outcomes: ReadonlyMap<string, Outcome<T>> | undefined, id: string): Outcome<T> {
    const outcome = outcomes?.get(id);
    // Not even an answer that there is none: the operation ended first.
    return outcome === undefined ? new ContactsError('UPSTREAM_TIMEOUT', this.source) : outcome;
  }
}
