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
  readonly ids: ReadonlySet<string>;
  readonly full: boolean;
  /** The fields that wait for it; empty where nobody wants to know. */
  readonly fields: Set<string>;
  readonly outcomes: Promise<ReadonlyMap<string, Outcome<T>>>;
  /** The outcomes, once they are there. */
  known: ReadonlyMap<string, Outcome<T>> | undefined;
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
  /** A few: one for each depth, more where lists come bit by bit. */
  readonly #gatherings: Gathering<T>[] = [];
  /** One for all ids that were late. */
  #late: ContactsError | undefined;
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
    return Promise.all(wishes.map((wish) => this.#outcomesOf(wish)));
  }

  /** What came of a wish, once all gatherings that serve it have ended. */
  async #outcomesOf({ ids, full, field }: Wish): Promise<Outcome<T>[]> {
    const serving = ids.map((id) => this.#serving(id, full)!);
    if (this.watch) for (const { fields } of serving) fields.add(field);
    for (const gathering of serving) gathering.known ??= await gathering.outcomes;
    return ids.map((id, i) => this.#outcome(serving[i]!.known?.get(id)));
  }

  /** The first gathering that tells what is wanted of an id: later ones do not take its place. */
  #serving(id: string, full: boolean): Gathering<T> | undefined {
    for (const gathering of this.#gatherings) if ((gathering.full || !full) && gathering.ids.has(id)) return gathering;
    return undefined;
  }

  #gather(wishes: readonly Wish[], full: boolean): void {
    const missing = new Set<string>();
    for (const wish of wishes) {
      if (wish.full === full) for (const id of wish.ids) if (!this.#serving(id, full)) missing.add(id);
    }
    if (missing.size === 0) return;
    const fields = new Set<string>();
    const watching = this.watch && { watch: this.watch, fields };
    this.#gatherings.push({ ids: missing, full, fields, outcomes: this.requests.request(missing, full, this.life, watching), known: undefined });
  }

  #outcome(outcome: Outcome<T> | undefined): Outcome<T> {
    // Not even an answer that there is none: the operation ended first.
    return outcome === undefined ? (this.#late ??= new ContactsError('UPSTREAM_TIMEOUT', this.source)) : outcome;
  }
}
