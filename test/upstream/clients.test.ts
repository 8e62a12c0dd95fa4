import { describe, expect, test } from '@jest/globals';
import { getAddresses, getContacts } from '../../src/upstream/cas360/client.js';
import { exchangeRefreshToken } from '../../src/upstream/cas360/token.js';
import type { Endpoint, UpstreamRequest } from '../../src/upstream/endpoint.js';
import { getContact } from '../../src/upstream/pms/client.js';
import { pmsGrant } from '../../src/upstream/pms/token.js';
import { startHostileServer } from '../support/hostileServer.js';
import { FOREVER } from '../support/upstreamDouble.js';

/** An endpoint that answers each request with this. */
function answering(answer: unknown): { endpoint: Endpoint; asked: UpstreamRequest[] } {
  const asked: UpstreamRequest[] = [];
  const getJson: Endpoint['getJson'] = async (request, deadline) => {
    expect(deadline).toBe(FOREVER);
    asked.push(request);
    return answer;
  };
  return { endpoint: { getJson } as Endpoint, asked };
}

describe('CAS 360 is asked', () => {
  test.each([
    [false, '/contacts/7,54?offset=0&limit=500'],
    [true, '/contacts/7,54?offset=0&limit=500&relationships=true'],
  ])('for contacts by their ids, with relationships only if they are wanted (%s)', async (relationships, path) => {
    const { endpoint, asked } = answering([{ id: 7, name: 'Ann', relationships: [] }]);
    expect(await getContacts(endpoint, ['7', '54'], relationships, FOREVER)).toMatchObject([{ id: '7', name: 'Ann', relationships: relationships ? [] : undefined }]);
    expect(asked).toEqual([{ resource: 'contacts', path, ids: ['7', '54'], relationships }]);
  });

  test('for addresses by their ids', async () => {
    const { endpoint, asked } = answering([{ id: 7, suburb: 'Ely' }]);
    expect(await getAddresses(endpoint, ['7', '54'], FOREVER)).toMatchObject([{ id: '7', suburb: 'Ely' }]);
    expect(asked).toEqual([{ resource: 'addresses', path: '/addresses/7,54', ids: ['7', '54'], relationships: false }]);
  });

  test('and answers in any order, also with rows that nobody asked for', async () => {
    const { endpoint } = answering([{ id: 9 }, { id: '54' }, { id: 55 }, { id: -7 }, null, { id: 7 }, { name: 'x' }]);
    const rows = await getContacts(endpoint, ['7', '54', '9'], false, FOREVER);
    expect(rows.map((row) => row?.id)).toEqual(['9', '54', undefined, undefined, undefined, '7', undefined]);
  });

  test.each([[{}], [null], ['[]'], [{ length: 0 }]])('and answers no list: %j', async (answer) => {
    await expect(getContacts(answering(answer).endpoint, ['7'], false, FOREVER)).rejects.toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE', source: 'CAS360' });
  });
});

describe('The PMS is asked', () => {
  test('for one contact by its id', async () => {
    const { endpoint, asked } = answering({ id: 7, firstName: 'Ann', password: 'x' });
    expect(await getContact(endpoint, '7', FOREVER)).toMatchObject({ id: '7', firstName: 'Ann' });
    expect(asked).toEqual([{ resource: 'contacts', path: '/api/v3/contacts/7', ids: ['7'], relationships: false }]);
  });

  test.each([[null], [[]], [{}], [{ id: '07' }]])('and answers no record: %j', async (answer) => {
    expect(await getContact(answering(answer).endpoint, '7', FOREVER)).toBeUndefined();
  });
});

/** What a token endpoint is sent: the query of its address, the header and the body. */
async function sentTo(endpoint: (tokenUrl: URL) => Promise<unknown>, answer: object): Promise<{ outcome: unknown; sent: string[] }> {
  const sent: string[] = [];
  const server = await startHostileServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      sent.push(new URL(request.url!, 'http://x').search, request.headers.authorization ?? '', body);
      response.end(JSON.stringify(answer));
    });
  });
  const outcome = await endpoint(server.url).catch((error: unknown) => error);
  await server.stop();
  return { outcome, sent };
}

const BASIC = `Basic ${Buffer.from('client:secret').toString('base64')}`;
const CREDENTIALS = { clientId: 'client', clientSecret: 'secret' };
const GRANT = { access_token: 'access', expires_in: 60 };

describe.each([
  [undefined, ''],
  ['', ''],
  ['read all', 'scope=read+all'],
])('A token, with the scope %j,', (scope, expected) => {
  const ending = expected && `&${expected}`;

  test('is asked of CAS 360 in the address, beside what is there', async () => {
    const { outcome, sent } = await sentTo((url) => exchangeRefreshToken({ ...CREDENTIALS, tokenUrl: new URL('?tenant=1', url), scope }, 'a&b', 8_000), GRANT);
    expect(outcome).toMatchObject({ kind: 'granted', grant: { accessToken: 'access' } });
    expect(sent).toEqual([`?tenant=1&grant_type=refresh_token&refresh_token=a%26b${ending}`, BASIC, '']);
  });

  test('is asked of the PMS in a form', async () => {
    const { outcome, sent } = await sentTo((tokenUrl) => pmsGrant({ ...CREDENTIALS, tokenUrl, scope }, 8_000)(), GRANT);
    expect(outcome).toEqual({ accessToken: 'access', lifetimeSeconds: 60 });
    expect(sent).toEqual(['', BASIC, `grant_type=client_credentials${ending}`]);
  });
});

test.each([
  [{ error: 'invalid_client' }, 'the token endpoint answered 200 invalid_client', false],
  [{ refresh_token: 'of no use' }, 'the token endpoint answered without a usable access_token', false],
  [{}, 'the token endpoint answered without a usable token', true],
])('The PMS grants no token with %j', async (answer, message, isTransient) => {
  const { outcome } = await sentTo((tokenUrl) => pmsGrant({ ...CREDENTIALS, tokenUrl, scope: undefined }, 8_000)(), answer);
  expect(outcome).toMatchObject({ name: 'TokenUnavailable', message, facts: { isTransient } });
});
