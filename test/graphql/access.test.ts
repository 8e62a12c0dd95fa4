import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { GraphQLObjectType } from 'graphql';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import { ACCESS_POLICY, SCOPES, type Access } from '../../src/graphql/accessPolicy.js';
import { errorsIn, everyField, schema, startTestApp, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';

const ISSUER = 'https://identity.example.test';
const AUDIENCE = 'contacts';

let app: TestApp;
let keys: { privateKey: CryptoKey; publicKey: CryptoKey };
let strangersKey: CryptoKey;
let published: JWK;
let keyServer: Server;

beforeAll(async () => {
  keys = await generateKeyPair('ES256');
  strangersKey = (await generateKeyPair('ES256')).privateKey;
  published = { ...(await exportJWK(keys.publicKey)), kid: 'ours', alg: 'ES256', use: 'sig' };
  keyServer = createServer((_request, response) => response.end(JSON.stringify({ keys: [published] })));
  await new Promise<void>((resolve) => keyServer.listen(0, '127.0.0.1', resolve));
  const { port } = keyServer.address() as AddressInfo;
  app = await startTestApp({ AUTH_JWKS_URL: `http://127.0.0.1:${port}/keys`, AUTH_ISSUER: ISSUER, AUTH_AUDIENCE: AUDIENCE });
  plantWholeContacts();
  await until('a token can be verified', async () => (await app.query('{ __typename }', {}, await bearerOf(SCOPES))).status === 200);
});
beforeEach(() => app.reset());
afterAll(async () => {
  await app.stop();
  keyServer.close();
});

const now = () => Math.floor(Date.now() / 1_000);

/** A good token of these claims, but for what `wrong` says. */
const tokenOf = (claims: JWTPayload, wrong: { key?: CryptoKey; kid?: string; without?: string } = {}) => {
  const usual = { iss: ISSUER, aud: AUDIENCE, sub: 'somebody', iat: now(), exp: now() + 600 };
  const payload: JWTPayload = { ...usual, ...claims };
  if (wrong.without) Reflect.deleteProperty(payload, wrong.without);
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: wrong.kid ?? 'ours' }).sign(wrong.key ?? keys.privateKey);
};

const bearerOf = async (scopes: readonly string[]): Promise<Record<string, string>> =>
  scopes.length === 0 ? {} : { authorization: `Bearer ${await tokenOf({ scope: scopes.join(' ') })}` };

const WHOLE_IN_PMS = 'pms:4711';
const WHOLE_IN_REGISTER = 'cas360:49002';

/** A contact of the register of which everything is known, and a joint member that it represents. */
function plantWholeContacts(): void {
  const { contacts, relationships } = app.sandbox.cas360.data;
  const [person, joint] = [contacts.get('555742')!, contacts.get('40001')!];
  const asPerson = { title: 'Ms', sex: 'Female', middleName: 'Maud', skype: 'live:anne', nationality: 'AU', taxNumber: '000123456', phone1: '(03) 5550 0001' };
  const asCompany = { companyNumber: '990000001', incorporationDate: '2001-02-03', placeOfIncorporation: 'AU', type: 'TRUST' as const };
  contacts.set('49002', { ...person, ...asPerson, ...asCompany, id: 49002, representativeIds: [1001] });
  contacts.set('49003', { ...joint, id: 49003, representativeIds: [49002] });
  relationships.set('49002', relationships.get('555742')!);
}

describe('the policy', () => {
  test('guards what tells who a person is, and what opens doors', () => {
    const guardedBy = (scope: string) => Object.entries(ACCESS_POLICY.Contact).flatMap(([field, access]) => (access === scope ? [field] : []));
    expect(guardedBy('contact:identity').sort()).toEqual(['dateOfBirth', 'identityDocuments', 'placeOfBirth', 'verification']);
    expect(guardedBy('contact:access').sort()).toEqual(['cognitoId', 'doorAccess']);
  });

  test('decides about every field of the schema, and about nothing else', () => {
    const types = Object.keys(ACCESS_POLICY).map((name) => schema.getType(name) as GraphQLObjectType);
    for (const type of types) {
      const fields = Object.keys(type.getFields()).filter((field) => !['_entities', '_service'].includes(field));
      expect([type.name, ...Object.keys(ACCESS_POLICY[type.name as 'Contact']).sort()]).toEqual([type.name, ...fields.sort()]);
    }
  });
});

const fieldNames = Object.keys((schema.getType('Contact') as GraphQLObjectType).getFields());
const accessTo = (field: string): Access => ACCESS_POLICY.Contact[field as 'id'];

