import { GraphQLError, isNonNullType, type FieldNode, type GraphQLResolveInfo, type SourceLocation } from 'graphql';
import { limitExceeded, MAX_ERRORS, type ContactsError } from '../../errors.js';
import { FIELDS_A_TURN, type Turns } from './turns.js';

export interface AnswerLimits {
  /** The most fields that an answer may have. */
  readonly maxAnswerFields: number;
  /** The most ids that one field takes. */
  readonly maxIds: number;
}

type Path = GraphQLResolveInfo['path'];

/** The errors so far, by the nodes of their field. */
class KnownErrors {
  readonly locations = new Map<readonly FieldNode[], readonly SourceLocation[]>();
  /** The last error of a field, without a path. */
  readonly templates = new Map<readonly FieldNode[], GraphQLError>();
  /** Fields whose error the answer holds only once, and its path. */
  readonly reported = new Map<readonly FieldNode[], { readonly error: GraphQLError | null; path: Path }>();
}

/** graphql-jit resolves a field in a fifth of the time that graphql-js takes. */
const COMPILED_SPEED = 5;

/** Counts the fields and errors of one operation's answer against its limits. */
export class AnswerBudget {
  readonly #turns: Turns;
  /** Created with the first error: most operations have none. */
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

  /**
   * Reserves the fields known before execution. 'excess': too many for one operation. 'overload': too many under way in the
   * process.
   */
  begin(fields: number): 'begun' | 'excess' | 'overload' {
    if (fields > this.#fieldsLeft) return 'excess';
    if (!this.#turns.begin(fields)) return 'overload';
    this.#knownFields = fields;
    this.#fieldsLeft -= fields;
    return 'begun';
  }

  /** Call it when the operation has been answered, or its caller has left. */
  end(): void {
    this.#turns.end(this.#knownFields);
    this.#knownFields = 0;
  }

  /** Call it when the caller has left: values that are not yet resolved become null. */
  abandon(): void {
    this.#isAbandoned = true;
  }

  /** Call it before each execution, by compiled code or by graphql-js. Starts the counts again. */
  execute(isCompiled: boolean): void {
    this.#isCompiled = isCompiled;
    this.#fieldsLeft = this.limits.maxAnswerFields - this.#knownFields;
    this.#errors = 0;
    this.#known = undefined;
  }

  /** Reserves fields. False if fewer are left: then it reserves none. */
  take(fields: number): boolean {
    if (fields > this.#fieldsLeft) return false;
    this.#fieldsLeft -= fields;
    return true;
  }

  /** How many fields are reserved so far. */
  get fields(): number {
    return this.limits.maxAnswerFields - this.#fieldsLeft;
  }

  /** The error for an operation or a list that exceeds the limit. */
  get excess(): ContactsError {
    return (this.#excess ??= limitExceeded('MAX_ANSWER_FIELDS', this.limits.maxAnswerFields));
  }

  /** Whether there were more errors than an answer may hold. The fields of the others are null. */
  get isTruncated(): boolean {
    return this.#errors > MAX_ERRORS;
  }

  /**
   * Adds the path and the location in the document to an error. Null once the answer has too many errors, unless the field is
   * non-null. By itself, graphql-js would capture a stack and scan the document for each error.
   */
  error(error: unknown, { fieldNodes, path, returnType }: GraphQLResolveInfo, item?: number): GraphQLError | null {
    if (++this.#errors > MAX_ERRORS && (item !== undefined || !isNonNullType(returnType))) return null;
    const keys = item === undefined ? keysOf(path) : [...keysOf(path), item];
    return Object.assign(Object.create(this.#templateOf(error, fieldNodes)) as GraphQLError, { path: keys });
  }

  /**
   * Gives the error to the first item of a list, and null to the others. The same nodes mean the same field of the operation.
   * Items can be resolved in any order, so the error moves if an earlier item follows.
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

  /**
   * Returns the items at once if this turn of the event loop has room for their fields. Otherwise they wait, long lists in
   * slices of one turn each.
   */
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
      // A slice queues when the slice before has its turn, so that other lists can go in between.
      turn = first === 0 ? take() : (turn ?? Promise.resolve()).then(take);
      for (const item of slice) paced.push(turn ? turn.then(() => this.#unlessAbandoned(item)) : item);
    }
    return paced;
  }

  /** Returns a single value when its turn comes. */
  inTurn(value: unknown, fields: number): unknown {
    const turn = this.#turns.take(this.#costOf(fields));
    return turn ? turn.then(() => this.#unlessAbandoned(value)) : value;
  }

  #unlessAbandoned(value: unknown): unknown {
    return this.#isAbandoned ? null : value;
  }

  #costOf(fields: number): number {
    // At least 1: an item may also have to load a list.
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
    // Compiled code repeats the nodes of a fragment for each spread. getLocation would read the document from its first line.
    const tokens = new Set(nodes.flatMap(({ loc }) => loc?.startToken ?? []));
    locations.set(nodes, (known = Array.from(tokens, ({ line, column }) => ({ line, column }))));
  }
  return known;
}

function keysOf(path: Path): (string | number)[] {
  const keys: (string | number)[] = [];
  for (let at: Path | undefined = path; at; at = at.prev) keys.unshift(at.key);
  return keys;
}

/** Whether a path comes before another path of the same field. The outermost list index that differs decides. */
function isBefore(path: Path, other: Path): boolean {
  let before = false;
  let at: Path | undefined = path;
  for (let beside: Path | undefined = other; at && beside; at = at.prev, beside = beside.prev) if (at.key !== beside.key) before = at.key < beside.key;
  return before;
}
