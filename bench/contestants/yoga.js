// GraphQL Yoga on Node's HTTP server, with its own fetch, and DataLoaders per request.
import { createServer } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { fetch } from '@whatwg-node/fetch';
import DataLoader from 'dataloader';
import { parse } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { accessToken, cas360Path, CHUNK, contactOfCas360, contactOfPms, partsOf, pmsPath, port, typeDefs, upstream, wantsRelationships } from './contacts.js';

const headers = { authorization: `Bearer ${await accessToken()}`, accept: 'application/json' };

async function getJson(path) {
  const response = await fetch(upstream + path, { headers });
  if (!response.ok) throw new Error(`the upstream answered ${response.status}`);
  return response.json();
}

function bulkLoader(full) {
  return new DataLoader(
    async (ids) => {
      const rows = await getJson(cas360Path(ids, full));
      const byId = new Map(rows.map((row) => [String(row.id), contactOfCas360(row)]));
      return ids.map((id) => byId.get(id) ?? null);
    },
    { maxBatchSize: CHUNK },
  );
}

function createContext() {
  const cas360 = bulkLoader(false);
  const cas360Full = bulkLoader(true);
  const pms = new DataLoader((ids) => Promise.all(ids.map(async (id) => contactOfPms(await getJson(pmsPath(id))))));
  return {
    contact(id, full) {
      const [source, number] = partsOf(id);
      if (source === 'pms') return pms.load(number);
      return (full ? cas360Full : cas360).load(number);
    },
  };
}

const resolvers = {
  Query: {
    contact: (_parent, { id }, { contact }, info) => contact(id, wantsRelationships(info)),
    contacts: (_parent, { ids }, { contact }, info) => ids.map((id) => contact(id, wantsRelationships(info))),
  },
  Contact: { __resolveReference: ({ id }, { contact }) => contact(id, false) },
};

const yoga = createYoga({
  schema: buildSubgraphSchema([{ typeDefs: parse(typeDefs), resolvers }]),
  context: createContext,
  graphiql: false,
  landingPage: false,
  logging: false,
});
createServer(yoga).listen(port, '127.0.0.1');
