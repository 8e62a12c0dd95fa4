import type { Socket } from 'node:net';
import { Client, type buildConnector, type Dispatcher } from 'undici';

/** A call's own place for the connection that carries it. */
export interface CallOptions extends Dispatcher.DispatchOptions {
  readonly carried: { connection: Connection | undefined };
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
    options.carried.connection = this;
    // Pools dispatch only to idle connections. undici's own `clientTtl` forgets calls that wait in the pool's queue.
    if (performance.now() - this.#openedAtMs > MAX_AGE_MS) this.socket?.destroy();
    return super.dispatch(options, handler);
  }
}
