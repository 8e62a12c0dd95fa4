import type { Socket } from 'node:net';
import { Client, type buildConnector, type Dispatcher } from 'undici';

/** What a call and the connection that carries it tell each other. */
export interface Carried {
  connection?: Connection;
  /** Whether the call needs a connection that has not been used. */
  mustBeNew: boolean;
}

export interface CallOptions extends Dispatcher.DispatchOptions {
  readonly carried: Carried;
}

/** No call is sent on an older connection, so that a change of the host's addresses is followed within a minute. */
export const MAX_AGE_MS = 55_000;

/** One connection of a pool, opened again when needed. It closes itself by age and tells each call which socket carries it. */
export class Connection extends Client {
  socket: Socket | undefined;
  #openedAtMs = 0;

  constructor(origin: URL, options: Client.Options) {
    const connect = options.connect as buildConnector.connector;
    super(origin, {
      ...options,
      connect: (to: buildConnector.Options, callback: buildConnector.Callback) =>
        connect(to, (...result) => {
          this.socket = result[1] ?? undefined;
          this.#openedAtMs = performance.now();
          callback(...result);
        }),
    });
  }

  override dispatch(options: CallOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { carried } = options;
    carried.connection = this;
    // Pools dispatch only to idle connections. undici's own `clientTtl` forgets calls that wait in the pool's queue.
    if (carried.mustBeNew || performance.now() - this.#openedAtMs > MAX_AGE_MS) this.socket?.destroy();
    return super.dispatch(options, handler);
  }
}
