import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
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
import { inlineTraces } from './plugins/inlineTraces.js';
import { operationReports, type OnOperation } from './plugins/operationReports.js';
import { ownFaults } from './plugins/ownFaults.js';
import type { PlanOptions } from './plan/planOperation.js';
import { upstreamPlans } from './plugins/upstreamPlans.js';
import { knownOperationTypes, noListsInObjects } from './rules.js';
import { createSchema } from './schema.js';

export interface GraphqlServerOptions {
  /** The schema's source text. */
  readonly typeDefs: string;
  /** Whether the schema is open: introspection, and graphql-js's own messages about invalid documents. */
  readonly introspection: boolean;
  readonly limits: Limits;
  /** The largest answer, in bytes. */
  readonly maxAnswerBytes: number;
  /** Whether repeated operations are compiled. */
  readonly compile: boolean;
  /** The share of time that compiling may take. */
  readonly compilingShare?: number | undefined;
  /** How long routers may cache answers. 0: not at all. */
  readonly maxAgeSeconds: number;
  /** What plans of upstream calls count with. Undefined: no operation is planned. */
  readonly plans?: PlanOptions | undefined;
  readonly log: Log;
  readonly onOperation: OnOperation;
}

/** How much one operation may ask for. */
export interface Limits extends DocumentLimits, OperationLimits {
  readonly maxTokens: number;
}

/** Apollo Server over our schema. Sets every default that could open, report or leak something. */
export function createGraphqlServer({ typeDefs, introspection, limits, maxAnswerBytes, compile, compilingShare, maxAgeSeconds, plans, log, onOperation }: GraphqlServerOptions): ApolloServer<Context> {
  const schema = createSchema(typeDefs);
  const longAnswers = new WeakSet();
  return new ApolloServer<Context>({
    schema,
    introspection,
    // Stryker disable next-line StringLiteral: with another value errors have stack traces, and formatError lets none through
    nodeEnv: 'production',
    parseOptions: { maxLexicalTokens: limits.maxTokens },
    validationRules: [knownOperationTypes, noListsInObjects, documentLimits(limits)],
    // One document, or its variables, can cause a thousand errors.
    validationOptions: { maxErrors: 5, hideSuggestions: !introspection },
    executionOptions: { maxCoercionErrors: 5 },
    documentStore: createDocumentStore(),
    persistedQueries: false,
    // `src/web` accepts only JSON, and browsers send no JSON to another site without a CORS preflight.
    csrfPrevention: false,
    stringifyResult: (result) => answerText(result, maxAnswerBytes, longAnswers.has(result.data ?? {})),
    stopOnTerminationSignals: false,
    // `hideSuggestions` does that. Apollo Server would search the messages for suggestions, with a regular expression that takes
    // seconds where a message quotes a text of the caller.
    hideSchemaDetailsFromClientErrors: false,
    formatError: createFormatError(introspection),
    // Apollo Server's log lines may quote errors. `ownFaults` logs what matters.
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    plugins: [
      // These two first: Apollo Server asks the plugins for an answer one after the other, and awaits each.
      ...(plans ? [upstreamPlans(schema, plans, introspection)] : []),
      ...(compile ? [compiledExecution({ schema: catchFaults(createSchema(typeDefs)), now: () => performance.now(), compilingShare, introspection })] : []),
      // Before the plugins that read an answer's errors.
      operationLimits(limits, new AnswerFields(schema), (data) => longAnswers.add(data)),
      operationReports(onOperation),
      ownFaults(log),
      ...(maxAgeSeconds > 0 ? [cacheHints(schema, maxAgeSeconds)] : []),
      // Costs more than everything else (docs/performance.md), and no resolver here gives hints.
      ApolloServerPluginCacheControlDisabled(),
      // After `operationLimits`, which counts the fields.
      inlineTraces(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
}
