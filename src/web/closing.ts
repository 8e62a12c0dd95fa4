import type { FastifyInstance } from 'fastify';

/** The longest that requests under way can hold up the end. */
const LONGEST_WAIT_MS = 10_000;

/**
 * Makes `app.close()` wait for the requests under way and then end every connection, also those on which a caller, or
 * nobody, may still write: Node by itself waits for them. From the moment that `isReady` is false, each answer asks its
 * caller to leave the connection.
 */
export function closeInOrder(app: FastifyInstance, isReady: () => boolean): void {
  let underWay = 0;
  let onIdle = (): void => {};
  app.addHook('onRequest', async (_request, reply) => {
    underWay++;
    // Answered, or left by its caller.
    reply.raw.once('close', () => {
      if (--underWay === 0) onIdle();
    });
  });
  app.addHook('onSend', async (request, reply) => {
    // HTTP/2 has no such header: its connections are told in a frame.
    if (!isReady() && request.raw.httpVersionMajor === 1) reply.header('connection', 'close');
  });
  app.addHook('preClose', async () => {
    let patience: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      onIdle = resolve;
      patience = setTimeout(resolve, LONGEST_WAIT_MS);
      if (underWay === 0) resolve();
    });
    clearTimeout(patience);
    app.server.closeAllConnections();
  });
}
