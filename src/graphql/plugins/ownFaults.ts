import type { ApolloServerPlugin } from '@apollo/server';
import { ContactsError } from '../../errors.js';
import { framesOf, type Log } from '../../telemetry/log.js';
import type { Context } from '../context.js';
import { knownError, originOf } from '../formatError.js';

/** Logs where a fault of our own began. One line per operation, even if several fields failed. */
export function ownFaults(log: Log): ApolloServerPlugin<Context> {
  return {
    requestDidStart: async () => ({
      didEncounterErrors: async ({ errors }) => {
        const own = errors.find((error) => knownError(error, error.extensions).code === 'INTERNAL_SERVER_ERROR');
        if (own) log.error('An operation met an error of our own.', { frames: framesOf(causeOf(own)) });
      },
    }),
  };
}

function causeOf(error: unknown): unknown {
  const origin = originOf(error);
  return (origin instanceof ContactsError && origin.cause) || origin;
}
