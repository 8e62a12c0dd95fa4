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
