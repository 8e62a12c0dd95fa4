import { fastify, type FastifyInstance } from 'fastify';
import { limitBodies } from '../../src/web/bodies.js';
import { LargeRequests } from '../../src/web/largeRequests.js';

/** A web server that reads bodies like the service, without routes. */
export function bodyReader(timeoutMs: number): FastifyInstance {
  const app = fastify();
  limitBodies(app, { maxBodyObjects: 100, maxBodyKeys: 100 }, new LargeRequests({ timeoutMs, isOver: () => false }));
  return app;
}
