// Mercurius on Fastify: operations compiled by graphql-jit, its own loaders, undici for the upstream.
import { mercuriusFederationPlugin } from '@mercuriusjs/federation';
import fastify from 'fastify';
import { Pool } from 'undici';
import { accessToken, cas360Path, chunksOf, contactOfCas360, contactOfPms, partsOf, pmsPath, port, typeDefs, upstream, wantsRelationships } from './contacts.js';

const pool = new Pool(upstream, { connections: 32 });
const headers = { authorization: `Bearer ${await accessToken()}`, accept: 'application/json' };

async function getJson(path) {
  const { statusCode, body } = await pool.request({ method: 'GET', path, headers });
  if (statusCode !== 200) throw new Error(`the upstream answered ${statusCode}`);
  return body.json();
}

async function contactsById(ids, full) {
  const found = new Map();
  const keep = (contact) => found.set(contact.id, contact);
  const parts = ids.map(partsOf);
  const cas360Ids = parts.filter(([source]) => source === 'cas360').map(([, number]) => number);
  const pmsIds = parts.filter(([source]) => source === 'pms').map(([, number]) => number);
  await Promise.all([
    ...chunksOf(cas360Ids).map(async (chunk) => (await getJson(cas360Path(chunk, full))).forEach((row) => keep(contactOfCas360(row)))),
    ...pmsIds.map(async (id) => keep(contactOfPms(await getJson(pmsPath(id))))),
  ]);
  return ids.map((id) => found.get(id) ?? null);
}

const resolvers = {
  Query: {
    contact: async (_parent, { id }, _context, info) => (await contactsById([id], wantsRelationships(info)))[0],
    contacts: (_parent, { ids }, _context, info) => contactsById(ids, wantsRelationships(info)),
  },
};

const loaders = {
  Contact: {
    __resolveReference: {
      loader: (references) => contactsById(references.map(({ obj }) => obj.id), false),
      opts: { cache: false },
    },
  },
};

const app = fastify();
await app.register(mercuriusFederationPlugin, { schema: typeDefs, resolvers, loaders, jit: 1 });
await app.listen({ port, host: '127.0.0.1' });
