import { describe, expect, test } from '@jest/globals';
import { connect } from 'node:net';
import { Caller, idsOf, type Reply } from './caller.js';
import { until } from '../support/until.js';

const caller = new Caller();

/** Plants faults over HTTP, as a test in another process would. */
const plant = async (...faults: object[]) => {
  expect((await caller.turn('PUT', 'faults', faults)).status).toBe(204);
};
const contacts = (query = '') => caller.cas360(`/contacts/54,1001,1002${query}`);
const row = (reply: Reply, id: number) => reply.body.find((each: { id: number }) => each.id === id);

describe('which requests a fault hits', () => {
  test('every data call, and no token call, unless it says so', async () => {
    await plant({ status: 503 });
    expect((await contacts()).status).toBe(503);
    expect((await caller.cas360('/addresses/15')).status).toBe(503);
    expect((await caller.cas360Token(caller.sandbox.cas360.issueRefreshToken())).status).toBe(200);
  });

  test('on, ids and relationships narrow it down', async () => {
    await plant({ on: 'addresses', status: 500 }, { ids: ['1002'], status: 501 }, { relationships: true, status: 502 });
    expect((await caller.cas360('/addresses/15')).status).toBe(500);
    expect((await contacts()).status).toBe(501);
    expect((await caller.cas360('/contacts/54?relationships=true')).status).toBe(502);
    expect((await caller.cas360('/contacts/54')).status).toBe(200);
  });

  test('times ends it, and the next in the list takes its turn', async () => {
    await plant({ status: 503, times: 2 }, { status: 429, retryAfter: '7', times: 1 });
    const statuses = [];
    for (let n = 0; n < 4; n++) statuses.push((await contacts()).status);
    expect(statuses).toEqual([503, 503, 429, 200]);
    expect((await caller.turn('GET', 'faults')).body).toEqual([]);
  });

  test('after lets that many fitting requests pass first, and the list says how many are left', async () => {
    await plant({ on: 'contacts', ids: ['54'], status: 503, after: 2, times: 1 });
    expect((await caller.cas360('/contacts/1001')).status).toBe(200);
    expect((await contacts()).status).toBe(200);
    expect((await caller.turn('GET', 'faults')).body).toEqual([{ on: 'contacts', ids: ['54'], status: 503, after: 1, times: 1 }]);
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await contacts()).status);
    expect(statuses).toEqual([200, 503, 200]);
  });

  test('after counts no request that another fault has answered', async () => {
    await plant({ status: 503, times: 1 }, { status: 500, after: 1 });
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await contacts()).status);
    expect(statuses).toEqual([503, 200, 500]);
  });

  test('probability leaves some alone', async () => {
    await plant({ status: 503, probability: 0.5 });
    const replies = await Promise.all(Array.from({ length: 40 }, () => contacts()));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200, 503]));
    await plant({ status: 503, probability: 0 });
    expect((await contacts()).status).toBe(200);
  });

  test('a caller without a token spends none', async () => {
    await plant({ status: 503, times: 1 });
    expect((await caller.cas360('/contacts/54', {}, 'made-up')).status).toBe(401);
    expect((await contacts()).status).toBe(503);
  });

  test('a replaced token answer spends no refresh token', async () => {
    const refreshToken = caller.sandbox.cas360.issueRefreshToken();
    await plant({ on: 'token', status: 503, times: 1 });
    expect((await caller.cas360Token(refreshToken)).status).toBe(503);
    expect((await caller.cas360Token(refreshToken)).status).toBe(200);
  });
});

