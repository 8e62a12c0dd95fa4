import { describe, expect, test } from '@jest/globals';
import { Caller } from './caller.js';

const caller = new Caller();

describe('switches over HTTP', () => {
  test('calls: read and forget', async () => {
    await caller.cas360('/contacts/54');
    const { body } = await caller.turn('GET', 'calls');
    expect(body).toMatchObject({ calls: [{ kind: 'contacts', ids: ['54'], status: 200 }], mostAtOnce: { contacts: 1 } });
    expect((await caller.turn('DELETE', 'calls')).status).toBe(204);
    expect((await caller.turn('GET', 'calls')).body.calls).toEqual([]);
  });

  test('faults: set, read with the times that are left, and clear', async () => {
    await caller.turn('PUT', 'faults', [{ status: 503, times: 2 }, { latencyMs: 1 }]);
    await caller.cas360('/contacts/54');
    expect((await caller.turn('GET', 'faults')).body).toEqual([{ status: 503, times: 1 }, { latencyMs: 1 }]);
    await caller.turn('DELETE', 'faults');
    expect((await caller.cas360('/contacts/54')).status).toBe(200);
  });

  test.each(['cas360', 'pms'] as const)('revoke and token lifetime of %s', async (name) => {
    const data = () => (name === 'pms' ? caller.contact('4711') : caller.cas360('/contacts/54'));
    expect((await data()).status).toBe(200);
    expect((await caller.turn('POST', 'revoke', undefined, name)).status).toBe(204);
    expect((await data()).status).toBe(401);
    expect((await caller.turn('PUT', 'token', { lifetimeSeconds: 0 }, name)).status).toBe(204);
    expect((await caller.turn('GET', 'token', undefined, name)).body).toEqual({ lifetimeSeconds: 0, ...(name === 'cas360' && { rotates: true }) });
    await caller.renewTokens();
    expect((await data()).status).toBe(401);
  });

  test('ids: by kind of contact', async () => {
    const { body } = await caller.turn('GET', 'ids');
    expect(Object.keys(body).toSorted()).toEqual(['Company', 'Joint Member', 'Other Entity', 'People']);
    expect(body.People).toEqual(expect.arrayContaining(['555742', '1001']));
    expect([body.Company, body['Other Entity'], body['Joint Member']]).toEqual([
      expect.arrayContaining(['54', '20001']),
      expect.arrayContaining(['30001']),
      expect.arrayContaining(['40001']),
    ]);
    const pms = (await caller.turn('GET', 'ids', undefined, 'pms')).body;
    expect(Object.keys(pms).toSorted()).toEqual(['BOOKER', 'GUEST', 'UNTYPED']);
    expect(pms.GUEST).toContain('4711');
  });
});

