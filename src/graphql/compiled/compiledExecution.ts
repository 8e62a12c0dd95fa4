import { HeaderMap, type ApolloServerPlugin } from '@apollo/server';
import { GraphQLError, locatedError, type ExecutionResult, type SourceLocation } from 'graphql';
import { CompiledOperations, type CompiledOperationsOptions } from './compiledOperations.js';
import type { Context } from '../context.js';
import { createFormatError } from '../formatError.js';

const NO_HEADERS = new HeaderMap();

interface CompiledExecutionOptions extends CompiledOperationsOptions {
  /** Whether the schema is open: errors about variables are then graphql-js's own. */
  readonly introspection: boolean;
}

/**
 * Answers repeated operations with graphql-jit. graphql-js runs an operation the first time it is seen, when it is traced,
 * and when the compiled result has no data or a fault of our own. Both give the same answers, and nothing is loaded twice.
 *
 * It is a plugin because Apollo Server's gateway interface is slow: it creates an object with accessors per request, whose
 * hidden class keeps everything that the request loaded until the next full collection (docs/performance.md).
 */
export function compiledExecution(options: CompiledExecutionOptions): ApolloServerPlugin<Context> {
  const formatError = createFormatError(options.introspection);
  const operations = new CompiledOperations(options);
  return {
    requestDidStart: async () => ({
      responseForOperation: async ({ document, operation, request, contextValue, metrics }) => {
        // A request may say null.
        const variables = request.variables ?? {};
        // Undefined if the document has no operation of the given name.
        const run = metrics.captureTraces === true || !(operation as typeof operation | undefined) ? undefined : operations.find(document, operation, variables);
        if (!run) return null;
        contextValue.answer.execute(true);
        let result: ExecutionResult = {};
        try {
          result = await run(undefined, contextValue, variables);
        } catch {
          // A fault thrown synchronously. graphql-js runs next and reports it.
        }
        // Without data, graphql-jit and graphql-js may report different errors: about variables, or about fields beside a
        // null that propagates. A fault of our own must reach Apollo Server's hooks.
        const errors = result.data && result.errors?.map(rebuilt).map((error) => formatError(error.toJSON(), error));
        if (!result.data || errors?.some(({ extensions }) => extensions.code === 'INTERNAL_SERVER_ERROR')) {
          contextValue.answer.execute(false);
          return null;
        }
        return { http: { headers: NO_HEADERS }, body: { kind: 'single', singleResult: { data: result.data, ...(errors && { errors }) } } };
      },
    }),
  };
}

/** graphql-jit's errors lack parts of a GraphQLError. */
function rebuilt({ message, path, locations, originalError }: GraphQLError): GraphQLError {
  const error = locatedError(originalError ?? new GraphQLError(message), undefined, path);
  return error.locations ? error : Object.assign(error, { locations: locations && distinct(locations) });
}

/** A fragment that is spread twice was inlined twice. graphql-js reports its location once. */
function distinct(locations: readonly SourceLocation[]): readonly SourceLocation[] {
  return locations.filter(({ line, column }, i) => i === locations.findIndex((other) => other.line === line && other.column === column));
}
