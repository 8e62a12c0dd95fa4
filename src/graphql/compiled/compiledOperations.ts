import { Kind, type DocumentNode, type ExecutionResult, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { compileQuery, isCompiledQuery, type CompilerOptions } from 'graphql-jit';
import { LRUCache } from 'lru-cache';
import type { Context } from '../context.js';
import { isCompilable } from './compilable.js';
import { conditionsOf, specialise, type Conditions } from './specialise.js';

type Variables = Readonly<Record<string, unknown>> | undefined;

/** An operation, compiled. */
export type Run = (root: undefined, context: Context, variables: Variables) => ExecutionResult | Promise<ExecutionResult>;

export interface CompiledOperationsOptions {
  /** An object of its own, which no other plugin touches: compiled code would keep the wrapping of its resolvers. */
  readonly schema: GraphQLSchema;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** The part of the time that compiling may take. */
  readonly compilingShare?: number | undefined;
}

interface Known {
  /** The variables that decide which fields are included. */
  readonly conditions: readonly string[];
  /** By what these variables are worth; null for those seen once, and for what cannot be compiled. */
  readonly runs: Map<string, Run | 'seen' | null>;
  /** The selections in all of its runs. */
  readonly selections: number;
}

const MOST_OPERATIONS = 500;
const MOST_RUNS = 8;
/** Of all operations together: compiled code takes about a kilobyte for each. */
const MOST_SELECTIONS = 20_000;

/** Compiling may take this part of the time, so that nobody can keep us busy with operations that come twice only. */
const COMPILING_SHARE = 0.05;
const MOST_SAVED_MS = 500;

const COMPILER: Partial<CompilerOptions> = {
  // What the models hold is of the right types already. Scalars of our own keep their serialiser.
  disableLeafSerialization: true,
  disablingCapturingStackErrors: true,
};

/**
 * The operations that are asked for again and again, each compiled at its second sight, for each set of fields that its
 * conditions leave. The least used ones go first.
 */
export class CompiledOperations {
  readonly #options: CompiledOperationsOptions;
  readonly #known = new LRUCache<OperationDefinitionNode, Known>({ max: MOST_OPERATIONS, maxSize: MOST_SELECTIONS, sizeCalculation: ({ selections }) => 1 + selections });
  #savedMs = MOST_SAVED_MS;
  #savedAtMs: number;

  constructor(options: CompiledOperationsOptions) {
    this.#options = options;
    this.#savedAtMs = options.now();
  }

  /** The operation, ready to run; undefined if graphql-js has to. Keyed by its AST node: Apollo Server keeps those of documents that come again. */
  find(document: DocumentNode, operation: OperationDefinitionNode, variables: Variables): Run | undefined {
    let known = this.#known.get(operation);
    if (!known) {
      known = { conditions: conditionsOf(document), runs: new Map(), selections: 0 };
      // One run without conditions, which is none.
      if (!isCompilable(document)) known = { conditions: [], runs: new Map([['', null]]), selections: 0 };
      this.#known.set(operation, known);
    }
    const conditions = valuesOf(known.conditions, operation, variables);
    if (!conditions) return undefined;
    const key = known.conditions.length === 0 ? '' : JSON.stringify(conditions);
    const run = known.runs.get(key);
    if (run === undefined && known.runs.size < MOST_RUNS) known.runs.set(key, 'seen');
    if (run !== 'seen') return run ?? undefined;
    return this.#compile(document, operation, conditions, known, key);
  }

  #compile(document: DocumentNode, operation: OperationDefinitionNode, conditions: Conditions, known: Known, key: string): Run | undefined {
    const startedAtMs = this.#options.now();
    const { compilingShare = COMPILING_SHARE } = this.#options;
    this.#savedMs = Math.min(MOST_SAVED_MS, this.#savedMs + (startedAtMs - this.#savedAtMs) * compilingShare);
    this.#savedAtMs = startedAtMs;
    if (this.#savedMs <= 0) return undefined;
    const special = specialise(document, operation, conditions);
    const compiled = special && compileQuery<Record<string, unknown>>(this.#options.schema, special.document, undefined, COMPILER);
    this.#savedMs -= this.#options.now() - startedAtMs;
    const run = compiled && isCompiledQuery(compiled) ? (compiled.query as Run) : null;
    known.runs.set(key, run);
    if (special && run) this.#known.set(operation, { ...known, selections: known.selections + special.selections });
    return run ?? undefined;
  }
}

const NONE: Conditions = {};

/** What the conditions are worth in this request; undefined where one of them is no boolean, which graphql-js has to tell. */
function valuesOf(names: readonly string[], { variableDefinitions = [] }: OperationDefinitionNode, variables: Variables): Conditions | undefined {
  if (names.length === 0) return NONE;
  const values: Record<string, boolean> = {};
  for (const { variable, defaultValue } of variableDefinitions) {
    const name = variable.name.value;
    if (!names.includes(name)) continue;
    const value = variables?.[name] === undefined ? defaultValue?.kind === Kind.BOOLEAN && defaultValue.value : variables[name];
    if (typeof value !== 'boolean') return undefined;
    values[name] = value;
  }
  return values;
}
