import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloServerPluginInlineTrace } from '@apollo/server/plugin/inlineTrace';
import type { Log } from '../telemetry/log.js';
import { answerText } from './answerText.js';
import { cacheHints } from './plugins/cacheHints.js';
import { catchFaults } from './compiled/catchFaults.js';
import { compiledExecution } from './compiled/compiledExecution.js';
import type { Context } from './context.js';
import { createDocumentStore } from './documentStore.js';
import { createFormatError } from './formatError.js';
import { AnswerFields } from './limits/answerFields.js';
import { documentLimits, type DocumentLimits } from './limits/documentLimits.js';
import { operationLimits, type OperationLimits } from './limits/operationLimits.js';
import { operationReports, type OnOperation } from './plugins/operationReports.js';
import { ownFaults } from './plugins/ownFaults.js';
import { knownOperationTypes } from './rules.js';
import { createSchema } from './schema.js';

export interface GraphqlServerOptions {
  /** The schema's source text. */
  readonly typeDefs: string;
  /** Whether the schema is open: introspection, and graphql-js's own messages about what does not fit it. */
  readonly introspection: boolean;
  readonly limits: Limits;
  /** The largest answer, in bytes. */
  readonly maxAnswerBytes: number;
  /** Whether operations that come again are compiled. */
  readonly compile: boolean;
  /** The part of the time that compiling may take. */
  readonly compilingShare?: number | undefined;
  /** How long routers may keep answers; 0: not at all. */
  readonly maxAgeSeconds: number;
  readonly log: Log;
  readonly onOperation: OnOperation;
}

/** How much one operation may ask for. */
export interface Limits extends DocumentLimits, OperationLimits {
  readonly maxTokens: number;
}

/** Apollo Server over our schema, with nothing left to its defaults that could open, report or leak something. */
export function createGraphqlServer({ typeDefs, introspection, limits, maxAnswerBytes, compile, compilingShare, maxAgeSeconds, log, onOperation }: GraphqlServerOptions): ApolloServer<Context> {
  const schema = createSchema(typeDefs);
  const longAnswers = new WeakSet();
  return new ApolloServer<Context>({
    schema,
    introspection,
    nodeEnv: 'production',
    parseOptions: { maxLexicalTokens: limits.maxTokens },
    validationRules: [knownOperationTypes, documentLimits(limits)],
    // A document, or its variables, can hold a thousand errors as easily as one.
    validationOptions: { maxErrors: 5 },
    executionOptions: { maxCoercionErrors: 5 },
    documentStore: createDocumentStore(),
    persistedQueries: false,
    // The web side takes nothing but JSON, which no browser sends to another site without asking first.
    csrfPrevention: false,
    stringifyResult: (result) => answerText(result, maxAnswerBytes, longAnswers.has(result.data ?? {})),
    stopOnTerminationSignals: false,
    hideSchemaDetailsFromClientErrors: !introspection,
    formatError: createFormatError(introspection),
    // Apollo Server's own lines may quote errors; what matters of them is logged above.
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    plugins: [
      // First: Apollo Server asks one after the other for an answer, and waits for each.
      ...(compile ? [compiledExecution({ schema: catchFaults(createSchema(typeDefs)), now: () => performance.now(), compilingShare })] : []),
      // Before what reads the errors of an answer.
      operationLimits(limits, new AnswerFields(schema), (data) => longAnswers.add(data)),
      operationReports(onOperation),
      ownFaults(log),
      ...(maxAgeSeconds > 0 ? [cacheHints(schema, maxAgeSeconds)] : []),
      // Two and a half times the cost of everything else, for hints that nothing here gives.
      ApolloServerPluginCacheControlDisabled(),
      // Does nothing until a router asks for a trace.
      ApolloServerPluginInlineTrace({ includeErrors: { masked: true } }),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
}
