import { getLocation, GraphQLError, isNonNullType, type FieldNode, type GraphQLResolveInfo, type SourceLocation } from 'graphql';
import { limitExceeded, MAX_ERRORS, type ContactsError } from '../../errors.js';
import { FIELDS_A_TURN, type Turns } from './turns.js';

export interface AnswerLimits {
  /** The fields that an answer can have. */
  readonly maxAnswerFields: number;
  /** The ids that one field takes. */
  readonly maxIds: number;
}

type Path = GraphQLResolveInfo['path'];

/** What is known of the errors of each field, by its nodes. */
class KnownErrors {
  readonly locations = new Map<readonly FieldNode[], readonly SourceLocation[]>();
  /** The error that a field had last, without a path. */
  readonly templates = new Map<readonly FieldNode[], GraphQLError>();
  /** Fields that are reported once, and where. */
  readonly reported = new Map<readonly FieldNode[], { readonly error: GraphQLError | null; path: Path }>();
}

/** graphql-jit resolves a field in a fifth of the time that graphql-js takes. */
const COMPILED_SPEED = 5;

/** The fields and errors that the answer to one operation may still have. Made for one operation. */
export class AnswerBudget {
  readonly #turns: Turns;
  /** Made with the first error: most operations have none. */
  #known: KnownErrors | undefined;
  #knownFields = 0;
  #fieldsLeft: number;
  #errors = 0;
  #isCompiled = false;
  #isAbandoned = false;
  #excess: ContactsError | undefined;

  constructor(
    readonly limits: AnswerLimits,
    turns: Turns,
  ) {
    this.#turns = turns;
    this.#fieldsLeft = limits.maxAnswerFields;
  }

