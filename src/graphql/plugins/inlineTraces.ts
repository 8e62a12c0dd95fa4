import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginInlineTrace } from '@apollo/server/plugin/inlineTrace';
import type { Context } from '../context.js';

/** An answer with more fields has no trace. */
export const MAX_TRACED_FIELDS = 2_000;

/**
 * Apollo Server's inline traces (`ftv1`), which any caller can ask for, of answers with few fields. Apollo Server creates
 * several objects per field and encodes the trace in one turn of the event loop: a large one blocked it for half a second.
 */
export function inlineTraces(): ApolloServerPlugin<Context> {
  const plugin = ApolloServerPluginInlineTrace({ includeErrors: { masked: true } });
  return {
    // Includes the id that keeps Apollo Server from adding the plugin itself.
    ...plugin,
    requestDidStart: async (started) => {
      const trace = await plugin.requestDidStart?.(started);
      if (!trace) return;
      const { answer } = started.contextValue;
      // Lists whose length the upstreams decide count only when they arrive.
      const isSmall = (): boolean => answer.fields <= MAX_TRACED_FIELDS;
      return {
        didResolveOperation: async ({ metrics }) => {
          // Compiled code may run it.
          if (!isSmall()) metrics.captureTraces = false;
        },
        executionDidStart: async (execution) => {
          const fields = isSmall() && (await trace.executionDidStart?.(execution));
          return fields ? { willResolveField: (field) => (isSmall() ? fields.willResolveField?.(field) : undefined) } : undefined;
        },
        didEncounterErrors: async (encountered) => (isSmall() ? trace.didEncounterErrors?.(encountered) : undefined),
        willSendResponse: async (sending) => (isSmall() ? trace.willSendResponse?.(sending) : undefined),
      };
    },
  };
}
