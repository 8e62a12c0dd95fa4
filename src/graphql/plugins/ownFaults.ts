import type { ApolloServerPlugin } from '@apollo/server';
import { ContactsError } from '../../errors.js';
import { framesOf, type Log } from '../../telemetry/log.js';
import type { Context } from '../context.js';
import { knownError, originOf } from '../formatError.js';

/** Logs where a fault of our own began. One line per operation, even if several fields failed. */
export function ownFaults(log: Log): ApolloServerPlugin<Context> {
  const report = (error: unknown): void => log.error('An operation met an error of our own.', { frames: framesOf(causeOf(error)) });
  return {
    // Thrown by a plugin, for instance while an operation is planned.
    unexpectedErrorProcessingRequest: async ({ error }) => report(error),
    requestDidStart: async () => ({
      didEncounterErrors: async ({ errors }) => {
        const own = errors.find((error) => knownError(error, error).code === 'INTERNAL_SERVER_ERROR');
        if (own) report(own);
      },
    }),
  };
}

function causeOf(error: unknown): unknown {
  const origin = originOf(error);
  return (origin instanceof ContactsError && origin.cause) || origin;
}
