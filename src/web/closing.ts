import { Server } from 'node:net';
import { setImmediate as turnOfTheLoop, setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { Connections } from './connections.js';

/** The longest that requests under way can hold up the end; then their operations are told to end. */
const FINISH_MS = 6_500;
/** How long they may then take to answer with what they have. */
const ANSWER_MS = 2_000;
/** Requests that are still on their way arrive between two looks. */
const LOOK_EVERY_MS = 50;

export interface Closing {
  readonly connections: Pick<Connections, 'underWay'>;
  /** Tells operations to answer with what they have. */
  readonly endOperations: () => void;
}

/**
 * Lets nobody in any more, waits for the requests under way and then ends every connection. Node and Fastify would wait for
 * callers who are slow to send or to read, and tell pipelined requests to close before all of them are answered.
 */
export async function closeInOrder(app: FastifyInstance, { connections, endOperations }: Closing): Promise<void> {
  // Pending connections were accepted in this turn of the loop. An HTTP server's own close would cut off those whose request is
  // still on its way, and a proxy does not send a POST again.
  await turnOfTheLoop();
  Server.prototype.close.call(app.server);
  if (!(await isQuiet(connections, FINISH_MS))) {
    endOperations();
    await isQuiet(connections, ANSWER_MS);
  }
  app.server.closeAllConnections();
}

/** Whether nothing is under way, at two looks in a row, before the time is up. */
async function isQuiet(connections: Closing['connections'], withinMs: number): Promise<boolean> {
  const endsAtMs = performance.now() + withinMs;
  for (let quiet = 0; quiet < 2; quiet = connections.underWay === 0 ? quiet + 1 : 0) {
    if (performance.now() >= endsAtMs) return false;
    await sleep(LOOK_EVERY_MS);
  }
  return true;
}
