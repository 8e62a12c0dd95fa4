import { describe, expect, test } from '@jest/globals';
import { request } from 'undici';
import { startSandbox } from '../../sandbox/start.js';
import { freePort } from '../support/freePort.js';
import { Caller, idsOf } from './caller.js';
import { until } from '../support/until.js';

const caller = new Caller();
const ids = Array.from({ length: 40 }, (_, n) => String(1001 + n));

describe('GET /contacts/{ids} and /addresses/{ids} of CAS 360', () => {
  test.each([
    ['/contacts', ids],
    ['/contacts', ids.toReversed()],
    ['/addresses', Array.from({ length: 40 }, (_, n) => String(7001 + n))],
    ['/contacts', ['1001', '1002']],
    ['/contacts', ['1002', '1001']],
  ])(
    '%s keeps no order of the request (%#), and the same one every time',
    async (path, asked) => {
      const first = idsOf(await caller.cas360(`${path}/${asked}`));
      expect(first).not.toEqual(asked);
      if (asked.length > 2) expect(first).not.toEqual(asked.toReversed());
      expect(first.toSorted()).toEqual(asked.toSorted());
      expect(idsOf(await caller.cas360(`${path}/${asked}`))).toEqual(first);
    },
  );

  test('leave out unknown ids and answer a repeated one once', async () => {
    expect(idsOf(await caller.cas360('/contacts/54,99999999,54'))).toEqual(['54']);
    expect(idsOf(await caller.cas360('/addresses/15,99999999,15'))).toEqual(['15']);
    expect(await caller.cas360('/contacts/99999999')).toMatchObject({ status: 200, body: [] });
  });

  test('are compressed where the caller asks for it and they are long', async () => {
    const token = caller.cas360AccessToken;
    const ask = async (path: string, encoding: string) => {
      const { headers, body } = await request(`${caller.sandbox.cas360.url}${path}`, { headers: { authorization: `Bearer ${token}`, 'accept-encoding': encoding } });
      return { encoding: headers['content-encoding'], bytes: (await body.bytes()).length };
    };
    const plain = await ask(`/contacts/${ids}`, 'identity');
    const compressed = await ask(`/contacts/${ids}`, 'br, gzip');
    expect([plain.encoding, compressed.encoding, compressed.bytes < plain.bytes / 4]).toEqual([undefined, 'gzip', true]);
    expect((await ask('/addresses/15', 'gzip')).encoding).toBeUndefined();
  });

  test('page by offset and limit, and stop at 500 rows unasked', async () => {
    const whole = idsOf(await caller.cas360(`/contacts/${ids}`));
    expect(idsOf(await caller.cas360(`/contacts/${ids}?offset=10&limit=5`))).toEqual(whole.slice(10, 15));
    expect(idsOf(await caller.cas360(`/contacts/${ids}?offset=35`))).toEqual(whole.slice(35));
    const many = Array.from({ length: 600 }, (_, n) => 1001 + n);
    expect(idsOf(await caller.cas360(`/contacts/${many}`))).toHaveLength(500);
    expect((await caller.cas360('/contacts/54?limit=all')).status).toBe(400);
  });

  test('say relationships only when asked', async () => {
    const { body } = await caller.cas360('/contacts/555742,54?relationships=true');
    const relationships = Object.fromEntries(body.map((row: { id: number; relationships: unknown }) => [row.id, row.relationships]));
    expect(relationships).toEqual({ 54: [], 555742: caller.sandbox.cas360.data.relationships.get('555742') });
    expect((await caller.cas360('/contacts/54?relationships=false')).body[0]).not.toHaveProperty('relationships');
  });

  test('refuse what is no number and what is too long', async () => {
    for (const path of ['/contacts/54,x', '/contacts/-1', '/addresses/15,', '/addresses/1.5']) {
      expect(await caller.cas360(path)).toMatchObject({ status: 400, body: { error: 'bad_request' } });
    }
    expect((await caller.cas360(`/contacts/${'1234567,'.repeat(1022)}54`)).status).toBe(200);
    expect((await caller.cas360(`/contacts/${'1234567,'.repeat(1023)}54`)).status).toBe(414);
  });

  test('understand commas that are percent-encoded', async () => {
    expect(idsOf(await caller.cas360('/contacts/54%2C555742'))).toHaveLength(2);
  });
});

