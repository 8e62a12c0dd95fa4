// The limit: no GraphQL, no checks, each operation written by hand.
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { accessToken, addressOf, cas360Path, chunksOf, contactType, gender, partsOf, phone, pmsGuest, pmsPath, pmsPerson, port, relationshipOf, upstream } from './contacts.js';

const pool = new Pool(upstream, { connections: 32 });
const headers = { authorization: `Bearer ${await accessToken()}`, accept: 'application/json' };

async function getJson(path) {
  const { statusCode, body } = await pool.request({ method: 'GET', path, headers });
  if (statusCode !== 200) throw new Error(`the upstream answered ${statusCode}`);
  return body.json();
}

/** Maps the rows with `ofCas360` and `ofPms`, in the order of `ids`. */
async function contacts(ids, { ofCas360, ofPms, full = false }) {
  const found = new Map();
  const cas360Ids = [];
  const calls = [];
  for (const id of ids) {
    const [source, number] = partsOf(id);
    if (source === 'cas360') cas360Ids.push(number);
    else calls.push(getJson(pmsPath(number)).then((row) => found.set(id, ofPms(id, row))));
  }
  for (const chunk of chunksOf(cas360Ids)) {
    calls.push(
      getJson(cas360Path(chunk, full)).then((rows) => {
        for (const row of rows) {
          const id = `cas360:${row.id}`;
          found.set(id, ofCas360(id, row));
        }
      }),
    );
  }
  await Promise.all(calls);
  return ids.map((id) => found.get(id) ?? null);
}

const brief = {
  ofCas360: (id, row) => ({ id, name: row.name || null, contactType: contactType(row), email: row.email || null, phone: phone(row) }),
};

const list = {
  ofCas360: (id, row) => ({
    id,
    source: 'CAS360',
    sourceId: String(row.id),
    contactType: contactType(row),
    name: row.name || null,
    title: row.title || null,
    firstName: row.firstName || null,
    middleNames: row.middleName || null,
    lastName: row.lastName || null,
    gender: gender(row),
    email: row.email || null,
    phone: phone(row),
    skype: row.skype || null,
    address: addressOf(row),
  }),
};

const withRelationships = {
  full: true,
  ofCas360: (id, row) => ({ id, name: row.name || null, contactType: contactType(row), relationships: row.relationships.map(relationshipOf) }),
};

const guests = {
  ofPms: (id, row) => {
    const { employment, marketing, ...guest } = pmsGuest(row);
    const industry = employment.industry && { ...employment.industry, id: String(employment.industry.id) };
    const referrer = marketing.referrer && { ...marketing.referrer, id: String(marketing.referrer.id) };
    return { id, name: pmsPerson(row).name, ...guest, employment: { ...employment, industry }, marketing: { ...marketing, referrer } };
  },
};

const entities = {
  ofCas360: (id, row) => ({
    id,
    name: row.name || null,
    firstName: row.firstName || null,
    lastName: row.lastName || null,
    email: row.email || null,
    phone: phone(row),
    address: addressOf(row),
  }),
  ofPms: (id, row) => ({ id, ...pmsPerson(row), address: row.primaryContactAddress && { id: `${id}/${row.primaryContactAddress.id}` } }),
};

const OPERATIONS = {
  Contact: async ({ id }) => ({ contact: (await contacts([id], brief))[0] }),
  Contacts: async ({ ids }) => ({ contacts: await contacts(ids, list) }),
  Relationships: async ({ ids }) => ({ contacts: await contacts(ids, withRelationships) }),
  Guests: async ({ ids }) => ({ contacts: await contacts(ids, guests) }),
  Entities: async ({ representations }) => ({ _entities: await contacts(representations.map(({ id }) => id), entities) }),
};

createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (chunk) => (text += chunk));
  request.on('end', async () => {
    try {
      const { operationName, variables } = JSON.parse(text);
      const body = JSON.stringify({ data: await OPERATIONS[operationName](variables) });
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
}).listen(port, '127.0.0.1');
