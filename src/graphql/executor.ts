import type { ApolloServerOptionsWithGateway } from '@apollo/server';
import { execute, GraphQLError, locatedError, type GraphQLSchema, type SourceLocation } from 'graphql';
import { CompiledOperations } from './compiledOperations.js';
import type { Context } from './context.js';

type Gateway = NonNullable<ApolloServerOptionsWithGateway<Context>['gateway']>;
type Executor = NonNullable<Awaited<ReturnType<Gateway['load']>>['executor']>;

export interface ExecutorOptions {
  /** What Apollo Server validates against. Its plugins wrap the resolvers once somebody asks for a trace. */
  readonly schema: GraphQLSchema;
  /** The same as an object of its own, which nobody wraps. */
  readonly untraced: GraphQLSchema;
  /** Whether operations that come again are compiled. */
  readonly compile: boolean;
  /** Milliseconds that only grow. */
  readonly now: () => number;
}

/**
 * Our executor, through the seam that Apollo Server has for gateways: graphql-jit for operations that came before,
 * graphql-js for the first sight, for traces, and where `compile` is off. Both give the same answers.
 */
export function executorGateway({ schema, untraced, compile, now }: ExecutorOptions): Gateway {
  const operations = new CompiledOperations({ schema: untraced, now });

  const executor: Executor = async ({ document, operation, request, context, metrics }) => {
    const traced = metrics.captureTraces === true;
    const variables = request.variables;
    // There is none where the name fits none: graphql-js says so.
    const run = compile && !traced && (operation as typeof operation | undefined) ? operations.find(document, operation, variables) : undefined;
    if (run) {
      const result = await run(undefined, context as Context, variables);
      if (!result.errors) return result;
      // Without any data the two would tell different errors, of the variables or of fields that were lost with the rest.
      // What was loaded already is not loaded again.
      if (result.data) return { data: result.data, errors: result.errors.map(rebuilt) };
    }
    return execute({ schema: traced ? schema : untraced, document, contextValue: context, variableValues: variables, operationName: request.operationName });
  };

  return {
    onSchemaLoadOrUpdate: (callback) => {
      callback({ apiSchema: schema, coreSupergraphSdl: '' });
      return () => {};
    },
    load: async () => ({ executor }),
    stop: async () => {},
  };
}

/** graphql-jit's errors pass for GraphQLErrors but lack parts of them, on which Apollo Server stumbles. */
function rebuilt({ message, path, locations, originalError }: GraphQLError): GraphQLError {
  const error = locatedError(originalError ?? new GraphQLError(message), undefined, path);
  return error.locations ? error : Object.assign(error, { locations: locations && distinct(locations) });
}

/** A fragment that is spread twice is one place for graphql-js, but was inlined twice. */
function distinct(locations: readonly SourceLocation[]): readonly SourceLocation[] {
  return locations.filter(({ line, column }, i) => i === locations.findIndex((other) => other.line === line && other.column === column));
}
