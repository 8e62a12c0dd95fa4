import { Server } from 'node:net';
import { setImmediate as turnOfTheLoop, setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Connections } from './connections.js';

/** How long requests under way may take to finish. Then their operations must answer with what they have. */
const FINISH_MS = 6_500;
/** How long they may take for that answer. */
const ANSWER_MS = 2_000;
/** Requests that are still on their way arrive between two checks. */
const LOOK_EVERY_MS = 50;

export interface Closing {
  readonly connections: Pick<Connections, 'underWay'>;
  /** Makes operations answer with what they have. */
  readonly endOperations: () => void;
}

/**
 * Accepts no more connections, waits for the requests under way, then ends every connection. Node and Fastify would wait for
 * callers who are slow to send or to read, and would close pipelined connections before all requests are answered.
 */
export async function closeInOrder(app: FastifyInstance, { connections, endOperations }: Closing): Promise<void> {
  // Lets this turn of the loop accept pending connections. An HTTP server's own close would cut off those whose request is
  // still on its way, and a proxy does not send a POST again.
  await turnOfTheLoop();
  Server.prototype.close.call(app.server);
  if (!(await isQuiet(connections, FINISH_MS))) {
    endOperations();
    await isQuiet(connections, ANSWER_MS);
  }
  app.server.closeAllConnections();
}

/** Whether two checks in a row find no request under way, before the time is up. */
async function isQuiet(connections: Closing['connections'], withinMs: number): Promise<boolean> {
  const endsAtMs = performance.now() + withinMs;
  for (let quiet = 0; quiet < 2; quiet = connections.underWay === 0 ? quiet + 1 : 0) {
    if (performance.now() >= endsAtMs) return false;
    await sleep(LOOK_EVERY_MS);
  }
  return true;
}
