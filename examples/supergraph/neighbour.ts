import { ApolloServer } from '@apollo/server';
import { buildSubgraphSchema, type GraphQLSchemaModule } from '@apollo/subgraph';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import Fastify from 'fastify';

/** A server of the supergraph, and where it answers GraphQL. */
export interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves a subgraph on 127.0.0.1; port 0 is any free one. */
export async function startNeighbour(subgraph: GraphQLSchemaModule, port = 0): Promise<Running> {
  const quiet = (): void => {};
  const server = new ApolloServer({
    schema: buildSubgraphSchema([subgraph]),
    stopOnTerminationSignals: false,
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  await server.start();
  const web = Fastify({ forceCloseConnections: true });
  web.post('/graphql', { handler: fastifyApolloHandler(server) });
  const address = await web.listen({ host: '127.0.0.1', port });
  return {
    url: `${address}/graphql`,
    stop: async () => {
      await web.close();
      await server.stop();
    },
  };
}
