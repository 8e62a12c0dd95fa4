import { Kind, type DocumentNode, type ExecutionResult, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { compileQuery, isCompiledQuery, type CompilerOptions } from 'graphql-jit';
import { LRUCache } from 'lru-cache';
import type { Context } from './context.js';
import { conditionsOf, specialise, type Conditions } from './specialise.js';

type Variables = Readonly<Record<string, unknown>> | undefined;

/** An operation, compiled. */
export type Run = (root: undefined, context: Context, variables: Variables) => ExecutionResult | Promise<ExecutionResult>;

export interface CompiledOperationsOptions {
  readonly schema: GraphQLSchema;
  /** Milliseconds that only grow. */
  readonly now: () => number;
}

interface Known {
  /** The variables that decide which fields are included. */
  readonly conditions: readonly string[];
  /** By what these variables are worth; null for those seen once. */
  readonly runs: Map<string, Run | null>;
}

const MOST_OPERATIONS = 500;
const MOST_RUNS = 8;

/** Compiling may take this part of the time, so that nobody can keep us busy with operations that come twice only. */
const PART_OF_TIME = 0.05;
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
  readonly #known = new LRUCache<OperationDefinitionNode, Known>({ max: MOST_OPERATIONS });
  #savedMs = MOST_SAVED_MS;
  #savedAtMs: number;

  constructor(options: CompiledOperationsOptions) {
    this.#options = options;
    this.#savedAtMs = options.now();
  }

  /** The operation, ready to run; undefined if it is not compiled. It is known by its node, which must be the same one each time. */
  find(document: DocumentNode, operation: OperationDefinitionNode, variables: Variables): Run | undefined {
    let known = this.#known.get(operation);
    if (!known) this.#known.set(operation, (known = { conditions: conditionsOf(document), runs: new Map() }));
    const conditions = valuesOf(known.conditions, operation, variables);
    if (!conditions) return undefined;
    const key = known.conditions.length === 0 ? '' : JSON.stringify(conditions);
    const run = known.runs.get(key);
    if (run) return run;
    if (run === undefined) {
      if (known.runs.size < MOST_RUNS) known.runs.set(key, null);
      return undefined;
    }
    const compiled = this.#compile(document, operation, conditions);
    if (compiled) known.runs.set(key, compiled);
    return compiled;
  }

  #compile(document: DocumentNode, operation: OperationDefinitionNode, conditions: Conditions): Run | undefined {
    const startedAtMs = this.#options.now();
    this.#savedMs = Math.min(MOST_SAVED_MS, this.#savedMs + (startedAtMs - this.#savedAtMs) * PART_OF_TIME);
    this.#savedAtMs = startedAtMs;
    if (this.#savedMs <= 0) return undefined;
    const special = specialise(document, operation, conditions);
    const compiled = special && compileQuery<Record<string, unknown>>(this.#options.schema, special, undefined, COMPILER);
    this.#savedMs -= this.#options.now() - startedAtMs;
    return compiled && isCompiledQuery(compiled) ? (compiled.query as Run) : undefined;
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
