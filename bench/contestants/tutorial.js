// Apollo Server as in tutorials: standalone, with its defaults, a RESTDataSource and DataLoaders per request.
import { RESTDataSource } from '@apollo/datasource-rest';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { buildSubgraphSchema } from '@apollo/subgraph';
import DataLoader from 'dataloader';
import { parse } from 'graphql';
import { accessToken, cas360Path, CHUNK, contactOfCas360, contactOfPms, partsOf, pmsPath, port, typeDefs, upstream, wantsRelationships } from './contacts.js';

const token = await accessToken();

class ContactsApi extends RESTDataSource {
  baseURL = upstream;

  willSendRequest(_path, request) {
    request.headers.authorization = `Bearer ${token}`;
  }

  #cas360 = this.#bulkLoader(false);
  #cas360Full = this.#bulkLoader(true);
  #pms = new DataLoader((ids) => Promise.all(ids.map(async (id) => contactOfPms(await this.get(pmsPath(id))))));

  #bulkLoader(full) {
    return new DataLoader(
      async (ids) => {
        const rows = await this.get(cas360Path(ids, full));
        const byId = new Map(rows.map((row) => [String(row.id), contactOfCas360(row)]));
        return ids.map((id) => byId.get(id) ?? null);
      },
      { maxBatchSize: CHUNK },
    );
  }

  contact(id, full) {
    const [source, number] = partsOf(id);
    if (source === 'pms') return this.#pms.load(number);
    return (full ? this.#cas360Full : this.#cas360).load(number);
  }
}

const resolvers = {
  Query: {
    contact: (_parent, { id }, { contacts }, info) => contacts.contact(id, wantsRelationships(info)),
    contacts: (_parent, { ids }, { contacts }, info) => ids.map((id) => contacts.contact(id, wantsRelationships(info))),
  },
  Contact: { __resolveReference: ({ id }, { contacts }) => contacts.contact(id, false) },
};

const server = new ApolloServer({ schema: buildSubgraphSchema([{ typeDefs: parse(typeDefs), resolvers }]) });
await startStandaloneServer(server, {
  listen: { port, host: '127.0.0.1' },
  context: async () => ({ contacts: new ContactsApi({ cache: server.cache }) }),
});
