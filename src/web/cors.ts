import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isGraphqlPath, vary } from './replies.js';

export interface CorsOptions {
  /** As browsers send them. A port of `*` stands for any port. */
  readonly corsOrigins: readonly string[];
  /** Whether pages may ask for the upstream calls of an operation. */
  readonly graphiql: boolean;
}

const ANY_PORT = ':*';

/** What pages may send besides what every page may. Not the router's secret: no page should know it. */
const HEADERS = ['content-type', 'authorization', 'apollographql-client-name', 'apollographql-client-version', 'traceparent'];
/** How long a browser remembers the answer to a preflight request. Chrome forgets it after two hours. */
const MAX_AGE_SECONDS = 7_200;

/**
 * Lets pages of these origins read the answers of `/graphql`, refusals included. Call it before the hooks that refuse
 * requests: browsers send neither token nor secret with a preflight request. `@fastify/cors` adds its headers to every path,
 * also to the metrics.
 */
export function allowOrigins(app: FastifyInstance, { corsOrigins, graphiql }: CorsOptions): void {
  if (corsOrigins.length === 0) return;
  const origins = new Set(corsOrigins.filter((origin) => !origin.endsWith(ANY_PORT)));
  const hosts = new Set(corsOrigins.filter((origin) => origin.endsWith(ANY_PORT)).map((origin) => origin.slice(0, -ANY_PORT.length)));
  const isAllowed = (origin: string): boolean => origins.has(origin) || hosts.has(origin.replace(/:\d{1,5}$/, ''));
  const preflight = {
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': (graphiql ? [...HEADERS, 'x-upstream-calls'] : HEADERS).join(', '),
    'access-control-max-age': MAX_AGE_SECONDS,
  };
  app.addHook('onRequest', async (request, reply) => {
    if (!isGraphqlPath(request)) return;
    vary(reply, 'origin');
    const { origin } = request.headers;
    if (origin === undefined || !isAllowed(origin)) return;
    reply.headers({ 'access-control-allow-origin': origin, 'access-control-expose-headers': 'retry-after' });
    if (isPreflight(request)) return reply.code(204).headers(preflight).send();
  });
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}
