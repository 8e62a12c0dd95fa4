import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import type { Running } from './neighbour.js';

/** As in the configurations of the routers beside this file: longer than the subgraph's own deadline of 8 s. */
const SUBGRAPH_TIMEOUT_MS = 10_000;

/** Serves the supergraph on 127.0.0.1 with Hive Gateway; port 0 is any free one. */
export async function startGateway(supergraphSdl: string, port = 0): Promise<Running> {
  const gateway = createGatewayRuntime({
    supergraph: supergraphSdl,
    upstreamTimeout: SUBGRAPH_TIMEOUT_MS,
    propagateHeaders: {
      fromClientToSubgraphs: ({ request: { headers } }) => ({ authorization: headers.get('authorization'), traceparent: headers.get('traceparent') }),
    },
    logging: false,
    // Both are pages whose scripts come from elsewhere.
    graphiql: false,
    landingPage: false,
  });
  const server = createServer(gateway);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await gateway[Symbol.asyncDispose]();
    },
  };
}
