import type { ApolloServerPlugin } from '@apollo/server';
import type { ExecutionResult } from 'graphql';
import type { OperationOutcome } from '../../telemetry/metrics.js';
import type { Context } from '../context.js';
import { shownCalls } from './upstreamCalls.js';

/** Called for each operation before its answer is sent. `name` is null if the operation was refused or has none. */
export type OnOperation = (name: string | null, outcome: OperationOutcome, seconds: number) => void;

/** Reports the outcome of an operation to the metrics, the trace, and GraphiQL's panel. */
export function operationReports(onOperation: OnOperation): ApolloServerPlugin<Context> {
  return {
    requestDidStart: async () => {
      const beganAtMs = performance.now();
      return {
        willSendResponse: async ({ response, contextValue, operationName }) => {
          if (response.body.kind !== 'single') return;
          const result = response.body.singleResult;
          const outcome = outcomeOf(result);
          const name = outcome === 'refused' ? null : (operationName ?? null);
          onOperation(name, outcome, (performance.now() - beganAtMs) / 1_000);
          const { trace, waits, showsCalls } = contextValue.observers;
          if (!waits) return;
          trace?.end(name, outcome, waits);
          if (showsCalls) result.extensions = { ...result.extensions, upstreamCalls: shownCalls(waits, beganAtMs) };
        },
      };
    },
  };
}

function outcomeOf({ data, errors }: Pick<ExecutionResult, 'data'> & { readonly errors?: readonly unknown[] | undefined }): OperationOutcome {
  if (data === undefined) return 'refused';
  if (data === null) return 'failed';
  return errors && errors.length > 0 ? 'partial' : 'ok';
}
