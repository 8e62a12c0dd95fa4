import type { ApolloServer } from '@apollo/server';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ContactsError } from '../errors.js';
import type { Context } from '../graphql/context.js';
import type { Life } from '../life.js';
import type { Callers } from './callers.js';

export interface OperationOptions {
  readonly server: ApolloServer<Context>;
  readonly callers: Callers;
  readonly createContext: (scopes: ReadonlySet<string>, life: Life) => Context;
  readonly timeoutMs: number;
}

/** `POST /graphql`: one operation a request, as JSON. */
export function operationRoutes(app: FastifyInstance, { server, callers, createContext, timeoutMs }: OperationOptions): void {
  const scopesOfRequests = new WeakMap<object, ReadonlySet<string>>();
  app.post('/graphql', {
    // Before the body is read: a bad token costs us nothing more.
    onRequest: async (request) => {
      scopesOfRequests.set(request, await callers(request.headers.authorization));
    },
    onSend: async (_request, reply) => {
      reply.header('cache-control', 'private, no-store');
      reply.header('vary', 'authorization');
    },
    handler: fastifyApolloHandler(server, {
      context: async (request, reply) => createContext(scopesOfRequests.get(request)!, lifeOf(reply, timeoutMs)),
    }),
  });
}

/** Ends with the deadline, or when the caller goes away. */
function lifeOf(reply: FastifyReply, timeoutMs: number): Life {
  const controller = new AbortController();
  const end = (): void => controller.abort(new ContactsError('UPSTREAM_TIMEOUT'));
  const deadline = setTimeout(end, timeoutMs);
  reply.raw.once('close', () => {
    clearTimeout(deadline);
    end();
  });
  return { signal: controller.signal, endsAtMs: performance.now() + timeoutMs };
}
