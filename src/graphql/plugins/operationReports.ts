import type { ApolloServerPlugin } from '@apollo/server';
import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { OperationOutcome } from '../../telemetry/metrics.js';
import type { Context } from '../context.js';
import { shownCalls } from './upstreamCalls.js';

/** Called for each operation before its answer is sent. `name` is null if the operation did not run or has none. `traceparent` is that of its trace. */
export type OnOperation = (name: string | null, outcome: OperationOutcome, seconds: number, traceparent: string | undefined) => void;

/** Reports the outcome of an operation to the metrics, the trace, and GraphiQL's panel. */
export function operationReports(onOperation: OnOperation): ApolloServerPlugin<Context> {
  return {
    requestDidStart: async () => {
      const beganAtMs = performance.now();
      return {
        willSendResponse: async ({ response, contextValue, operationName }) => {
          if (response.body.kind !== 'single' || contextValue.observers.isPlanned) return;
          const result = response.body.singleResult;
          const outcome = outcomeOf(result);
          const name = result.data === undefined ? null : (operationName ?? null);
          const { trace, waits, showsCalls } = contextValue.observers;
          onOperation(name, outcome, (performance.now() - beganAtMs) / 1_000, trace?.traceparent);
          if (!waits) return;
          trace?.end({ name, outcome, status: response.http.status ?? 200, errorCode: codeOf(result.errors?.[0]), waits });
          if (showsCalls) result.extensions = { ...result.extensions, upstreamCalls: shownCalls(waits, beganAtMs) };
        },
      };
    },
  };
}

function codeOf(error: GraphQLFormattedError | undefined): string | undefined {
  const code = error?.extensions?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Faults of the caller: no operator can mend them. */
const OF_CALLERS = new Set<unknown>(['BAD_USER_INPUT', 'LIMIT_EXCEEDED']);

function outcomeOf({ data, errors }: Pick<ExecutionResult, 'data'> & { readonly errors?: readonly GraphQLFormattedError[] | undefined }): OperationOutcome {
  if (data === undefined) return 'refused';
  if (data === null) return errors?.every((error) => OF_CALLERS.has(codeOf(error))) ? 'refused' : 'failed';
  return errors && errors.length > 0 ? 'partial' : 'ok';
}
