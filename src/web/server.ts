import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import type { Metrics } from '../telemetry/metrics.js';
import { refuse, refuseFor, refuseGet } from './replies.js';
import { createRouterCheck } from './routerSecret.js';

export interface WebOptions {
  readonly routerSecrets: readonly string[];
  readonly metrics: Metrics;
  /** Whether requests are welcome: false from the moment that the service is told to stop. */
  readonly isReady: () => boolean;
  /** Whether GraphiQL answers at `GET /graphql`. */
  readonly graphiql: boolean;
}

const MAX_BODY_BYTES = 1_048_576;

/** Open to whoever operates the service, router or not. */
const FOR_OPERATORS = new Set(['/health/live', '/health/ready', '/metrics']);

/** The HTTP side, without the routes of GraphQL: limits, the router's secret, health, metrics and the last word on errors. */
export function createWebServer({ routerSecrets, metrics, isReady, graphiql }: WebOptions): FastifyInstance {
  const app = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: 15_000,
    // Longer than routers keep their connections: the one who closes first must not be us.
    keepAliveTimeout: 65_000,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  });
  // JSON and nothing else.
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler<FastifyError>((error, _request, reply) => refuseFor(error, reply));
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'BAD_REQUEST'));

  const isRouter = createRouterCheck(routerSecrets);
  app.addHook('onRequest', async (request, reply) => {
    if (!isReady()) reply.header('connection', 'close');
    const path = request.routeOptions.url ?? '';
    if (!FOR_OPERATORS.has(path) && !isRouter(request.headers['router-authorization'])) return refuse(reply, 401, 'UNAUTHENTICATED');
  });

  app.get('/health/live', async () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => (isReady() ? { status: 'ready' } : reply.code(503).send({ status: 'stopping' })));
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  if (!graphiql) app.get('/graphql', (_request, reply) => refuseGet(reply));
  return app;
}
