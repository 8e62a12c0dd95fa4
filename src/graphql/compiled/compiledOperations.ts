import { Kind, type DocumentNode, type ExecutionResult, type GraphQLSchema, type OperationDefinitionNode, type TypeNode } from 'graphql';
import { compileQuery, isCompiledQuery, type CompilerOptions } from 'graphql-jit';
import { LRUCache } from 'lru-cache';
import type { Context } from '../context.js';
import { bytesOf } from '../documentStore.js';
import { isCompilable } from './compilable.js';
import { conditionsOf, specialise, type Conditions } from './specialise.js';

type Variables = Readonly<Record<string, unknown>>;

/** A compiled operation. */
export type Run = (root: undefined, context: Context, variables: Variables) => ExecutionResult | Promise<ExecutionResult>;

export interface CompiledOperationsOptions {
  /** Not shared: if another plugin wraps its resolvers, compiled code keeps the wrappers. */
  readonly schema: GraphQLSchema;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** The share of time that compiling may take. */
  readonly compilingShare?: number | undefined;
}

/** The state of an operation that was requested before. */
interface Known {
  /** The variables that decide which fields are included. */
  readonly conditions: readonly string[];
  /** By the values of these variables. 'seen': requested once. Null: graphql-js runs it. */
  readonly runs: Map<string, Run | 'seen' | null>;
}

const MAX_RUNS = 8;
/** Over all operations. Compiled code takes about a kilobyte per selection, and keeps the document. */
const MAX_KILOBYTES = 20_000;

/** The share of time that compiling may take. Otherwise operations that come only twice could keep the process busy. */
const COMPILING_SHARE = 0.05;
const MOST_SAVED_MS = 500;

const COMPILER: Partial<CompilerOptions> = {
  // Models already hold values of the right types. Custom scalars keep their serialiser.
  disableLeafSerialization: true,
  disablingCapturingStackErrors: true,
};

/**
 * Compiles an operation when it is requested the second time, once for each combination of its @skip and @include variables.
 * Evicts the least recently used.
 */
export class CompiledOperations {
  readonly #options: CompiledOperationsOptions;
  /** Keyed by AST node: relies on the document store, which returns the same node for a repeated document. */
  readonly #known = new WeakMap<OperationDefinitionNode, Known>();
  readonly #compiled = new LRUCache<Run, { readonly weight: number; readonly forget: () => void }>({
    maxSize: MAX_KILOBYTES,
    sizeCalculation: ({ weight }) => Math.ceil(weight),
    dispose: ({ forget }) => forget(),
  });
  #savedMs = MOST_SAVED_MS;
  #savedAtMs: number;

  constructor(options: CompiledOperationsOptions) {
    this.#options = options;
    this.#savedAtMs = options.now();
  }

  /** The compiled operation. Undefined if graphql-js must run it. */
  find(document: DocumentNode, operation: OperationDefinitionNode, variables: Variables): Run | undefined {
    if (!areOfTheirTypes(operation, variables)) return undefined;
    let known = this.#known.get(operation);
    if (!known) this.#known.set(operation, (known = firstSight(document)));
    const conditions = valuesOf(known.conditions, operation, variables);
    if (!conditions) return undefined;
    const key = known.conditions.length === 0 ? ALWAYS : JSON.stringify(conditions);
    const run = known.runs.get(key);
    if (run === undefined && known.runs.size < MAX_RUNS) known.runs.set(key, 'seen');
    if (run === 'seen') return this.#compile(document, operation, conditions, known.runs, key);
    if (run) this.#compiled.get(run);
    return run ?? undefined;
  }

  #compile(document: DocumentNode, operation: OperationDefinitionNode, conditions: Conditions, runs: Known['runs'], key: string): Run | undefined {
    const { schema, now, compilingShare = COMPILING_SHARE } = this.#options;
    const startedAtMs = now();
    this.#savedMs = Math.min(MOST_SAVED_MS, this.#savedMs + (startedAtMs - this.#savedAtMs) * compilingShare);
    this.#savedAtMs = startedAtMs;
    if (this.#savedMs <= 0) return undefined;
    const special = specialise(document, operation, conditions);
    const compiled = special && compileQuery<Record<string, unknown>>(schema, special.document, undefined, COMPILER);
    this.#savedMs -= now() - startedAtMs;
    const run = compiled && isCompiledQuery(compiled) ? (compiled.query as Run) : null;
    runs.set(key, run);
    if (special && run) this.#compiled.set(run, { weight: special.selections + bytesOf(document) / 1_000, forget: () => runs.delete(key) });
    return run ?? undefined;
  }
}

/** The key of the run of an operation without conditions. */
const ALWAYS = '';

function firstSight(document: DocumentNode): Known {
  return isCompilable(document) ? { conditions: conditionsOf(document), runs: new Map() } : { conditions: [], runs: new Map([[ALWAYS, null]]) };
}

/**
 * Whether the items of each list among the variables are of its type. graphql-jit makes an error for each that is not, and some
 * of these quote the whole list: thousands of them take seconds, or gigabytes. graphql-js reports five.
 */
function areOfTheirTypes({ variableDefinitions = [] }: OperationDefinitionNode, variables: Variables): boolean {
  return variableDefinitions.every(({ variable, type }) => {
    const value = variables[variable.name.value];
    return !Array.isArray(value) || value.every(nameIn(type) === '_Any' ? isAny : isId);
  });
}

const nameIn = (type: TypeNode): string => (type.kind === Kind.NAMED_TYPE ? type.name.value : nameIn(type.type));
const isAny = (value: unknown): boolean => value !== null;
const isId = (value: unknown): boolean => typeof value === 'string' || Number.isInteger(value);

const NONE: Conditions = {};

/** The values of the conditions in this request. Undefined if one of them is not a boolean: graphql-js reports the error. */
function valuesOf(names: readonly string[], { variableDefinitions = [] }: OperationDefinitionNode, variables: Variables): Conditions | undefined {
  if (names.length === 0) return NONE;
  const values: Record<string, boolean> = {};
  for (const { variable, defaultValue } of variableDefinitions) {
    const name = variable.name.value;
    if (!names.includes(name)) continue;
    const value = !Object.hasOwn(variables, name) || variables[name] === undefined ? defaultValue?.kind === Kind.BOOLEAN && defaultValue.value : variables[name];
    if (typeof value !== 'boolean') return undefined;
    values[name] = value;
  }
  return values;
}
