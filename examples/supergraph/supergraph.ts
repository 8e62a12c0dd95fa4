import { fileURLToPath } from 'node:url';
import { createApp } from '../../src/app.js';
import { readConfig } from '../../src/config.js';
import type { Tokens } from '../../src/web/graphiqlTabs.js';
import { dayTokens } from '../../sandbox/dayTokens.js';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { bookings } from './bookings.js';
import { companies } from './companies.js';
import { compose, type NamedSubgraph } from './compose.js';
import { startGateway } from './gateway.js';
import { supergraphTabs } from './graphiqlTabs.js';
import { startNeighbour, type Running } from './neighbour.js';

/** Those that `routers/rover.yaml` and `routers/wgc.yaml` name. Where one is taken, any other does as well. */
export const PORTS = { contacts: 4001, bookings: 4002, companies: 4003, pmsPort: 4011, cas360Port: 4012, identityPort: 4013 };

export interface Supergraph extends Running {
  readonly subgraphs: readonly NamedSubgraph[];
  readonly sandbox: Sandbox;
  readonly tokens: Tokens;
}

/** As it is built: beside this file's folder. */
const GRAPHIQL_FOLDER = fileURLToPath(new URL('../../graphiql', import.meta.url));

/** A company's whole supergraph in one process: the sandbox, our subgraph over it, two neighbours, and a gateway with GraphiQL at `port`. */
export async function startSupergraph(port: number, assetsDir = GRAPHIQL_FOLDER): Promise<Supergraph> {
  const sandbox = await startSandbox(PORTS).catch(() => startSandbox());
  const running = {
    contacts: await onPort(PORTS.contacts, (one) => startContacts(sandbox.environment, one)),
    bookings: await onPort(PORTS.bookings, (one) => startNeighbour(bookings(), one)),
    companies: await onPort(PORTS.companies, (one) => startNeighbour(companies(), one)),
  };
  const subgraphs = Object.entries(running).map(([name, { url }]) => ({ name, url }));
  const tokens = await dayTokens(sandbox.identity);
  const graphiql = { assetsDir, tabs: supergraphTabs(tokens), title: 'supergraph', showsUpstreamCalls: false };
  const gateway = await startGateway(await compose(subgraphs), port, graphiql);
  return {
    url: gateway.url,
    subgraphs,
    sandbox,
    tokens,
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
