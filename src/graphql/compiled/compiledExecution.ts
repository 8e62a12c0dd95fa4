import { HeaderMap, type ApolloServerPlugin } from '@apollo/server';
import { GraphQLError, locatedError, type ExecutionResult, type SourceLocation } from 'graphql';
import { CompiledOperations, type CompiledOperationsOptions } from './compiledOperations.js';
import type { Context } from '../context.js';
import { createFormatError } from '../formatError.js';

const NO_HEADERS = new HeaderMap();
// Only valid documents run, so that messages about documents never get here.
const formatError = createFormatError(false);

/**
 * Answers operations that came before with graphql-jit. Apollo Server goes on with graphql-js for the first sight, for
 * traces, and for what only graphql-js can tell: both give the same answers, and what was loaded is not loaded again.
 *
 * Not through the seam for gateways: for each request Apollo Server builds an object with accessors there, whose hidden
 * class keeps all that the request has loaded until the next large collection. That took a quarter of the time.
 */
export function compiledExecution(options: CompiledOperationsOptions): ApolloServerPlugin<Context> {
  const operations = new CompiledOperations(options);
  return {
    requestDidStart: async () => ({
      responseForOperation: async ({ document, operation, request, contextValue, metrics }) => {
        // There is no operation where the name that was given fits none.
        const run = metrics.captureTraces === true || !(operation as typeof operation | undefined) ? undefined : operations.find(document, operation, request.variables);
        if (!run) return null;
        contextValue.answer.execute(true);
        let result: ExecutionResult = {};
        try {
          result = await run(undefined, contextValue, request.variables);
        } catch {
          // A fault that was met at once. graphql-js meets it too, and tells of it.
        }
        const errors = result.errors?.map(rebuilt).map((error) => formatError(error.toJSON(), error));
        // Without any data the two would tell different errors: of the variables, or of fields that were lost with the rest.
        // A fault of our own is for Apollo Server's hooks to hear of.
        if (!result.data || errors?.some(({ extensions }) => extensions.code === 'INTERNAL_SERVER_ERROR')) {
          contextValue.answer.execute(false);
          return null;
        }
        return { http: { headers: NO_HEADERS }, body: { kind: 'single', singleResult: { data: result.data, ...(errors && { errors }) } } };
      },
    }),
  };
}

/** graphql-jit's errors pass for GraphQLErrors but lack parts of them. */
function rebuilt({ message, path, locations, originalError }: GraphQLError): GraphQLError {
  const error = locatedError(originalError ?? new GraphQLError(message), undefined, path);
  return error.locations ? error : Object.assign(error, { locations: locations && distinct(locations) });
}

/** A fragment that is spread twice is one place for graphql-js, but was inlined twice. */
function distinct(locations: readonly SourceLocation[]): readonly SourceLocation[] {
  return locations.filter(({ line, column }, i) => i === locations.findIndex((other) => other.line === line && other.column === column));
}
