import type { Socket } from 'node:net';
import compress from '@fastify/compress';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import { badRequest, ContactsError, overloaded, RETRY_AFTER_SECONDS } from '../errors.js';
import type { Metrics } from '../telemetry/metrics.js';
import { Answers } from './answers.js';
import { limitBodies, type BodyLimits } from './bodies.js';
import type { Connections } from './connections.js';
import { allowOrigins, type CorsOptions } from './cors.js';
import { isOfThisMachine } from './hosts.js';
import { LargeRequests } from './largeRequests.js';
import { LoopDelay } from './loopDelay.js';
import { errorBody, refuse, refuseFor, refuseMethod, refuseUnknown, refuseUnread } from './replies.js';
import { createRouterCheck } from './routerSecret.js';

interface RedisState {
  readonly isUp: boolean;
  /** In words for an operator. */
  readonly problem?: string | undefined;
}

/** CAS 360's refresh token and its store, in words for an operator. */
interface RefreshTokenState {
  /** Undefined: nothing is known yet. */
  readonly state: string | undefined;
  readonly storeProblem: string | undefined;
}

export interface WebOptions extends CorsOptions {
  readonly routerSecrets: readonly string[];
  readonly metrics: Metrics;
  readonly connections: Connections;
  /** False as soon as the service is told to stop. */
  readonly isReady: () => boolean;
  /** Refuses requests whose `Host` does not name this machine. */
  readonly localOnly?: boolean | undefined;
  /** Shown in the readiness answer. They do not change the readiness. */
  readonly redis: RedisState | undefined;
  readonly refreshToken: RefreshTokenState | undefined;
  /** The largest body that is read, in bytes. */
  readonly maxBodyBytes: number;
  /** The bytes that may wait to be sent, over all connections. */
  readonly maxWaitingBytes: number;
  /** How long a caller may take to read an answer. */
  readonly writeTimeoutMs: number;
  readonly limits: BodyLimits;
  /** How long an operation may take. */
  readonly requestTimeoutMs: number;
  /** How late the event loop may be, on average, before requests are refused; 0 is any. */
  readonly maxDelayMs: number;
  /** How long a caller may take to send a request's headers, and all of it. */
  readonly patienceMs?: { readonly headers: number; readonly request: number } | undefined;
}

/** The memory that zlib takes to compress an answer. */
const COMPRESSOR_BYTES = 270_000;
/** How often unread answers and idle connections are checked. */
const LOOK_EVERY_MS = 1_000;
const PATIENCE_MS = { headers: 10_000, request: 15_000 };

/** Open without the router's secret, and also during overload. */
const FOR_OPERATORS = new Set(['/health/live', '/health/ready', '/metrics']);

function isForOperators(request: { routeOptions: { url?: string | undefined } }): boolean {
  return FOR_OPERATORS.has(request.routeOptions.url ?? '');
}

