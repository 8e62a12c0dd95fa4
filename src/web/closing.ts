import { Server } from 'node:net';
import { setImmediate as turnOfTheLoop, setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

/** The longest that requests under way can hold up the end. */
const LONGEST_WAIT_MS = 10_000;

/** How long a caller whose connection was the last to be let in may take to send its request. */
const LAST_REQUEST_MS = 100;

/**
 * Makes `app.close()` let nobody in any more, wait for the requests under way and then end every connection, also those on
 * which a caller, or nobody, may still write: Node by itself waits for them. From the moment that `isReady` is false, each
 * answer asks its caller to leave the connection.
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
  app.addHook('onSend', async (_request, reply) => {
    if (!isReady()) reply.header('connection', 'close');
  });
  app.addHook('preClose', async () => {
    // Just now the loop has let in everybody who knocked. An HTTP server's own close would cut off those whose request is
    // still on its way, and a proxy does not send a POST again.
    await turnOfTheLoop();
    Server.prototype.close.call(app.server);
    await sleep(LAST_REQUEST_MS);
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
