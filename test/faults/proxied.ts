import { startTestApp, type TestApp } from '../support/testApp.js';
import { TcpProxy } from '../support/tcpProxy.js';
import { until } from '../support/until.js';
import { HEALTHY, nameEverybody, numberOf, SYSTEMS, type System } from './truth.js';

/** The subgraph with a TCP proxy before each upstream. */
export interface Proxied {
  readonly app: TestApp;
  readonly proxies: Readonly<Record<System, TcpProxy>>;
  /** Lets everything pass again, on new connections, and forgets calls and faults. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it, with tokens in hand: faults meet calls for contacts only. */
export async function startProxied(settings: Record<string, string> = {}): Promise<Proxied> {
  const proxies = { pms: await TcpProxy.start(), cas360: await TcpProxy.start() };
  const app = await startTestApp({ PMS_BASE_URL: proxies.pms.url, CAS360_BASE_URL: proxies.cas360.url, ...settings });
  for (const system of SYSTEMS) proxies[system].target = new URL(app.sandbox[system].url);
  nameEverybody(app.sandbox);
  const ids = [...HEALTHY.pms, ...HEALTHY.cas360];
  await until('both systems have given a token', async () => !(await app.query('query ($ids: [ID!]!) { contacts(ids: $ids) { name } }', { ids })).errors);
  return {
    app,
    proxies,
    reset: async () => {
      app.reset();
      for (const system of SYSTEMS) {
        await proxies[system].set();
        proxies[system].cut();
      }
    },
    stop: async () => {
      await app.stop();
      await Promise.all(SYSTEMS.map((system) => proxies[system].stop()));
    },
  };
}

/** The JSON that answers a request well, made of what the sandbox knows. */
export function goodBody({ sandbox }: TestApp, request: string): string {
  const [, list = ''] = /^GET [^ ]*\/contacts\/([\d,]+)/.exec(request) ?? [];
  if (request.includes('/api/v3/')) return JSON.stringify(sandbox.pms.data.contacts.get(list));
  return JSON.stringify(list.split(',').map((id) => sandbox.cas360.data.contacts.get(numberOf(id))));
}

/** A whole HTTP message with this body. */
export function message(body: string | Buffer, headers: Record<string, string> = {}, status = 'HTTP/1.1 200 OK'): Buffer {
  const bytes = Buffer.from(body as string);
  const all = { 'content-type': 'application/json', 'content-length': String(bytes.length), ...headers };
  const head = Object.entries(all).map(([name, value]) => (value === '' ? '' : `${name}: ${value}\r\n`));
  return Buffer.concat([Buffer.from(`${status}\r\n${head.join('')}\r\n`), bytes]);
}