  /** Takes the fields that are known before the operation runs. Says why not, if they are too many for it or for the service. */
  begin(fields: number): 'begun' | 'excess' | 'overload' {
    if (fields > this.#fieldsLeft) return 'excess';
    if (!this.#turns.begin(fields)) return 'overload';
    this.#knownFields = fields;
    this.#fieldsLeft -= fields;
    return 'begun';
  }

  /** The operation has been answered, or its caller has left. */
  end(): void {
    this.#turns.end(this.#knownFields);
    this.#knownFields = 0;
  }

  /** The caller has left: what is not resolved yet is null. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  /** To be called before the operation is executed, by compiled code or, if that had no answer, by graphql-js. */
  execute(isCompiled: boolean): void {
    this.#isCompiled = isCompiled;
    this.#fieldsLeft = this.limits.maxAnswerFields - this.#knownFields;
    this.#errors = 0;
    this.#known = undefined;
  }

  /** Takes so many fields from the budget. False if fewer are left; then nothing is taken. */
  take(fields: number): boolean {
    if (fields > this.#fieldsLeft) return false;
    this.#fieldsLeft -= fields;
    return true;
  }

  /** How many fields the answer can have, as far as is known. */
  get fields(): number {
    return this.limits.maxAnswerFields - this.#fieldsLeft;
  }

  /** The refusal of a list that is longer than the budget. */
  get excess(): ContactsError {
    return (this.#excess ??= limitExceeded('MAX_ANSWER_FIELDS', this.limits.maxAnswerFields));
  }

  /** Whether there were more errors than an answer may have. The others are null. */
  get isTruncated(): boolean {
    return this.#errors > MAX_ERRORS;
  }

  /**
   * An error as the answer shows it, with its path and its place in the document; null once there are too many, unless the
   * field may not be null. Left to itself graphql-js would take a stack for each error, and scan the document for the line.
   */
  error(error: unknown, { fieldNodes, path, returnType }: GraphQLResolveInfo, item?: number): GraphQLError | null {
    if (++this.#errors > MAX_ERRORS && (item !== undefined || !isNonNullType(returnType))) return null;
    const keys = item === undefined ? keysOf(path) : [...keysOf(path), item];
    return Object.assign(Object.create(this.#templateOf(error, fieldNodes)) as GraphQLError, { path: keys });
  }

  /**
   * One error for all items of a list, and null for the others: the same nodes are the same field of the operation. Items may
   * be resolved in any order, so the error moves to the first of them.
   */
  errorOnce(error: ContactsError, info: GraphQLResolveInfo): GraphQLError | null {
    const known = (this.#known ??= new KnownErrors());
    const reported = known.reported.get(info.fieldNodes);
    if (reported) {
      if (reported.error && isBefore(info.path, reported.path)) {
        reported.path = info.path;
        Object.assign(reported.error, { path: keysOf(info.path) });
      }
      return null;
    }
    const first = this.error(error, info);
    known.reported.set(info.fieldNodes, { error: first, path: info.path });
    return first;
  }

  /** The items: at once where this turn of the event loop has room for their fields, else in slices, each in a turn of its own. */
  inTurns(items: readonly unknown[], fieldsOfItem: number): readonly unknown[] | Promise<readonly unknown[]> {
    const cost = this.#costOf(fieldsOfItem);
    const itemsATurn = Math.max(1, Math.floor(FIELDS_A_TURN / cost));
    if (items.length <= itemsATurn) {
      const turn = this.#turns.take(items.length * cost);
      return turn ? turn.then(() => items) : items;
    }
    const paced: unknown[] = [];
    let turn: Promise<void> | undefined;
    for (let first = 0; first < items.length; first += itemsATurn) {
      const slice = items.slice(first, first + itemsATurn);
      const take = (): Promise<void> | undefined => (this.#isAbandoned ? undefined : this.#turns.take(slice.length * cost));
      // A slice asks once the one before was granted, so that another list need not wait for all of them.
      turn = first === 0 ? take() : (turn ?? Promise.resolve()).then(take);
      for (const item of slice) paced.push(turn ? turn.then(() => this.#unlessAbandoned(item)) : item);
    }
    return paced;
  }

  /** A value that came by itself, in its turn. */
  inTurn(value: unknown, fields: number): unknown {
    const turn = this.#turns.take(this.#costOf(fields));
    return turn ? turn.then(() => this.#unlessAbandoned(value)) : value;
  }

  #unlessAbandoned(value: unknown): unknown {
    return this.#isAbandoned ? null : value;
  }

  #costOf(fields: number): number {
    // An item may have a list to load, which takes longer than a few fields.
    return Math.max(1, this.#isCompiled ? fields / COMPILED_SPEED : fields);
  }

  #templateOf(error: unknown, nodes: readonly FieldNode[]): GraphQLError {
    const { locations, templates } = (this.#known ??= new KnownErrors());
    const known = templates.get(nodes);
    if (known && known.originalError === error) return known;
    const originalError = error instanceof Error ? error : new Error('Something other than an error was thrown.', { cause: error });
    const template = Object.assign(new GraphQLError(originalError.message, { originalError }), { locations: locationsOf(nodes, locations) });
    templates.set(nodes, template);
    return template;
  }
}

function locationsOf(nodes: readonly FieldNode[], locations: KnownErrors['locations']): readonly SourceLocation[] {
  let known = locations.get(nodes);
  if (!known) {
    // Compiled code has the nodes of a fragment once for each place where it is spread.
    const starts = new Map(nodes.flatMap(({ loc }) => (loc ? [[loc.start, loc.source] as const] : [])));
    locations.set(nodes, (known = [...starts].map(([start, source]) => getLocation(source, start))));
  }
  return known;
}

function keysOf(path: Path): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let at: Path | undefined = path; at; at = at.prev) keys.unshift(at.key);
  return keys;
}

/** Whether a place of a field comes before another place of the same field: by the item of the outermost list that differs. */
function isBefore(path: Path, other: Path): boolean {
  let before = false;
  let at: Path | undefined = path;
  for (let beside: Path | undefined = other; at && beside; at = at.prev, beside = beside.prev) if (at.key !== beside.key) before = at.key < beside.key;
  return before;
}
