/** @needs redis-server */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Canaries } from '../security/support/canaries.js';
import { patientRedis } from '../support/patientRedis.js';
import { RedisServer } from '../support/redisServer.js';
import { everyField, startTestApp, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';
import { keysIn, untilKept, untilRedisIsUp } from './redisCache.js';

patientRedis();

let server: RedisServer;
let app: TestApp;
/** Another replica of the same installation. */
let replica: TestApp;
let headers: { authorization: string };

beforeAll(async () => {
  server = await RedisServer.start();
  const settings = { CACHE_TTL_SECONDS: '3600', REDIS_URL: server.url };
  app = await startTestApp(settings);
  replica = await startTestApp({ ...app.sandbox.environment, ...settings });
  headers = await app.bearer('contact:identity', 'contact:access');
  await Promise.all([app, replica].map((one) => untilRedisIsUp(one)));
});
beforeEach(() => app.reset());
afterEach(async () => {
  await server.ask(async (client) => client.del(await client.keys('contacts:cache:*')));
});
afterAll(async () => {
  await Promise.all([app, replica].map((one) => one.stop()));
  await server.stop();
});

const QUERY = `query ($ids: [ID!]!) { contacts(ids: $ids) { ${everyField()} } }`;
const ask = async (ids: string[], of = app): Promise<any[]> => {
  const { data, errors } = await of.query(QUERY, { ids }, headers);
  expect(errors).toBeUndefined();
  return data.contacts;
};
const textAt = async (key: string): Promise<string> => (await server.ask((client) => client.get(key)))!;
const encryptedIn = (text: string): string => text.slice(1, text.indexOf('{'));
const none = { pms: 0, cas360: 0, addresses: 0 };
/** With an account, door keys and papers; with a birthday and relationships; with an address. */
const IDS = ['pms:4711', 'pms:5001', 'cas360:555742', 'cas360:54'];
const PERSON = 'cas360:555742';
const NEIGHBOUR = 'cas360:1001';

/** Everything that is in Redis, of whatever type. */
async function dump(): Promise<string> {
  return server.ask(async (client) => {
    const texts: unknown[] = [];
    for (const key of await client.keys('*')) {
      const type = await client.type(key);
      if (type !== 'string' && type !== 'hash') throw new Error(`a ${type} is not searched yet`);
      texts.push(key, type === 'string' ? await client.get(key) : await client.hGetAll(key));
    }
    return JSON.stringify(texts);
  });
}

describe('Guarded values in Redis', () => {
  test('are served to other replicas as to the first, without a call', async () => {
    const first = await ask(IDS);
    expect(first.map(({ dateOfBirth, doorAccess }) => Boolean(dateOfBirth ?? doorAccess))).toContain(true);
    // With the addresses of two.
    await untilKept(server, IDS.length + 2);
    app.reset();
    expect(await ask(IDS, replica)).toEqual(first);
    expect(app.calls()).toEqual(none);
  });

  test('are found there in no form, nor is any key that we do not serve', async () => {
    const canaries = new Canaries();
    const { pms, cas360 } = app.sandbox;
    const plant = (rows: Map<string, object>, id: string, place: string): void => {
      const row = canaries.fill(rows.get(id), place, new Set(['id', 'addressId', 'representativeIds'])) as { [key: string]: unknown };
      const unheardOf = canaries.fill({ passwordHash: '', password: '', nested: [{ passwordHash: '' }] }, `${place}.unheardOf`) as object;
      // Where an object is known, and where a text is due.
      const inner = Object.entries(row).map(([key, value]) => [key, typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value, ...unheardOf } : value]);
      rows.set(id, { ...Object.fromEntries(inner), ...unheardOf, skype: unheardOf, title: [unheardOf], relationships: [{ type: 'x', ...unheardOf }] });
    };
    const [rows, addresses] = [new Map(cas360.data.contacts), new Map(cas360.data.addresses)];
    const contacts = new Map(pms.data.contacts);
    for (const id of ['4711', '5001']) plant(pms.data.contacts, id, 'pms');
    for (const id of ['555742', '54']) plant(cas360.data.contacts, id, 'cas360');
    for (const id of addresses.keys()) plant(cas360.data.addresses, id, 'address');
    try {
      await ask(IDS);
      await untilKept(server, IDS.length + 2);
      const found = canaries.foundIn(await dump());
      expect(found).toEqual(expect.arrayContaining(['pms.firstName', 'pms.contactSalesAccount.accountCode', 'cas360.name', 'address.suburb']));
      expect(found.filter((place) => /unheardOf|password|contactSalesAccount\.contact\b/.test(place))).toEqual([]);
      expect(found.filter((place) => /passport|socialSecurity|taxNumber|identityConfirmed|birth|salto|keyCard|cognito|creditCheck/i.test(place))).toEqual([]);
      // They were there to be found.
      for (const place of ['pms.passportNumber', 'pms.keyCardCode', 'pms.cognitoId', 'cas360.birthday', 'cas360.taxNumber', 'pms.unheardOf.passwordHash']) expect(canaries.foundIn(canaries.at(place))).toEqual([place]);
    } finally {
      for (const [id, row] of contacts) pms.data.contacts.set(id, row);
      for (const [id, row] of rows) cas360.data.contacts.set(id, row);
      for (const [id, row] of addresses) cas360.data.addresses.set(id, row);
    }
  });

  test.each<[string, (text: string, other: string) => string]>([
    ['those of another entry', (text, other) => text.replace(encryptedIn(text), () => encryptedIn(other))],
    ['changed in one character', (text) => text[40] === 'A' ? `${text.slice(0, 40)}B${text.slice(41)}` : `${text.slice(0, 40)}A${text.slice(41)}`],
    ['cut short', (text) => text.replace(encryptedIn(text), (encrypted) => encrypted.slice(0, 20))],
  ])('are null where somebody made them %s, and are right again the next time', async (_, tamper) => {
    const [truth] = await ask([PERSON]);
    const [other] = await ask([NEIGHBOUR]);
    expect([truth.dateOfBirth, other.dateOfBirth]).not.toContain(null);
    const kept = await untilKept(server, 4);
    const key = kept.find((name) => name.endsWith(':555742'))!;
    const text = await textAt(key);
    const tampered = tamper(text, await textAt(kept.find((name) => name.endsWith(NEIGHBOUR.slice(6)))!));
    expect(tampered).not.toBe(text);
    await server.ask((client) => client.set(key, tampered));
    app.reset();
    expect(await ask([PERSON], replica)).toEqual([{ ...truth, dateOfBirth: null, placeOfBirth: null, identityDocuments: null }]);
    expect(app.calls()).toEqual(none);
    await until('the entry is dropped', async () => !(await keysIn(server)).includes(key));
    expect(await ask([PERSON], replica)).toEqual([truth]);
  });

  test('cost nothing to operations that read none of them: what is encrypted is not looked at', async () => {
    await ask([PERSON]);
    const key = (await untilKept(server, 2)).find((name) => name.endsWith(':555742'))!;
    const text = await textAt(key);
    await server.ask((client) => client.set(key, `f!${text.slice(text.indexOf('{'))}`));
    app.reset();
    const { data } = await replica.query(`{ contact(id: "${PERSON}") { name email relationships { type } } }`);
    expect(data.contact.name).toBe('Anne Smith');
    expect(app.calls()).toEqual(none);
    expect(await keysIn(server)).toContain(key);
  });

  test('are not sought with another client secret: such a replica asks the system itself, and leaves the entries be', async () => {
    const [truth] = await ask(['pms:4711']);
    const before = await untilKept(server, 1);
    const { client } = app.sandbox.pms;
    const secret = client.secret;
    client.secret = 'another-secret';
    const changed = await startTestApp({ ...app.sandbox.environment, CAS360_BASE_URL: '', PMS_CLIENT_SECRET: client.secret, CACHE_TTL_SECONDS: '3600', REDIS_URL: server.url });
    try {
      await untilRedisIsUp(changed);
      app.reset();
      expect(await ask(['pms:4711'], changed)).toEqual([truth]);
      client.secret = secret;
      expect(app.calls()).toEqual({ ...none, pms: 1 });
      expect(await untilKept(server, 2)).toEqual(expect.arrayContaining(before));
      app.reset();
      expect([await ask(['pms:4711'], changed), await ask(['pms:4711'], replica)]).toEqual([[truth], [truth]]);
      expect(app.calls()).toEqual(none);
    } finally {
      client.secret = secret;
      await changed.stop();
    }
  });
});
