import { createApp } from '../../src/app.js';
import { readConfig } from '../../src/config.js';
import { startSandbox } from '../../sandbox/start.js';
import { bookings } from './bookings.js';
import { companies } from './companies.js';
import { compose, type NamedSubgraph } from './compose.js';
import { startGateway } from './gateway.js';
import { startNeighbour, type Running } from './neighbour.js';

/** Those that `routers/rover.yaml` and `routers/wgc.yaml` name. Where one is taken, any other does as well. */
export const PORTS = { contacts: 4001, bookings: 4002, companies: 4003, pmsPort: 4011, cas360Port: 4012, identityPort: 4013 };

export interface Supergraph extends Running {
  readonly subgraphs: readonly NamedSubgraph[];
}

/** A company's whole supergraph in one process: the sandbox, our subgraph over it, two neighbours, and a gateway at `port`. */
export async function startSupergraph(port: number): Promise<Supergraph> {
  const sandbox = await startSandbox(PORTS).catch(() => startSandbox());
  const running = {
    contacts: await onPort(PORTS.contacts, (one) => startContacts(sandbox.environment, one)),
    bookings: await onPort(PORTS.bookings, (one) => startNeighbour(bookings(), one)),
    companies: await onPort(PORTS.companies, (one) => startNeighbour(companies(), one)),
  };
  const subgraphs = Object.entries(running).map(([name, { url }]) => ({ name, url }));
  const gateway = await startGateway(await compose(subgraphs), port);
  return {
    url: gateway.url,
    subgraphs,
    stop: async () => {
      for (const one of [gateway, ...Object.values(running), sandbox]) await one.stop();
    },
  };
}

async function startContacts(environment: Record<string, string>, port: number): Promise<Running> {
  const quiet = (): void => {};
  // The gateway shares this process: what keeps it busy must not look like an overload here.
  const config = readConfig({ ...environment, HOST: '127.0.0.1', PORT: String(port), MAX_EVENT_LOOP_DELAY_MS: '0' });
  const app = await createApp(config, { log: { info: quiet, warn: quiet, error: (message) => console.error(message) }, drainMs: 0 });
  return { url: `${await app.listen()}/graphql`, stop: () => app.stop() };
}

function onPort<T>(usual: number, start: (port: number) => Promise<T>): Promise<T> {
  return start(usual).catch(() => start(0));
}
