import { request, type ClientRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { errorsIn, startTestApp, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';

/** Long enough for another operation to arrive meanwhile, on a machine that is busy too: nothing tells that it has joined a call. */
const LATENCY_MS = 1_000;

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
  // Both tokens are there before anything is counted.
  await app.query('{ a: contact(id: "pms:4711") { name } b: contact(id: "cas360:54") { name } }');
});
beforeEach(() => app.reset());
afterAll(() => app.stop());

const slow = (): void => {
  for (const system of [app.sandbox.pms, app.sandbox.cas360]) system.faults.set([{ latencyMs: LATENCY_MS }]);
};
const contact = (id: string, fields = 'name') => app.query(`query ($id: ID!) { contact(id: $id) { ${fields} } }`, { id });

/** The ids of register contacts that wait for a call. */
const waitingIds = async (): Promise<number> => {
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  return Number(/^contacts_queue_ids{source="CAS360",resource="contacts"} (\d+)$/m.exec(metrics)?.[1]);
};

/** Until so many register contacts are asked for, or wait for a call. */
const untilWanted = (count: number) =>
  until(`${count} ids are wanted`, async () => app.sandbox.cas360.calls.flatMap(({ ids }) => ids).length + (await waitingIds()) === count);

/** Asks for a contact as somebody who may leave before it comes: `destroy()` cuts the connection. */
const askOnOwnConnection = (id: string): ClientRequest => {
  const asked = request(`${app.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, agent: false });
  asked.on('error', () => {});
  return asked.end(JSON.stringify({ query: `{ contact(id: "${id}") { name } }` }));
};
const council = { contact: { name: 'Fancy Southern Africa Cat Council' } };

describe('many operations at once', () => {
  test('64 that want one contact each: 4 calls go out, and one brings all that came meanwhile', async () => {
    const numbers = Array.from({ length: 64 }, (_, n) => 1001 + n);
    const letGo = app.sandbox.cas360.hold();
    const answers = numbers.map((number) => contact(`cas360:${number}`, 'sourceId lastName'));
    await untilWanted(64);
    // Fewer, where one turn of the event loop brought many.
    const first = app.calls().cas360;
    expect(first).toBeLessThanOrEqual(4);
    letGo();
    for (const [n, { data, errors }] of (await Promise.all(answers)).entries()) {
      expect(errors).toBeUndefined();
      const { lastName } = app.sandbox.cas360.data.contacts.get(String(numbers[n]))!;
      expect(data.contact).toEqual({ sourceId: String(numbers[n]), lastName });
    }
    expect(app.calls().cas360 - first).toBeLessThanOrEqual(1);
    expect(app.sandbox.cas360.mostAtOnce.contacts).toBeLessThanOrEqual(4);
  });

  test('64 that want 10 contacts each share the calls, and nobody gets what another asked for', async () => {
    const ranges = Array.from({ length: 64 }, (_, n) => Array.from({ length: 10 }, (_, i) => `cas360:${1001 + 7 * n + i}`));
    const letGo = app.sandbox.cas360.hold();
    const answers = ranges.map((ids) => app.query('query ($ids: [ID!]!) { contacts(ids: $ids) { sourceId lastName } }', { ids }));
    await untilWanted(new Set(ranges.flat()).size);
    const first = app.calls().cas360;
    expect(first).toBeLessThanOrEqual(4);
    letGo();
    for (const [n, { data }] of (await Promise.all(answers)).entries()) {
      expect(data.contacts).toEqual(
        ranges[n]!.map((id) => ({ sourceId: id.slice(7), lastName: app.sandbox.cas360.data.contacts.get(id.slice(7))!.lastName })),
      );
    }
    expect(app.calls().cas360 - first).toBeLessThanOrEqual(5);
    expect(app.sandbox.cas360.mostAtOnce.contacts).toBeLessThanOrEqual(4);
  });

  test('their addresses keep to 4 calls at a time as well', async () => {
    const numbers = Array.from({ length: 40 }, (_, n) => 20_001 + n);
    app.sandbox.cas360.faults.set([{ on: 'addresses', latencyMs: 100 }]);
    const letGo = app.sandbox.cas360.hold();
    const answers = numbers.map((number) => contact(`cas360:${number}`, 'address { id postCode }'));
    await untilWanted(40);
    letGo();
    for (const { data } of await Promise.all(answers)) expect(data.contact.address.postCode).toEqual(expect.any(String));
    expect(app.sandbox.cas360.mostAtOnce.addresses).toBeLessThanOrEqual(4);
    expect(app.calls().addresses).toBeLessThanOrEqual(16);
  });

  test('operations one after another share nothing', async () => {
    app.reset();
    for (let n = 0; n < 10; n++) expect((await contact('cas360:54')).data).toEqual(council);
    expect(app.calls().cas360).toBe(10);
  });
});

describe('a contact that is being fetched', () => {
  test('is joined by a second operation', async () => {
    slow();
    const first = contact('cas360:54');
    await app.underWay(1);
    const second = contact('cas360:54', 'name email');
    expect((await first).data).toEqual(council);
    expect((await second).data.contact.name).toBe(council.contact.name);
    expect(app.calls().cas360).toBe(1);
  });

  test('is joined in the property management system too', async () => {
    slow();
    const answers = await Promise.all([contact('pms:4711'), contact('pms:4711'), contact('pms:4711', 'email')]);
    expect(answers.map(({ data }) => data.contact.name)).toEqual(['Iris Maeve Vale', 'Iris Maeve Vale', undefined]);
    expect(app.calls().pms).toBe(1);
  });

  test('with relationships is joined by one who needs none', async () => {
    slow();
    const first = contact('cas360:555742', 'relationships { type }');
    await app.underWay(1);
    const second = contact('cas360:555742');
    expect((await first).data.contact.relationships).toHaveLength(3);
    expect((await second).data.contact.name).toBe('Anne Smith');
    expect(app.switches()).toEqual([true]);
  });

  test('without relationships is not joined by one who needs them', async () => {
    const letGo = app.sandbox.cas360.hold();
    const first = contact('cas360:555742');
    await app.underWay(1);
    const second = contact('cas360:555742', 'relationships { type }');
    await app.underWay(2);
    letGo();
    expect((await first).data.contact.name).toBe('Anne Smith');
    expect((await second).data.contact.relationships).toHaveLength(3);
    expect(app.switches()).toEqual([false, true]);
  });

  test('is forgotten once it has come: the next operation sees what has changed', async () => {
    await contact('cas360:54');
    app.sandbox.cas360.faults.set([{ ids: ['54'], patch: { name: 'Plain Cat Council' } }]);
    expect((await contact('cas360:54')).data.contact.name).toBe('Plain Cat Council');
    expect(app.calls().cas360).toBe(2);
  });
});

describe('what goes wrong', () => {
  test('is not shared beyond its call', async () => {
    app.sandbox.cas360.faults.set([{ status: 403, times: 1, latencyMs: LATENCY_MS }]);
    const [first, joined] = [contact('cas360:54'), app.underWay(1).then(() => contact('cas360:54'))];
    const refused = [{ at: 'contact', code: 'UPSTREAM_AUTH_FAILED', retryable: false, source: 'CAS360' }];
    expect(errorsIn(await first)).toEqual(refused);
    expect(errorsIn(await joined)).toEqual(refused);
    expect((await contact('cas360:54')).data).toEqual(council);
    expect(app.calls().cas360).toBe(2);
  });

  test('in one chunk is nothing to those who wait for another', async () => {
    app.sandbox.cas360.faults.set([{ ids: ['1001'], status: 403 }]);
    const letGo = app.sandbox.cas360.hold();
    const first = contact('cas360:1001');
    await app.underWay(1);
    const second = contact('cas360:54');
    await app.underWay(2);
    letGo();
    expect((await second).data).toEqual(council);
    expect(errorsIn(await first)).toHaveLength(1);
  });

  test('a caller who leaves takes nothing from another who waits for the same call', async () => {
    const letGo = app.sandbox.cas360.hold();
    const leaving = askOnOwnConnection('cas360:54');
    await app.underWay(1);
    // The call for the second contact shows that this operation has come, and has joined the call for the first.
    const staying = app.query('{ contacts(ids: ["cas360:54", "cas360:1001"]) { name } }');
    await app.underWay(2);
    leaving.destroy();
    // When this answer comes, the service has heard of it.
    await contact('pms:4711');
    letGo();
    expect((await staying).data.contacts[0]).toEqual(council.contact);
    expect(app.sandbox.cas360.calls.map(({ ids }) => ids)).toEqual([['54'], ['1001']]);
  });

  test('a call that nobody waits for any more is cut off', async () => {
    app.sandbox.cas360.faults.set([{ hang: true }]);
    const leaving = askOnOwnConnection('cas360:54');
    await app.underWay(1);
    leaving.destroy();
    const [call] = app.sandbox.cas360.calls;
    await until('the call has ended', () => call!.endedAt !== undefined);
    expect(call!.aborted).toBe(true);
  });
});

describe('the deadline of one operation', () => {
  test('does not cut off another that shares its call', async () => {
    const hasty = await startTestApp({ REQUEST_TIMEOUT_MS: '3000' });
    try {
      // The first spends half its time on the contact, and runs out of it while the address is on its way.
      hasty.sandbox.cas360.faults.set([{ on: 'contacts', latencyMs: 1_600 }, { on: 'addresses', latencyMs: 1_500 }]);
      const first = hasty.query('{ contact(id: "cas360:54") { name address { city } } }');
      await until('the addresses are asked for', () => hasty.calls().addresses > 0);
      const second = hasty.query('query ($r: [_Any!]!) { _entities(representations: $r) { ... on Address { city } } }', {
        r: [{ __typename: 'Address', id: 'cas360:15' }],
      });
      expect(errorsIn(await first)).toEqual([{ at: 'contact.address', code: 'UPSTREAM_TIMEOUT', retryable: true, source: 'CAS360' }]);
      expect((await first).data.contact).toEqual({ name: council.contact.name, address: null });
      expect((await second).data).toEqual({ _entities: [{ city: 'MELBOURNE' }] });
      expect(hasty.calls().addresses).toBe(1);
    } finally {
      await hasty.stop();
    }
  });
});
