import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { bodiesOf, upstreamPath } from './bodies.js';
import { Connection, get, post } from './connection.js';

/** Callers of one server, each with its own connection. */
export class Callers {
  #connections;
  #messages;
  #asked;

  /** `messagesOf(caller)` returns a function from the number of a request to the request. */
  constructor(origin, count, messagesOf) {
    this.#connections = Array.from({ length: count }, () => new Connection(origin));
    this.#messages = this.#connections.map((_, caller) => messagesOf(caller));
    this.#asked = this.#connections.map(() => 0);
  }

  get count() {
    return this.#connections.length;
  }

  /** Sends the caller's next request. Resolves to its duration. */
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

/** Every caller sends its next request when it has its answer, until `stop`. */
export class SteadyLoad {
  done = 0;
  failed = false;
  latencies = [];
  #stopped = false;
  #loops;

  constructor(callers, { keepsLatencies = true } = {}) {
    this.#loops = Promise.all(Array.from({ length: callers.count }, (_, caller) => this.#loop(callers, caller, keepsLatencies)));
    // `stop` throws it.
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

/** One request of each caller, all at once. Resolves to their durations. */
export function burst(callers) {
  return Promise.all(Array.from({ length: callers.count }, (_, caller) => callers.ask(caller)));
}

/**
 * Starts operations at a fixed rate, even if earlier ones have not ended. Durations count from when an operation was due, so
 * they include the wait for a free caller.
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
      // The loop below awaits it, and throws.
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
