import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { bodiesOf, upstreamPath } from './cases.js';
import { Connection, get, post } from './connection.js';

/** So many callers of one server, each with a connection of its own. */
export class Callers {
  #connections;
  #messages;
  #asked;

  /** `messagesOf` makes the function that knows a caller's requests by their number. */
  constructor(origin, count, messagesOf) {
    this.#connections = Array.from({ length: count }, () => new Connection(origin));
    this.#messages = this.#connections.map((_, caller) => messagesOf(caller));
    this.#asked = this.#connections.map(() => 0);
  }

  get count() {
    return this.#connections.length;
  }

  /** One request of this caller. Resolves to its duration. */
  async ask(caller) {
    const message = this.#messages[caller](this.#asked[caller]++);
    const startedAt = performance.now();
    await this.#connections[caller].ask(message);
    return performance.now() - startedAt;
  }

  close() {
    for (const connection of this.#connections) connection.close();
  }
}

export const operationCallers = (origin, each, count = each.callers) =>
  new Callers(origin, count, (caller) => {
    const bodyOf = bodiesOf(each, caller);
    return (number) => post('/graphql', bodyOf(number));
  });

export const upstreamCallers = (origin, each, count) => new Callers(origin, count, () => () => get(upstreamPath(each), 'bench-token'));

/** Every caller asks again as soon as it has its answer, until `stop`. */
export class SteadyLoad {
  done = 0;
  failed = false;
  latencies = [];
  #stopped = false;
  #loops;

  constructor(callers, { keepsLatencies = true } = {}) {
    this.#loops = Promise.all(Array.from({ length: callers.count }, (_, caller) => this.#loop(callers, caller, keepsLatencies)));
    // Thrown by `stop`.
    this.#loops.catch(() => (this.failed = true));
  }

  async #loop(callers, caller, keepsLatencies) {
    while (!this.#stopped) {
      const latency = await callers.ask(caller);
      if (keepsLatencies) this.latencies.push(latency);
      this.done++;
    }
  }

  async stop() {
    this.#stopped = true;
    await this.#loops;
  }
}

/** All callers at once; resolves to their durations when all have their answers. */
export function burst(callers) {
  return Promise.all(Array.from({ length: callers.count }, (_, caller) => callers.ask(caller)));
}

/**
 * So many operations a second, whether or not those before have ended. Durations count from when an operation was due, so
 * that waiting for a caller to be free counts too.
 */
export async function pacedLoad(callers, perSecond, durationMs) {
  const latencies = [];
  const free = Array.from({ length: callers.count }, (_, caller) => caller);
  const due = [];
  const underWay = new Set();
  const go = () => {
    while (due.length > 0 && free.length > 0) {
      const caller = free.pop();
      const dueAt = due.shift();
      const operation = callers.ask(caller).then(() => {
        latencies.push(performance.now() - dueAt);
        free.push(caller);
        underWay.delete(operation);
        go();
      });
      // Thrown below.
      operation.catch(() => {});
      underWay.add(operation);
    }
  };
  const startedAt = performance.now();
  const dueAtOf = (number) => startedAt + (number * 1_000) / perSecond;
  for (let number = 0, now = startedAt; now < startedAt + durationMs; await sleep(1)) {
    now = performance.now();
    for (; dueAtOf(number) <= now; number++) due.push(dueAtOf(number));
    go();
  }
  while (underWay.size > 0) await Promise.all(underWay);
  return latencies;
}