/** The ways that lead to a contact; `at` is where its fields stand. */
const ROUTES: [route: string, id: string, at: string, query: string][] = [
  ['contact', WHOLE_IN_PMS, 'contact', '{ contact(id: "pms:4711") { F } }'],
  ['contact', WHOLE_IN_REGISTER, 'contact', '{ contact(id: "cas360:49002") { F } }'],
  ['contacts', WHOLE_IN_PMS, 'contacts.1', '{ contacts(ids: ["cas360:54", "pms:4711"]) { ... on Contact { F } } }'],
  ['contacts', WHOLE_IN_REGISTER, 'contacts.0', '{ contacts(ids: ["cas360:49002", "pms:4711"]) { ... on Contact { F } } }'],
  ['_entities', WHOLE_IN_PMS, '_entities.1', '{ _entities(representations: [{ __typename: "Company" }, { __typename: "Contact", id: "pms:4711" }]) { ... on Contact { F } } }'],
  ['_entities', WHOLE_IN_REGISTER, '_entities.0', '{ _entities(representations: [{ __typename: "Contact", id: "cas360:49002" }]) { ...G } } fragment G on Contact { F }'],
  ['representatives', WHOLE_IN_REGISTER, 'contact.representatives.0', '{ contact(id: "cas360:49003") { representatives { F } } }'],
  ['salesAccount.contact', WHOLE_IN_PMS, 'contact.salesAccount.contact', '{ contact(id: "pms:4711") { salesAccount { contact { F } } } }'],
  [
    'salesAccount.contact of an entity',
    WHOLE_IN_PMS,
    '_entities.0.contact',
    '{ _entities(representations: [{ __typename: "SalesAccount", id: "pms:902", contact: { id: "pms:4711" } }]) { ... on SalesAccount { contact { F } } } }',
  ],
];
const SCOPE_SETS: string[][] = [[], [SCOPES[0]], [SCOPES[1]], [...SCOPES]];

const valueAt = (data: any, at: string) => at.split('.').reduce((value, step) => value[step], data);

/** What the answer says of a guarded field of a contact, at its place. */
const forbiddenAt = (at: string, field = at.split('.').at(-1)!): object => ({ at, code: 'FORBIDDEN', retryable: false, coordinate: `Contact.${field}`, scope: accessTo(field) });

/** Asks for every field of the contacts on a route. */
const askForAll = async (query: string, scopes: readonly string[]) => app.query(query.replace('F ', `${everyField()} `), {}, await bearerOf(scopes));

describe('every field of a contact', () => {
  const wholes = new Map<string, Record<string, unknown>>();

  beforeAll(async () => {
    for (const id of [WHOLE_IN_PMS, WHOLE_IN_REGISTER]) {
      const { data, errors } = await askForAll(`{ contact(id: "${id}") { F } }`, SCOPES);
      expect(errors).toBeUndefined();
      wholes.set(id, data.contact);
    }
  });

  test('has a value in one system or the other, so that what follows means something', () => {
    const values = [...wholes.values()];
    expect(fieldNames.filter((field) => values.every((whole) => whole[field] === null))).toEqual([]);
  });

  describe.each(SCOPE_SETS.map((scopes) => ({ scopes })))('with the scopes $scopes', ({ scopes }) => {
    test.each(ROUTES)('by %s of %s is its value or FORBIDDEN, as the policy says', async (_, id, at, query) => {
      const answer = await askForAll(query, scopes);
      const forbidden = fieldNames.filter((field) => accessTo(field) !== 'everyone' && !scopes.includes(accessTo(field)));
      const contact = valueAt(answer.data, at);
      expect(fieldNames.map((field) => [field, contact[field]])).toEqual(fieldNames.map((field) => [field, forbidden.includes(field) ? null : wholes.get(id)![field]]));
      // Once for each field of the operation, however many contacts it has: at the first of them.
      const first = at.replace('contacts.1', 'contacts.0');
      expect(errorsIn(answer)).toEqual(forbidden.sort().map((field) => forbiddenAt(`${first}.${field}`, field)));
    });
  });

  test('with another scope of that kind is as without any', async () => {
    const { data } = await askForAll('{ contact(id: "pms:4711") { F } }', ['contact', 'contact:*', 'contact:identity:read', 'Contact:Identity', 'contact:identit']);
    for (const field of fieldNames.filter((name) => accessTo(name) !== 'everyone')) expect(data.contact[field]).toBeNull();
  });

  test('of a contact that does not exist is as null as the contact', async () => {
    const { data, errors } = await app.query('{ contact(id: "pms:1") { name cognitoId dateOfBirth } }');
    expect(errors).toBeUndefined();
    expect(data.contact).toBeNull();
  });
});

const whoAmI = (authorization?: string, on = app) => on.query('{ contact(id: "pms:4711") { name dateOfBirth } }', {}, authorization === undefined ? {} : { authorization });
const iris = { name: 'Iris Maeve Vale', dateOfBirth: '1990-05-01' };

