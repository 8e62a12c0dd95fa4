import { getLocation, GraphQLError, type FieldNode, type GraphQLResolveInfo, type SourceLocation } from 'graphql';
import { limitExceeded, MAX_ERRORS, type ContactsError } from '../../errors.js';
import { FIELDS_A_TURN, type Turns } from './turns.js';

export interface AnswerLimits {
  /** The fields that an answer can have. */
  readonly maxAnswerFields: number;
  /** The ids that one field takes. */
  readonly maxIds: number;
}

/** graphql-jit resolves a field in a fifth of the time that graphql-js takes. */
const COMPILED_SPEED = 5;

/** What the answer to one operation may still hold, fields and errors. Made for one operation. */
export class AnswerBudget {
  readonly #turns: Turns;
  readonly #locations = new Map<readonly FieldNode[], readonly SourceLocation[]>();
  /** For each field the error that it had last, without a path. */
  readonly #templates = new Map<readonly FieldNode[], GraphQLError>();
  readonly #told = new Set<readonly FieldNode[]>();
  #fieldsAtStart: number;
  #fieldsLeft: number;
  #errors = 0;
  #isCompiled = false;

  constructor(
    readonly limits: AnswerLimits,
    turns: Turns,
  ) {
    this.#turns = turns;
    this.#fieldsLeft = this.#fieldsAtStart = limits.maxAnswerFields;
  }

  /** Whether the lists of an operation that begins now would have to wait for long. */
  get isCrowded(): boolean {
    return this.#turns.areCrowded;
  }

  /** Takes the fields that are known before the operation runs. False if they are too many. */
  begin(fields: number): boolean {
    const fits = this.take(fields);
    this.#fieldsAtStart = this.#fieldsLeft;
    return fits;
  }

  /** To be called before the operation is executed, by compiled code or, if that had no answer, by graphql-js. */
  execute(isCompiled: boolean): void {
    this.#isCompiled = isCompiled;
    this.#fieldsLeft = this.#fieldsAtStart;
    this.#errors = 0;
    this.#told.clear();
  }

  /** Takes so many fields from the budget. False if fewer are left; then nothing is taken. */
  take(fields: number): boolean {
    if (fields > this.#fieldsLeft) return false;
    this.#fieldsLeft -= fields;
    return true;
  }

  /** The refusal of a list that is longer than the budget. */
  get excess(): ContactsError {
    return limitExceeded('MAX_ANSWER_FIELDS', this.limits.maxAnswerFields);
  }

  /** Whether there were more errors than an answer may have. The others are null. */
  get isTruncated(): boolean {
    return this.#errors > MAX_ERRORS;
  }

  /**
   * An error as the answer shows it, with its path and its place in the document; null once there are too many. Left to
   * itself graphql-js would take a stack for each error, and scan the document for the line.
   */
  error(error: unknown, { fieldNodes, path }: GraphQLResolveInfo, item?: number): GraphQLError | null {
    if (++this.#errors > MAX_ERRORS) return null;
    const keys: (string | number)[] = item === undefined ? [] : [item];
    for (let at: typeof path | undefined = path; at; at = at.prev) keys.unshift(at.key);
    return Object.assign(Object.create(this.#templateOf(error, fieldNodes)) as GraphQLError, { path: keys });
  }

  /** The error for the first item of a list, null for the others: the same nodes are the same field of the operation. */
  errorOnce(error: ContactsError, info: GraphQLResolveInfo): GraphQLError | null {
    if (this.#told.has(info.fieldNodes)) return null;
    this.#told.add(info.fieldNodes);
    return this.error(error, info);
  }

  /** The items: at once where this turn of the event loop has room for their fields, else in slices, each in its turn. */
  inTurns(items: readonly unknown[], fieldsOfItem: number): readonly unknown[] | Promise<readonly unknown[]> {
    const cost = Math.max(1, fieldsOfItem) / (this.#isCompiled ? COMPILED_SPEED : 1);
    const itemsATurn = Math.max(1, Math.floor(FIELDS_A_TURN / cost));
    if (items.length <= itemsATurn) {
      const turn = this.#turns.take(items.length * cost);
      return turn ? turn.then(() => items) : items;
    }
    const paced: unknown[] = [];
    for (let first = 0; first < items.length; first += itemsATurn) {
      const slice = items.slice(first, first + itemsATurn);
      const turn = this.#turns.take(slice.length * cost);
      for (const item of slice) paced.push(turn ? turn.then(() => item) : item);
    }
    return paced;
  }

  #templateOf(error: unknown, nodes: readonly FieldNode[]): GraphQLError {
    const known = this.#templates.get(nodes);
    if (known && known.originalError === error) return known;
    const originalError = error instanceof Error ? error : new Error('Something other than an error was thrown.', { cause: error });
    const template = Object.assign(new GraphQLError(originalError.message, { originalError }), { locations: this.#locationsOf(nodes) });
    this.#templates.set(nodes, template);
    return template;
  }

  #locationsOf(nodes: readonly FieldNode[]): readonly SourceLocation[] {
    let known = this.#locations.get(nodes);
    if (!known) {
      // Compiled code has the nodes of a fragment once for each place where it is spread.
      const starts = new Map(nodes.flatMap(({ loc }) => (loc ? [[loc.start, loc.source] as const] : [])));
      this.#locations.set(nodes, (known = [...starts].map(([start, source]) => getLocation(source, start))));
    }
    return known;
  }
}
