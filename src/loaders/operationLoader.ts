import DataLoader from 'dataloader';
import type { Deadline } from '../deadline.js';
import { ContactsError, isFound, type Outcome } from '../errors.js';
import type { RecordedIds } from '../recording.js';
import type { Loading, RecordSource, UpstreamRecord } from './resource.js';

/** The ids that one field needs. */
interface FieldRequest {
  readonly ids: readonly string[];
  readonly relationships: boolean;
  readonly field: string;
}

type Models<M> = ReadonlyMap<string, Outcome<M>>;

/** Ids that several fields of one depth need: they leave together. */
interface DepthRequest<M> {
  readonly ids: ReadonlySet<string>;
  readonly relationships: boolean;
  /** Only while calls are recorded. */
  readonly fields: Set<string> | undefined;
  readonly models: Promise<Models<M>>;
  /** The same once they have arrived: awaiting them again would cost a turn. */
  arrived: Models<M> | undefined;
}

/**
 * What one operation loads of one resource. All that its fields need at one depth leaves together. No id is asked for twice,
 * except once more with relationships. Each record is mapped once, here.
 *
 * DataLoader collects the requests of a depth. Its keys are whole requests, so that a list of 500 ids is one promise.
 */
export class OperationLoader<M> {
  /** A few: one for each depth, more where lists arrive in parts. */
  readonly #depths: DepthRequest<M>[] = [];
  /** One for all ids that were late. */
  #timeout: ContactsError | undefined;
  readonly #fields: DataLoader<FieldRequest, readonly Outcome<M>[]>;

  constructor(
    readonly source: RecordSource<M>,
    readonly deadline: Deadline,
    /** Where to record what was waited for, if anybody wants to know. */
    readonly waits: RecordedIds[] | undefined,
  ) {
    // Stryker disable next-line ObjectLiteral,BooleanLiteral: each key is new, and all of this ends with its operation
    this.#fields = new DataLoader((requests) => this.#loadBatch(requests), { cache: false, name: source.source });
  }

  /** An outcome for each id, in their order. Never rejects. `field` is the one that waits, such as `contacts.address`. */
  load(ids: readonly string[], relationships: boolean, field: string): Promise<readonly Outcome<M>[]> {
    return this.#fields.load({ ids, relationships, field });
  }

  /** The outcome for one id; a promise only if it has not arrived yet. */
  loadOne(id: string, relationships: boolean, field: string): Loading<M> {
    const depth = this.#depthOf(id, relationships);
    if (!depth?.arrived) return this.load([id], relationships, field).then(([outcome]) => outcome!);
    depth.fields?.add(field);
    return depth.arrived.get(id)!;
  }

  /** The requests of a depth arrive together, so that what is below them leaves together too. */
  #loadBatch(requests: readonly FieldRequest[]): Promise<(readonly Outcome<M>[])[]> {
    // With relationships first: these records serve the plain requests for the same ids.
    this.#request(requests, true);
    this.#request(requests, false);
    return Promise.all(requests.map((request) => this.#outcomesOf(request)));
  }

  async #outcomesOf({ ids, relationships, field }: FieldRequest): Promise<Outcome<M>[]> {
    // There is often a single depth, which then has all ids.
    const only = this.#depths.length === 1 ? this.#depths[0] : undefined;
    const depths = only ? [only] : ids.map((id) => this.#depthOf(id, relationships)!);
    for (const { fields } of depths) fields?.add(field);
    for (const depth of depths) depth.arrived ??= await depth.models;
    return ids.map((id, i) => (only ?? depths[i]!).arrived!.get(id)!);
  }

  /** The first request that brings what is needed of an id. */
  #depthOf(id: string, relationships: boolean): DepthRequest<M> | undefined {
    for (const depth of this.#depths) if ((depth.relationships || !relationships) && depth.ids.has(id)) return depth;
    return undefined;
  }

  #request(requests: readonly FieldRequest[], relationships: boolean): void {
    const ids = new Set<string>();
    for (const request of requests) {
      if (request.relationships === relationships) for (const id of request.ids) if (!this.#depthOf(id, relationships)) ids.add(id);
    }
    if (ids.size === 0) return;
    const recording = this.waits && { waits: this.waits, fields: new Set<string>() };
    const models = this.source.records.request(ids, relationships, this.deadline, recording).then((outcomes) => this.#modelsOf(ids, outcomes));
    this.#depths.push({ ids, relationships, fields: recording?.fields, models, arrived: undefined });
  }

  #modelsOf(ids: ReadonlySet<string>, outcomes: ReadonlyMap<string, Outcome<UpstreamRecord>>): Models<M> {
    const models = new Map<string, Outcome<M>>();
    for (const id of ids) {
      const outcome = outcomes.get(id);
      if (outcome === undefined) models.set(id, (this.#timeout ??= new ContactsError('UPSTREAM_TIMEOUT', this.source.source)));
      else models.set(id, isFound(outcome) ? this.source.toModel(id, outcome) : outcome);
    }
    return models;
  }
}