describe('the scopes of a token', () => {
  test.each<[JWTPayload, boolean]>([
    [{ scope: 'contact:identity' }, true],
    [{ scope: 'openid contact:identity profile' }, true],
    [{ scp: 'openid contact:identity' }, true],
    [{ scp: ['openid', 'contact:identity'] }, true],
    [{ scope: 'openid', scp: ['contact:identity'] }, true],
    [{}, false],
    [{ scope: '' }, false],
    [{ scp: [] }, false],
    [{ scope: 'contact:access' }, false],
    [{ scope: 'contact:identity,contact:access' }, false],
    [{ scope: 7, scp: { 'contact:identity': true } }, false],
    [{ scp: [null, 7, { scope: 'contact:identity' }] }, false],
    [{ scopes: 'contact:identity', roles: ['contact:identity'] }, false],
  ])('%j open what they name: %j', async (claims, opened) => {
    const answer = await whoAmI(`Bearer ${await tokenOf(claims)}`);
    expect(answer.data.contact).toEqual(opened ? iris : { ...iris, dateOfBirth: null });
    expect(errorsIn(answer)).toEqual(opened ? [] : [forbiddenAt('contact.dateOfBirth')]);
  });

  test('count whatever the case of `Bearer` is', async () => {
    expect((await whoAmI(`bearer ${await tokenOf({ scope: 'contact:identity' })}`)).data.contact).toEqual(iris);
  });

  test('count for their own operation alone, even while others run', async () => {
    app.sandbox.pms.faults.set([{ latencyMs: 50 }]);
    const scoped = `Bearer ${await tokenOf({ scope: 'contact:identity' })}`;
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => whoAmI(n % 2 === 0 ? scoped : undefined)));
    expect(answers.map(({ data }) => data.contact.dateOfBirth)).toEqual(answers.map((_, n) => (n % 2 === 0 ? iris.dateOfBirth : null)));
    expect(app.calls().pms).toBeLessThan(20);
  });
});

describe('a bad token is told so with 401, and nothing else:', () => {
  const scope = 'contact:identity';
  const swapPayload = async (token: string) => {
    const [header, , signature] = token.split('.');
    return [header, Buffer.from(JSON.stringify({ iss: ISSUER, aud: AUDIENCE, exp: now() + 600, scope })).toString('base64url'), signature].join('.');
  };
  const symmetric = () => new SignJWT({ scope, iss: ISSUER, aud: AUDIENCE, exp: now() + 600 }).setProtectedHeader({ alg: 'HS256', kid: 'ours' });
  const unsigned = () => new UnsecuredJWT({ scope, iss: ISSUER, aud: AUDIENCE, exp: now() + 600 }).encode();

  test.each<[string, () => string | Promise<string>]>([
    ['expired', () => tokenOf({ scope, exp: now() - 60 })],
    ['without an end', () => tokenOf({ scope }, { without: 'exp' })],
    ['not yet valid', () => tokenOf({ scope, nbf: now() + 600 })],
    ['for another audience', () => tokenOf({ scope, aud: 'bookings' })],
    ['for no audience', () => tokenOf({ scope }, { without: 'aud' })],
    ['of another issuer', () => tokenOf({ scope, iss: 'https://elsewhere.example.test' })],
    ['of no issuer', () => tokenOf({ scope }, { without: 'iss' })],
    ['signed with a key of somebody else', () => tokenOf({ scope }, { key: strangersKey })],
    ['signed with an unknown key', () => tokenOf({ scope }, { kid: 'theirs', key: strangersKey })],
    ['changed after it was signed', async () => swapPayload(await tokenOf({ scope: '' }))],
    ['without a signature', unsigned],
    ['signed with the public key as a secret', () => symmetric().sign(Buffer.from(JSON.stringify(published)))],
    ['garbage', () => 'garbage'],
    ['garbage in three parts', () => 'e30.e30.e30'],
    ['two tokens', async () => `${await tokenOf({ scope })} ${await tokenOf({ scope })}`],
    ['very long', () => 'x'.repeat(8_000)],
  ])('%s', async (_, make) => {
    const token = await make();
    await expectUnauthenticated(`Bearer ${token}`, token);
  });

  test.each(['Basic c29tZWJvZHk6Y2FuYXJ5', 'Bearer', 'Bearer ', 'Token abc', 'abc'])('%s', (header) => expectUnauthenticated(header, 'c29tZWJvZHk6Y2FuYXJ5'));

  const expectUnauthenticated = async (authorization: string, secret: string) => {
    const answer = await whoAmI(authorization);
    expect(answer.status).toBe(401);
    expect(Object.keys(JSON.parse(answer.text))).toEqual(['errors']);
    expect(answer.errors!.map(({ extensions }) => extensions)).toEqual([{ code: 'UNAUTHENTICATED', retryable: false }]);
    expect(answer.text).not.toContain(secret);
    expect(app.calls()).toEqual({ pms: 0, cas360: 0, addresses: 0 });
  };
});

describe('a caller without a token', () => {
  test('is anonymous', async () => {
    const answer = await whoAmI();
    expect(answer.status).toBe(200);
    expect(answer.data.contact).toEqual({ ...iris, dateOfBirth: null });
  });
});

describe('where no verification of tokens is set up', () => {
  test('every caller is anonymous, whatever token they bring', async () => {
    const open = await startTestApp({ AUTH_JWKS_URL: undefined, AUTH_ISSUER: undefined, AUTH_AUDIENCE: undefined });
    try {
      for (const authorization of [undefined, `Bearer ${await tokenOf({ scope: 'contact:identity' })}`, 'Bearer garbage', 'Basic abc']) {
        const answer = await whoAmI(authorization, open);
        expect(answer.status).toBe(200);
        expect(answer.data.contact).toEqual({ ...iris, dateOfBirth: null });
      }
    } finally {
      await open.stop();
    }
  });
});