describe('what a fault does', () => {
  test('latencyMs waits', async () => {
    await plant({ latencyMs: 40 });
    const startedAt = performance.now();
    expect((await contacts()).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(39);
  });

  test('status answers it, with body and headers as wished', async () => {
    await plant({ status: 429, body: '<p>Slow down</p>', contentType: 'text/html', retryAfter: '3', headers: { 'x-from': 'sandbox' } });
    const { status, body, headers } = await contacts();
    expect([status, body]).toEqual([429, '<p>Slow down</p>']);
    expect([headers.get('content-type'), headers.get('retry-after'), headers.get('x-from')]).toEqual(['text/html', '3', 'sandbox']);
    await plant({ status: 204 });
    expect(await contacts()).toMatchObject({ status: 204, body: '' });
  });

  test('body replaces the rows with raw text', async () => {
    await plant({ body: '{"rows":[]}' });
    expect(await contacts()).toMatchObject({ status: 200, body: { rows: [] } });
  });

  test('reset cuts the connection before or in the answer', async () => {
    await plant({ reset: 'before-headers', times: 1 }, { reset: 'mid-body' });
    expect(await ending('/contacts/54')).toBe('ECONNRESET before the headers');
    expect(await ending('/contacts/54')).toBe('ECONNRESET within the body');
    expect(caller.sandbox.cas360.calls).toMatchObject([{ status: 0, aborted: true }, { status: 200, aborted: true }]);
  });

  test('truncate ends in good order too early', async () => {
    await plant({ truncate: true });
    expect(await ending('/contacts/54')).toBe('end within the body');
    await expect(contacts()).rejects.toThrow('terminated');
  });

  test('brokenJson is whole as HTTP and no JSON', async () => {
    await plant({ brokenJson: true });
    const { status, body } = await contacts();
    expect(status).toBe(200);
    expect(JSON.parse(`${body}]`)).toHaveLength(3);
  });

  test('drip sends slowly', async () => {
    await plant({ drip: { bytes: 400, everyMs: 5 } });
    const startedAt = performance.now();
    const { body } = await contacts();
    expect(body).toHaveLength(3);
    const pauses = Math.floor(JSON.stringify(body).length / 400);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(pauses * 4);
  });

  test('heldMs sends an answer late that was made at once: the refresh token is spent meanwhile', async () => {
    const refreshToken = caller.sandbox.cas360.issueRefreshToken();
    await plant({ on: 'token', heldMs: 60, times: 1 });
    const startedAt = performance.now();
    const late = caller.cas360Token(refreshToken).then((reply) => ({ ...reply, ms: performance.now() - startedAt }));
    await until('the first one is under way', () => caller.sandbox.cas360.calls.length === 1);
    expect(await caller.cas360Token(refreshToken)).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
    const { status, body, ms } = await late;
    expect([status, body.refresh_token]).toEqual([200, expect.any(String)]);
    expect(ms).toBeGreaterThanOrEqual(59);
  });

  test.each([400, 401, 403])('invalidToken refuses the token with %i, in the words of RFC 6750, and spends none', async (status) => {
    const refreshToken = caller.sandbox.cas360.issueRefreshToken();
    await plant({ on: 'token', invalidToken: status, times: 1 }, { invalidToken: status, times: 1 });
    for (const reply of [await contacts(), await caller.cas360Token(refreshToken)]) {
      expect([reply.status, reply.body, reply.headers.get('www-authenticate')]).toEqual([status, { error: 'invalid_token' }, 'Bearer error="invalid_token"']);
    }
    expect([(await contacts()).status, (await caller.cas360Token(refreshToken)).status]).toEqual([200, 200]);
  });

  test('hang never answers', async () => {
    await plant({ hang: true });
    await expect(caller.cas360('/contacts/54', { signal: AbortSignal.timeout(30) })).rejects.toThrow();
  });

  test('hang after good answers', async () => {
    await plant({ hang: true, after: 2 });
    expect([(await contacts()).status, (await contacts()).status]).toEqual([200, 200]);
    await expect(caller.cas360('/contacts/54', { signal: AbortSignal.timeout(30) })).rejects.toThrow();
  });

  test.each([200, 404, 502, 503])('gatewayPage answers in HTML with %i', async (gatewayPage) => {
    await plant({ gatewayPage, ...(gatewayPage === 503 && { retryAfter: '9' }) });
    const { status, body, headers } = await contacts();
    expect([status, headers.get('content-type'), headers.get('retry-after')]).toEqual([gatewayPage, 'text/html; charset=utf-8', gatewayPage === 503 ? '9' : null]);
    expect(body).toMatch(/^<!DOCTYPE html>/);
  });

  test('limit refuses what comes beyond it, from all clients together, and says nothing of how long', async () => {
    // Slow enough to give no further token during the test.
    await plant({ limit: { perSecond: 0.001, burst: 3 } });
    const replies = await Promise.all(Array.from({ length: 5 }, () => contacts()));
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 429, 429]);
    expect(replies.map(({ headers }) => headers.get('retry-after'))).toEqual(Array(5).fill(null));
    expect((await caller.cas360Token(caller.sandbox.cas360.issueRefreshToken())).status).toBe(200);
  });

  test('limit with retryAfter, for one kind of call; its times are refusals', async () => {
    await plant({ on: 'contacts', limit: { perSecond: 0.001 }, retryAfter: '2', times: 1 });
    expect((await contacts()).status).toBe(200);
    expect((await caller.cas360('/addresses/15')).status).toBe(200);
    const { status, headers } = await contacts();
    expect([status, headers.get('retry-after')]).toEqual([429, '2']);
    expect((await contacts()).status).toBe(200);
  });

  test('capacity makes calls wait for each other, and what a limit refuses does not wait', async () => {
    await plant({ limit: { perSecond: 0.001, burst: 3 } }, { capacity: { atOnce: 1, serviceMs: 60_000 } });
    const leaving = new AbortController();
    const four = Array.from({ length: 4 }, () => caller.cas360('/contacts/54', { signal: leaving.signal }));
    expect((await Promise.race(four)).status).toBe(429);
    leaving.abort();
    expect((await Promise.allSettled(four)).filter(({ status }) => status === 'fulfilled')).toHaveLength(1);

    await plant({ capacity: { atOnce: 1, serviceMs: 100 } });
    const startedAt = performance.now();
    const replies = await Promise.all([1, 2, 3].map(() => contacts()));
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(299);
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('omit leaves rows out, add puts rows in', async () => {
    await plant({ omit: ['1001'] }, { add: [{ id: 54 }, null] });
    const { body } = await contacts();
    expect(body).toHaveLength(4);
    expect(body.slice(2)).toEqual([{ id: 54 }, null]);
    expect(body.slice(0, 2).map(({ id }: { id: number }) => id).toSorted()).toEqual([1002, 54]);
  });

  test('patch lays keys over every row, or over the rows named', async () => {
    await plant({ patch: { contactType: 'Robot' } }, { ids: ['1001'], patch: { name: 7, extra: true } });
    const reply = await contacts();
    expect(reply.body.every((each: { contactType: string }) => each.contactType === 'Robot')).toBe(true);
    expect(row(reply, 1001)).toMatchObject({ name: 7, extra: true });
    expect(row(reply, 1002)).not.toHaveProperty('extra');
    expect(caller.sandbox.cas360.data.contacts.get('1001')?.contactType).toBe('People');
  });

  test('replaceRow puts anything in the place of a row, and later edits leave it alone', async () => {
    await plant({ ids: ['1001'], replaceRow: 'no row' }, { ids: ['1002'], replaceRow: null }, { patch: { name: 'Marlow Pty Ltd' } }, { ids: ['54'], wrongId: true });
    const { body } = await contacts();
    expect(body).toHaveLength(3);
    expect(body).toEqual(expect.arrayContaining(['no row', null, expect.objectContaining({ id: 1_000_054, name: 'Marlow Pty Ltd' })]));
  });

  test('spoiltRow and omit leave alone what is no row', async () => {
    await plant({ add: [null, 7] }, { omit: ['1001'] }, { spoiltRow: 'NaN' });
    expect((await contacts()).body).toMatch(/^\[\{"spoilt":NaN,.*\},\{"spoilt":NaN,.*\},null,7\]$/);
  });

  test('withoutKeys and paddingBytes', async () => {
    await plant({ ids: ['1001'], withoutKeys: ['id', 'name'] }, { ids: ['1002'], paddingBytes: 9_000_000 });
    const { body } = await contacts();
    const [nameless] = body.filter((each: object) => !('id' in each));
    expect(nameless).toHaveProperty('contactType');
    expect(nameless).not.toHaveProperty('name');
    expect(body.find(({ id }: { id?: number }) => id === 1002).padding).toHaveLength(9_000_000);
  });

  test('wrongId answers a row under another id', async () => {
    await plant({ ids: ['1001'], wrongId: true });
    expect(idsOf(await contacts()).toSorted()).toEqual(['1001001', '1002', '54']);
  });
});

describe('at the PMS', () => {
  test('a row left out is 404, and rows are edited as in lists', async () => {
    caller.sandbox.pms.faults.set([{ omit: ['4711'] }, { ids: ['5001'], patch: { status: 'ODD' } }, { ids: ['5002'], wrongId: true }]);
    expect((await caller.contact('4711')).status).toBe(404);
    expect((await caller.contact('5001')).body).toMatchObject({ id: 5001, status: 'ODD' });
    expect((await caller.contact('5002')).body).toMatchObject({ id: 1_005_002 });
    expect((await caller.contact('5003')).body).toEqual(caller.sandbox.pms.data.contacts.get('5003'));
  });

  // A text of digits, since one that is not in quotes would be read as a number.
  test.each(['7', null, true, [[]]])('replaceRow replaces the contact with %j', async (replaceRow) => {
    caller.sandbox.pms.faults.set([{ replaceRow }]);
    expect(await caller.contact('4711')).toMatchObject({ status: 200, body: replaceRow });
  });

  test('token answers can be edited', async () => {
    caller.sandbox.pms.faults.set([{ on: 'token', patch: { expires_in: 'soon' }, times: 1 }]);
    expect((await caller.pmsToken()).body).toMatchObject({ access_token: expect.any(String), expires_in: 'soon' });
  });
});

/** How the connection ended, as seen below HTTP, and whether any of the body had come. */
async function ending(path: string): Promise<string> {
  const { port } = new URL(caller.sandbox.cas360.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(`GET ${path} HTTP/1.1\r\nhost: sandbox\r\nauthorization: bearer ${caller.cas360AccessToken}\r\n\r\n`);
  let received = '';
  socket.on('data', (bytes) => (received += String(bytes)));
  const how = await new Promise<string>((resolve) => {
    socket.on('end', () => resolve('end'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  const [head, body] = received.split('\r\n\r\n');
  if (!head) return `${how} before the headers`;
  const announced = Number(/content-length: (\d+)/.exec(head)?.[1]);
  return `${how} ${body && body.length < announced ? 'within' : 'outside'} the body`;
}
