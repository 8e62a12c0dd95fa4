import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { startGateway } from '../../../examples/supergraph/gateway.js';
import type { Running } from '../../../examples/supergraph/neighbour.js';
import type { Answer } from '../../support/testApp.js';

type GatewayAnswer = Pick<Answer, 'data' | 'errors'>;

/** A real gateway, asked as its clients do. */
export interface Gateway {
  query(query: string, variables?: Record<string, unknown>, headers?: Record<string, string>): Promise<GatewayAnswer>;
  stop(): Promise<void>;
}

export const GATEWAYS = { 'Hive Gateway': startHiveGateway, '@apollo/gateway': startApolloGateway };

/** As `npm run supergraph` runs it. */
async function startHiveGateway(supergraphSdl: string): Promise<Gateway & Running> {
  const { url, stop } = await startGateway(supergraphSdl);
  return {
    url,
    query: async (query, variables, headers) => {
      const body = JSON.stringify({ query, variables });
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
      return (await response.json()) as GatewayAnswer;
    },
    stop,
  };
}

interface Client {
  /** What its request carried. */
  readonly headers?: Readonly<Record<string, string>>;
}

export async function startApolloGateway(supergraphSdl: string, plugins: ApolloServerPlugin<Client>[] = []): Promise<Gateway> {
  const quiet = (): void => {};
  const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  const gateway = new ApolloGateway({
    supergraphSdl,
    logger,
    buildService: ({ url }) =>
      new RemoteGraphQLDataSource<Client>({
        ...(url !== undefined && { url }),
        willSendRequest: ({ request, context }) => {
          for (const [name, value] of Object.entries((context as Client).headers ?? {})) request.http?.headers.set(name, value);
        },
      }),
  });
  const server = new ApolloServer<Client>({ gateway, logger, plugins, includeStacktraceInErrorResponses: false });
  await server.start();
  return {
    query: async (query, variables = {}, headers = {}) => {
      const { body } = await server.executeOperation({ query, variables }, { contextValue: { headers } });
      if (body.kind !== 'single') throw new Error('This gateway answers in one piece.');
      // Plain objects, as a client gets them.
      return JSON.parse(JSON.stringify(body.singleResult)) as GatewayAnswer;
    },
    stop: () => server.stop(),
  };
}
