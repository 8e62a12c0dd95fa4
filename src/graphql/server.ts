import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { GraphQLSchema } from 'graphql';
import { ContactsError } from '../errors.js';
import { framesOf, type Log } from '../telemetry/log.js';
import type { Context } from './context.js';
import { formatError } from './formatError.js';
import { knownOperationTypes } from './rules.js';

/** Apollo Server over our schema, with nothing left to its defaults that could open, report or leak something. */
export function createGraphqlServer(schema: GraphQLSchema, introspection: boolean, log: Log): ApolloServer<Context> {
  return new ApolloServer<Context>({
    schema,
    introspection,
    nodeEnv: 'production',
    validationRules: [knownOperationTypes],
    persistedQueries: false,
    stopOnTerminationSignals: false,
    hideSchemaDetailsFromClientErrors: true,
    formatError: (formatted, error) => {
      const served = formatError(formatted, error);
      if (served.extensions.code === 'INTERNAL_SERVER_ERROR') log.error('An operation met an error of our own.', { frames: framesOf(origin(error)) });
      return served;
    },
    // Apollo Server's own lines may quote errors; what matters of them is logged above.
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    plugins: [
      // Two and a half times the cost of everything else, for hints that nothing here gives.
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
}

/** The error at the bottom of an error. */
function origin(error: unknown): unknown {
  const next = (error as { originalError?: unknown } | null)?.originalError ?? (error instanceof ContactsError ? error.cause : undefined);
  return next === undefined ? error : origin(next);
}
