import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { BlockList, isIP, type Socket } from 'node:net';
import { errors, type buildConnector } from 'undici';
import { setPatientTimeout } from '../deadline.js';

/** The proxies of outgoing calls. */
export interface Proxies {
  /** For http addresses, and for https ones. */
  readonly http: URL | undefined;
  readonly https: URL | undefined;
  /** The hosts that are called without a proxy: see `proxyFor`. */
  readonly noProxy: string;
}

/** A proxy did not open a tunnel. */
export class ProxyRefused extends Error {
  override readonly name = 'ProxyRefused';

  constructor(readonly status: number) {
    super(`the proxy answered ${status}`);
  }
}

/** Marks an error of the connection to a proxy, so that it is not taken for one of the system behind it. */
export function atProxy<T extends Error>(error: T): T {
  return Object.assign(error, { atProxy: true });
}

/**
 * The proxy for `url`; undefined: none. `noProxy` is a list of `*`, hosts with their subdomains, addresses and networks in CIDR
 * notation. Hosts and addresses may have a port.
 */
export function proxyFor(url: URL, { http, https, noProxy }: Proxies): URL | undefined {
  const proxy = url.protocol === 'https:' ? https : http;
  const host = bare(url.hostname);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return noProxy.toLowerCase().split(/[\s,]/).some((entry) => covers(entry, host, port)) ? undefined : proxy;
}

function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  // `[::1]:8080` or `host:8080`; an IPv6 address without brackets has no port.
  // Stryker disable next-line ArrayDeclaration: what is not named is not read
  const [, inBrackets, plain, onlyPort] = /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(entry) ?? [];
  if (onlyPort !== undefined && onlyPort !== port) return false;
  const name = bare((inBrackets ?? plain ?? entry).replace(/^\*?\./, ''));
  // Stryker disable next-line StringLiteral: to Node, any other word than ipv4 means IPv6
  return isIP(host) ? network(name).check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4') : host === name || host.endsWith(`.${name}`);
}

/** Empty for a text that is no address, no network and no range such as `10.0.0.1-10.0.0.9`: others who read the same variable may know its form. */
function network(text: string): BlockList {
  const list = new BlockList();
  const [first, last] = text.split('-') as [string, string?];
  if (isIP(first) === 4 && isIP(last ?? '') === 4) {
    try {
      list.addRange(first, last!);
    } catch {
      // The last comes before the first.
    }
    return list;
  }
  const [address, bits] = text.split('/') as [string, string?];
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  const most = family === 'ipv6' ? 128 : 32;
  if (isIP(address) && (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= most))) list.addSubnet(address, Number(bits ?? most), family);
  return list;
}

/** Without brackets and without the dot at the end of a full domain name. */
const bare = (host: string): string => host.replace(/^\[|\]$|\.$/g, '');

/** The header that names us to the proxy, if its address has a user. */
export function proxyAuthorization({ username, password }: URL): Readonly<Record<string, string>> {
  if (!username && !password) return {};
  return { 'proxy-authorization': `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')}` };
}

export interface TunnelTimes {
  /** Until the proxy has opened the tunnel. */
  readonly timeoutMs: number;
  /** Until the next address of the proxy's host is tried. */
  readonly addressTimeoutMs: number;
}

/**
 * Connects through `proxy` with CONNECT, then by `connectTls` inside the tunnel. undici's ProxyAgent is not used: it waits five
 * minutes for a proxy that does not answer, and opens more connections than allowed after one has failed.
 */
export function tunnel(proxy: URL, times: TunnelTimes, connectTls: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    openTunnel(proxy, options.port ? options.host! : `${options.host}:443`, times).then(
      (httpSocket) => connectTls({ ...options, httpSocket }, callback),
      (error: unknown) => callback(error as Error, null),
    );
  };
}

function openTunnel(proxy: URL, authority: string, { timeoutMs, addressTimeoutMs }: TunnelTimes): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const asking = (proxy.protocol === 'https:' ? requestHttps : requestHttp)({
      method: 'CONNECT',
      host: bare(proxy.hostname),
      port: proxy.port,
      path: authority,
      // For the socket. The types of Node's requests do not have it.
      ...{ autoSelectFamilyAttemptTimeout: addressTimeoutMs },
      headers: { host: authority, ...proxyAuthorization(proxy) },
      // Not the shared agent: with NODE_USE_ENV_PROXY it would call this proxy through a proxy.
      agent: false,
    });
    const timer = setPatientTimeout(() => asking.destroy(new errors.ConnectTimeoutError('the proxy did not answer')), timeoutMs);
    asking.on('error', (error) => {
      // Stryker disable next-line CallExpression: ending what has ended does nothing
      clearTimeout(timer);
      reject(atProxy(error));
    });
    asking.on('connect', ({ statusCode = 0 }, socket: Socket) => {
      // Stryker disable next-line CallExpression: ending what has ended does nothing
      clearTimeout(timer);
      if (statusCode >= 200 && statusCode < 300) return resolve(socket);
      socket.destroy();
      reject(new ProxyRefused(statusCode));
    });
    asking.end();
  });
}