describe('GET /api/v3/contacts/{id} of the PMS', () => {
  test('answers one contact, 404 or 400', async () => {
    expect((await caller.contact('4711')).body).toMatchObject({ id: 4711, firstName: 'Iris', lastName: 'Vale' });
    expect(await caller.contact('99999999')).toMatchObject({ status: 404, body: { message: expect.any(String) } });
    expect(await caller.contact('iris')).toMatchObject({ status: 400, body: { message: expect.any(String) } });
  });
});

describe('calls', () => {
  test('are recorded with what they asked for', async () => {
    const { cas360, pms } = caller.sandbox;
    await caller.cas360('/contacts/54,1001?offset=0&limit=500&relationships=true');
    await caller.cas360('/addresses/15');
    await caller.contact('99999999');
    await caller.pmsToken();
    const times = { startedAt: expect.any(Number), endedAt: expect.any(Number) };
    expect(cas360.calls).toEqual([
      {
        kind: 'contacts',
        method: 'GET',
        path: '/contacts/54,1001?offset=0&limit=500&relationships=true',
        ids: ['54', '1001'],
        relationships: true,
        status: 200,
        ...times,
      },
      {
        kind: 'addresses',
        method: 'GET',
        path: '/addresses/15',
        ids: ['15'],
        relationships: false,
        status: 200,
        ...times,
      },
    ]);
    expect(pms.calls).toMatchObject([
      { kind: 'contact', ids: ['99999999'], status: 404 },
      { kind: 'token', method: 'POST', path: '/oauth2/token', ids: [], status: 200 },
    ]);
  });

  test('that run side by side are counted, by kind', async () => {
    const { pms } = caller.sandbox;
    const letGo = pms.hold();
    const three = ['5001', '5002', '5003'].map((id) => caller.contact(id));
    await until('all three have come', () => pms.calls.length === 3);
    letGo();
    await Promise.all(three);
    await caller.contact('5004');
    await caller.pmsToken();
    expect(pms.mostAtOnce).toMatchObject({ contact: 3, token: 1, contacts: 0 });
    pms.resetCalls();
    expect(pms.mostAtOnce.contact).toBe(0);
  });

  test('that the caller gave up are marked', async () => {
    const { cas360 } = caller.sandbox;
    cas360.faults.set([{ hang: true }]);
    const leaving = new AbortController();
    const given = expect(caller.cas360('/contacts/54', { signal: leaving.signal })).rejects.toThrow();
    await until('the call has come', () => cas360.calls.length === 1);
    leaving.abort();
    await given;
    // The server hears of the closed connection a moment later.
    await until('the call has ended', () => cas360.calls[0]?.endedAt !== undefined);
    expect(cas360.calls).toMatchObject([{ status: 0, aborted: true }]);
  });
});

describe('startSandbox', () => {
  test('refuses a port that is taken, and stops what hangs', async () => {
    const pmsPort = await freePort();
    const first = await startSandbox({ seed: 2, pmsPort });
    await expect(startSandbox({ pmsPort })).rejects.toMatchObject({ code: 'EADDRINUSE' });

    first.pms.faults.set([{ on: 'token', hang: true }]);
    const hanging = fetch(first.environment.PMS_TOKEN_URL!, { method: 'POST' });
    const failed = expect(hanging).rejects.toThrow();
    await until('the call has come', () => first.pms.calls.length > 0);
    await first.stop();
    await failed;

    const next = await startSandbox({ pmsPort });
    expect(next.pms.url).toBe(first.pms.url);
    await next.stop();
  });
});
