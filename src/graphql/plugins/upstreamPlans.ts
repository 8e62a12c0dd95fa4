import { HeaderMap, type ApolloServerPlugin, type GraphQLResponse } from '@apollo/server';
import { GraphQLError, type FormattedExecutionResult, type GraphQLSchema } from 'graphql';
import type { Context } from '../context.js';
import { createFormatError } from '../formatError.js';
import { planOperation, type PlanOptions } from '../plan/planOperation.js';

const NO_HEADERS = new HeaderMap();

/**
 * Answers operations that are to be planned with their plan, in `extensions.upstreamPlan`, and does not run them. If the schema
 * is open, errors about variables have graphql-js's own messages, as when the operation runs.
 */
export function upstreamPlans(schema: GraphQLSchema, options: PlanOptions, isSchemaOpen: boolean): ApolloServerPlugin<Context> {
  const formatError = createFormatError(isSchemaOpen);
  return {
    requestDidStart: async () => ({
      responseForOperation: async ({ document, operation, request, contextValue }) => {
        const { observers, scopes, answer } = contextValue;
        // Undefined if the document has no operation of the given name.
        if (!observers.isPlanned || !(operation as typeof operation | undefined)) return null;
        try {
          const upstreamPlan = await planOperation(schema, { document, operation, variables: request.variables ?? {}, scopes, answer }, options);
          return upstreamPlan ? answerOf({ data: null, extensions: { upstreamPlan } }) : null;
        } catch (error) {
          if (!(error instanceof GraphQLError)) throw error;
          return answerOf({ data: null, errors: [formatError(error.toJSON(), error)] });
        }
      },
    }),
  };
}

function answerOf(singleResult: FormattedExecutionResult): GraphQLResponse {
  return { http: { headers: NO_HEADERS }, body: { kind: 'single', singleResult } };
}