/** The HTTP side, without the routes of GraphQL: limits, the router's secret, health, metrics and the error handler. */
export async function createWebServer(options: WebOptions): Promise<FastifyInstance> {
  const { routerSecrets, metrics, isReady, graphiql, maxDelayMs, maxBodyBytes, limits, requestTimeoutMs, patienceMs = PATIENCE_MS } = options;
  const app = Fastify({
    bodyLimit: maxBodyBytes,
    requestTimeout: patienceMs.request,
    http: { headersTimeout: patienceMs.headers, connectionsCheckingInterval: patienceMs.headers / 10 },
    clientErrorHandler: refuseUnread,
    // Longer than routers keep their connections: the router must close first.
    keepAliveTimeout: 65_000,
    return503OnClosing: false,
    forceCloseConnections: false,
    frameworkErrors: (_error, _request, reply) => {
      refuse(reply, 400, badRequest('path'));
    },
  });
  await app.register(compress, { global: false });
  // JSON only.
  app.removeContentTypeParser('text/plain');
  const largeRequests = new LargeRequests({ timeoutMs: requestTimeoutMs, isOver: () => !isReady() });
  metrics.watchLargeRequests(largeRequests);
  limitBodies(app, limits, largeRequests);
  app.setErrorHandler<FastifyError>((error, _request, reply) => refuseFor(error, reply));
  app.setNotFoundHandler(refuseUnknown);
  // Without file descriptors no connection can be accepted, but that must not end the process.
  app.server.on('error', () => {});
  limitConnections(app, options);
  if (options.localOnly) {
    app.addHook('onRequest', async ({ headers }, reply) => {
      if (!isOfThisMachine(headers.host)) return refuse(reply, 421, badRequest('host'));
    });
  }
  allowOrigins(app, options);

  const isRouter = createRouterCheck(routerSecrets);
  app.addHook('onRequest', async (request, reply) => {
    if (!isForOperators(request) && !isRouter(request.headers['router-authorization'])) return refuse(reply, 401, new ContactsError('UNAUTHENTICATED', undefined, { fault: 'routerSecret' }));
  });
  if (maxDelayMs > 0) {
    const delay = new LoopDelay();
    app.addHook('onClose', async () => delay.stop());
    // Refuses some requests at once, so that the others are not late.
    app.addHook('onRequest', async (request) => {
      if (delay.averageMs > maxDelayMs && !isForOperators(request)) throw overloaded();
    });
  }

  app.get('/health/live', async () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => (isReady() ? { status: 'ready', ...detailsOf(options) } : reply.code(503).send({ status: 'stopping' })));
  app.get('/metrics', async (request, reply) => {
    const { contentType, body } = await metrics.text(request.headers.accept);
    return reply.type(contentType).send(body);
  });
  if (!graphiql) app.get('/graphql', (_request, reply) => refuseMethod(reply));
  return app;
}

function detailsOf({ redis, refreshToken }: WebOptions): Readonly<Record<string, string | undefined>> {
  return {
    ...(redis && { redis: healthOf(redis) }),
    ...(refreshToken && { refreshToken: refreshToken.state, refreshTokenStore: refreshToken.storeProblem ?? 'up' }),
  };
}

function healthOf({ isUp, problem }: RedisState): string {
  const state = isUp ? 'up' : 'down';
  return problem === undefined || problem === 'away' ? state : `${state}: ${problem}`;
}

/** Limits the requests of one connection, and the unread answers of all. */
function limitConnections(app: FastifyInstance, { connections, isReady, maxWaitingBytes, metrics, writeTimeoutMs }: WebOptions): void {
  const answers = new Answers({ maxBytes: maxWaitingBytes, timeoutMs: writeTimeoutMs, now: () => performance.now(), onEnded: metrics.connectionEnded });
  const look = (): void => {
    answers.endLate();
    connections.endIdle();
  };
  const looks = setInterval(look, Math.min(LOOK_EVERY_MS, writeTimeoutMs)).unref();
  app.addHook('onClose', async () => clearInterval(looks));
  app.addHook('onRequest', (request, reply, done) => connections.begin(request.raw.socket, reply.raw, done));
  app.addHook('onSend', (request, reply, payload, done) => {
    // Node removes it from a request that could not be read, and sets it late on the answer to a pipelined one.
    const socket = (request.raw.socket as Socket | null) ?? reply.raw.socket;
    if (!isReady() && socket && connections.mayCloseAfterAnswer(socket)) reply.header('connection', 'close');
    const isForOperator = isForOperators(request);
    const compressorBytes = request.headers['accept-encoding'] && !isForOperator ? COMPRESSOR_BYTES : 0;
    const fits = !socket || answers.add(reply.raw, socket, bytesOf(payload) + compressorBytes) || isForOperator;
    done(null, fits ? payload : refuseLate(reply));
  });
}

/** Replaces an answer for which there is no memory, and the headers that the route set for that answer. */
function refuseLate(reply: FastifyReply): string {
  reply.removeHeader('content-encoding');
  reply.code(503).headers({ 'retry-after': RETRY_AFTER_SECONDS, 'content-type': 'application/json; charset=utf-8', 'cache-control': 'private, no-store' });
  return errorBody(overloaded());
}

function bytesOf(payload: unknown): number {
  return typeof payload === 'string' || Buffer.isBuffer(payload) ? Buffer.byteLength(payload) : 0;
}