describe('switches for tests and for the page', () => {
  test('reset: everything but the tokens is as at the start', async () => {
    await caller.turn('PUT', 'faults', [{ on: 'addresses', status: 503 }]);
    await caller.turn('PUT', 'token', { lifetimeSeconds: 5, rotates: false });
    await caller.turn('PUT', 'connections', { idleMs: 5_000 });
    await caller.cas360('/contacts/54');
    expect((await caller.turn('POST', 'reset')).status).toBe(204);
    expect((await caller.turn('GET', 'faults')).body).toEqual([]);
    expect((await caller.turn('GET', 'calls')).body.calls).toEqual([]);
    expect((await caller.turn('GET', 'token')).body).toEqual({ lifetimeSeconds: 3600, rotates: true });
    expect((await caller.turn('GET', 'connections')).body.idleMs).toBeNull();
    expect((await caller.cas360('/contacts/54')).status).toBe(200);
    await caller.turn('POST', 'reset', undefined, 'pms');
    expect((await caller.turn('GET', 'token', undefined, 'pms')).body).toEqual({ lifetimeSeconds: 3600 });
  });

  test('refresh-token: another one, which leaves the first as it is', async () => {
    const { body } = await caller.turn('POST', 'refresh-token');
    expect((await caller.cas360Token(body.refreshToken)).status).toBe(200);
    expect((await caller.cas360Token(body.refreshToken)).status).toBe(401);
    expect((await caller.cas360('/contacts/54')).status).toBe(200);
    expect(await caller.turn('POST', 'refresh-token', undefined, 'pms')).toMatchObject({ status: 400, body: { message: 'The PMS has no refresh tokens' } });
  });

  test('contacts: by id, with or without the source, and by a part of the name', async () => {
    const search = async (text: string) => (await caller.turn('GET', `contacts?search=${encodeURIComponent(text)}`)).body;
    for (const text of ['555742', 'CAS360:555742', ' anne smith ']) {
      expect(await search(text)).toMatchObject({ contacts: expect.arrayContaining([{ id: '555742', name: 'Anne Smith', kind: 'People' }]) });
    }
    expect(await search('no such name')).toEqual({ contacts: [], found: 0, all: 2702 });
    const all = (await caller.turn('GET', 'contacts')).body;
    expect([all.contacts.length, all.found, all.all]).toEqual([50, 2702, 2702]);
  });

  test('state: the last 100 calls, and what is set', async () => {
    for (let n = 0; n < 101; n++) await caller.cas360(`/contacts/${1001 + n}`);
    const { body } = await caller.turn('GET', 'state');
    expect(body).toMatchObject({ name: 'CAS 360', source: 'cas360', neighbour: { name: 'PMS', url: caller.sandbox.pms.url }, callCount: 101, faults: [], token: { lifetimeSeconds: 3600, rotates: true, spentUses: expect.any(Number) } });
    expect([body.calls.length, body.calls[0].ids]).toEqual([100, ['1002']]);
  });
});

