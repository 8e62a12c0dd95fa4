import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import Fastify, { type FastifyInstance } from 'fastify';
import { graphiqlRoutes, type GraphiqlOptions } from '../../src/web/graphiql.js';
import type { Running } from './neighbour.js';

/** As in the configurations of the routers beside this file: longer than the subgraph's own deadline of 8 s. */
const SUBGRAPH_TIMEOUT_MS = 10_000;

/** Serves the supergraph on 127.0.0.1 with Hive Gateway; port 0 is any free one. With `graphiql`, browsers get a page that loads nothing from elsewhere. */
export async function startGateway(supergraphSdl: string, port = 0, graphiql?: GraphiqlOptions): Promise<Running> {
  const gateway = createGatewayRuntime({
    supergraph: supergraphSdl,
    upstreamTimeout: SUBGRAPH_TIMEOUT_MS,
    propagateHeaders: {
      fromClientToSubgraphs: ({ request: { headers } }) => ({ authorization: headers.get('authorization'), traceparent: headers.get('traceparent') }),
    },
    // `@defer`, for clients that accept `multipart/mixed`.
    deferStream: true,
    logging: false,
    // Both are pages whose scripts come from elsewhere.
    graphiql: false,
    landingPage: false,
  });
  const page = graphiql && (await createPage(graphiql));
  const server = createServer((request, response) => {
    if (page && isForPage(request)) page.routing(request, response);
    else void gateway(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await page?.close();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

async function createPage(graphiql: GraphiqlOptions): Promise<FastifyInstance> {
  const page = Fastify();
  await page.register(graphiqlRoutes, graphiql);
  await page.ready();
  return page;
}

/** What a browser opens, and the files of the page. */
function isForPage({ method, url = '', headers }: IncomingMessage): boolean {
  return ['GET', 'HEAD'].includes(method ?? '') && (url.startsWith('/graphiql/') || headers.accept?.includes('text/html') === true);
}
