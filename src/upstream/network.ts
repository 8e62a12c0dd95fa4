import { buildConnector, Pool, type Client, type Dispatcher } from 'undici';
import { Connection, MAX_AGE_MS } from './connection.js';
import { atProxy, proxyAuthorization, proxyFor, tunnel, type Proxies } from './proxy.js';

/** How an address is reached. */
export interface Network {
  readonly proxies: Proxies;
  /** The client's certificate and its key, in PEM. */
  readonly certificate?: { readonly cert: string; readonly key: string } | undefined;
}

const CONNECT_TIMEOUT_MS = 2_000;
/**
 * How long connecting to one address of a host may take before the next is tried. The last address has the rest of
 * CONNECT_TIMEOUT_MS; with a tunnel, the proxy's answer must come in that time too. Node's 250 ms are too short for a system on
 * another continent: it would never be reached at its first address, and not at all if there is no way to the last one, such as
 * an address of IPv6.
 */
const ADDRESS_TIMEOUT_MS = 600;
const CONNECTING = { timeout: CONNECT_TIMEOUT_MS, autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT_MS };
/** How long before the time that a server announces (`Keep-Alive: timeout=5`) an idle connection is closed. */
const KEEP_ALIVE_MARGIN_MS = 500;

/** Connections to `url` that are kept while they are useful, at most `connections` of them. Each call needs `CallOptions`. */
export function openPool(url: URL, network: Network, options: { readonly connections: number; readonly maxResponseSize: number }): Dispatcher {
  return open(url, network, {
    ...options,
    factory: (origin, own: Client.Options) => new Connection(origin, own),
    pipelining: 1,
    keepAliveTimeout: MAX_AGE_MS,
    keepAliveMaxTimeout: MAX_AGE_MS,
    keepAliveTimeoutThreshold: KEEP_ALIVE_MARGIN_MS,
  });
}

/** For rare calls to `url`: each has its own connection, which is closed after the answer. */
export function openDispatcher(url: URL, network: Network): Dispatcher {
  return open(url, network, { pipelining: 0 });
}

function open(url: URL, { proxies, certificate }: Network, options: Pool.Options): Pool {
  const connect = endingWithAlerts(buildConnector({ ...CONNECTING, ...certificate }));
  const proxy = proxyFor(url, proxies);
  if (!proxy) return new Pool(url.origin, { ...options, connect });
  if (url.protocol === 'http:') return new ForwardingPool(url, proxy, options);
  return new Pool(url.origin, { ...options, connect: tunnel(proxy, { timeoutMs: CONNECT_TIMEOUT_MS, addressTimeoutMs: ADDRESS_TIMEOUT_MS }, connect) });
}

/** A TLS alert leaves the socket open, and undici would forget it for its own error when the server closes. */
function endingWithAlerts(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...result) => {
      const [, socket] = result;
      socket?.once('error', (error: Error) => void socket.destroy(error));
      callback(...result);
    });
}

/** Calls to an http address, which a proxy forwards: many proxies open tunnels to port 443 only. */
class ForwardingPool extends Pool {
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: URL, proxy: URL, options: Pool.Options) {
    const connect = buildConnector(CONNECTING);
    const connectProxy: buildConnector.connector = (to, callback) => connect(to, (...result) => (result[0] ? callback(atProxy(result[0]), null) : callback(...result)));
    // undici takes the name for TLS from the `host` header, which is not the proxy's.
    super(proxy.origin, { ...options, connect: (to: buildConnector.Options, callback: buildConnector.Callback) => connectProxy({ ...to, servername: '' }, callback) });
    this.#url = url;
    this.#headers = { host: url.host, ...proxyAuthorization(proxy) };
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const headers = { ...(options.headers as Record<string, string>), ...this.#headers };
    return super.dispatch({ ...options, path: `${this.#url.origin}${options.path}`, headers }, handler);
  }
}