describe('bad input is refused, with a word on what is allowed', () => {
  test.each<[unknown, RegExp]>([
    ['no json', /must be JSON/],
    [{ status: 503 }, /list/],
    [[7], /Fault 0: not an object/],
    [[{ status: 500 }, { sttus: 503 }], /Fault 1: unknown key 'sttus'; allowed are on, ids, .*status/],
    [[{ constructor: 1, status: 500 }], /unknown key 'constructor'/],
    [[{ on: 'contact', status: 503 }], /'on' must be one of contacts, addresses, token/],
    [[{ status: '503' }], /'status' must be a status from 200 to 599/],
    [[{ ids: [54], status: 503 }], /'ids' must be a list of strings/],
    [[{ times: 0, status: 503 }], /'times' must be a whole number above 0/],
    [[{ probability: 2, status: 503 }], /'probability' must be a number from 0 to 1/],
    [[{ reset: 'sometimes' }], /'reset' must be 'before-headers' or 'mid-body'/],
    [[{ drip: { bytes: 0, everyMs: 1 } }], /'drip' must be { bytes, everyMs }/],
    [[{ hang: false }], /'hang' must be true/],
    [[{ status: 503, hang: true }], /status and hang cannot go together/],
    [[{ omit: ['54'], patch: {} }], /omit and patch cannot go together/],
    [[{ on: 'contacts' }], /does nothing; give latencyMs or one of status, /],
    [[{ hang: true, retryAfter: '3' }], /'retryAfter' needs status or gatewayPage or limit beside it/],
    [[{ status: 503, after: 0.5 }], /'after' must be a whole number/],
    [[{ limit: { perSecond: 0 } }], /'limit' must be { perSecond, burst }/],
    [[{ limit: { perSecond: '50' } }], /'limit' must be/],
    [[{ limit: { perSecond: 50, burst: 0.5 } }], /'limit' must be/],
    [[{ limit: { perSecond: 50, brust: 5 } }], /'limit' must be/],
    [[{ limit: { perSecond: 50 }, status: 429 }], /limit and status cannot go together/],
    [[{ capacity: { atOnce: 0, serviceMs: 25 } }], /'capacity' must be { atOnce, serviceMs }/],
    [[{ capacity: { atOnce: 8 } }], /'capacity' must be/],
    [[{ capacity: { atOnce: 8, serviceMs: 25 }, retryAfter: '1' }], /'retryAfter' needs status or gatewayPage or limit/],
    [[{ gatewayPage: 500 }], /'gatewayPage' must be 200, 404, 502 or 503/],
    [[{ paddingBytes: 0 }], /'paddingBytes' must be/],
    [[{ withoutKeys: 'id' }], /'withoutKeys' must be a list of strings/],
    [[{ invalidToken: 404 }], /'invalidToken' must be 400, 401 or 403/],
    [[{ invalidToken: 401, status: 401 }], /cannot go together/],
    // Node fires a longer timer at once, and refuses the headers when they are sent.
    [[{ latencyMs: 2 ** 31 }], /'latencyMs' must be a number of milliseconds, at most 2147483647/],
    [[{ heldMs: 1e12 }], /'heldMs' must be/],
    [[{ drip: { bytes: 1, everyMs: 1e12 } }], /'drip' must be/],
    [[{ capacity: { atOnce: 1, serviceMs: 1e12 } }], /'capacity' must be/],
    [[{ paddingBytes: 1e9 }], /'paddingBytes' must be a whole number from 1 to 100000000/],
    [[{ status: 503, headers: { 'a b': 'c' } }], /'headers' must be an object of strings, with names and values that can stand in headers/],
    [[{ status: 503, headers: { a: 'b\nc' } }], /'headers' must be/],
    [[{ status: 503, headers: { a: 7 } }], /'headers' must be/],
    [[{ status: 503, retryAfter: '1\r\nx: y' }], /'retryAfter' must be a string that can stand in a header/],
    [[{ body: '', contentType: 'a\nb' }], /'contentType' must be/],
    [[{ charset: 'utf-16le', declaredAs: 'a\nb' }], /'declaredAs' must be/],
    [[{ heldMs: -1 }], /'heldMs' must be a number of milliseconds/],
  ])('faults %j', async (faults, message) => {
    const { status, body } = await caller.turn('PUT', 'faults', faults);
    expect([status, body.message]).toEqual([400, expect.stringMatching(message)]);
    expect((await caller.turn('GET', 'faults')).body).toEqual([]);
  });

  test('faults that mean nothing at the PMS', async () => {
    for (const fault of [{ add: [{ id: 1 }] }, { relationships: true, status: 503 }, { on: 'addresses', status: 503 }]) {
      expect((await caller.turn('PUT', 'faults', [fault], 'pms')).status).toBe(400);
    }
  });

  test('faults set in the process too', () => {
    expect(() => caller.sandbox.pms.faults.set([{ hang: true, status: 503 } as never])).toThrow(TypeError);
  });

  test('lifetimes, methods and switches', async () => {
    const refusal = (status: number, word: string) => ({ status, body: { message: expect.stringMatching(word) } });
    const token = (value: unknown) => caller.turn('PUT', 'token', value);
    expect(await token({ lifetimeSeconds: 'long' })).toMatchObject(refusal(400, 'lifetimeSeconds'));
    expect(await token('null')).toMatchObject(refusal(400, 'lifetimeSeconds'));
    expect(await token({ rotates: 'never' })).toMatchObject(refusal(400, '"rotates": true or false'));
    expect(await caller.turn('PUT', 'token', { rotates: false }, 'pms')).toMatchObject(refusal(400, 'lifetimeSeconds'));
    expect(await caller.turn('GET', 'revoke')).toMatchObject(refusal(405, 'POST'));
    expect(await caller.turn('GET', 'nonsense')).toMatchObject(refusal(404, 'calls, faults, connections, revoke, ids, token'));
    for (const value of [{ idleMs: -1 }, { idleMs: 'never' }, {}, 'null']) {
      expect(await caller.turn('PUT', 'connections', value)).toMatchObject(refusal(400, 'idleMs'));
    }
  });
});
