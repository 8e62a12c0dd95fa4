import { request, type ClientRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { errorsIn, startTestApp, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
  // Both tokens are there before anything is counted.
  await app.query('{ a: contact(id: "pms:4711") { name } b: contact(id: "cas360:54") { name } }');
});
beforeEach(() => app.reset());
afterAll(() => app.stop());

const contact = (id: string, fields = 'name') => app.query(`query ($id: ID!) { contact(id: $id) { ${fields} } }`, { id });

/** Asks for another contact too: once there is a call for that one, this operation has come and joined the call for the first. */
const contactAnd = (id: string, other: string, fields = 'name') => app.query(`query ($ids: [ID!]!) { contacts(ids: $ids) { ${fields} } }`, { ids: [id, other] });
const idsOfCalls = (system: 'pms' | 'cas360') => app.sandbox[system].calls.map(({ ids }) => ids.join());

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
    const letGo = app.sandbox.cas360.hold();
    const first = contact('cas360:54');
    await app.underWay(1);
    const second = contactAnd('cas360:54', 'cas360:1001', 'name email');
    await app.underWay(2);
    letGo();
    expect((await first).data).toEqual(council);
    expect((await second).data.contacts[0].name).toBe(council.contact.name);
    expect(idsOfCalls('cas360')).toEqual(['54', '1001']);
  });

  test('is joined in the property management system too', async () => {
    const letGo = app.sandbox.pms.hold();
    const first = contact('pms:4711');
    await until('it is asked for', () => app.calls().pms === 1);
    const joined = [contactAnd('pms:4711', 'pms:5001'), contactAnd('pms:4711', 'pms:5002', 'email')];
    await until('the others are asked for', () => app.calls().pms === 3);
    letGo();
    expect((await first).data.contact.name).toBe('Iris Maeve Vale');
    expect((await Promise.all(joined)).map(({ data }) => data.contacts[0])).toEqual([{ name: 'Iris Maeve Vale' }, { email: expect.any(String) }]);
    expect(idsOfCalls('pms').sort()).toEqual(['4711', '5001', '5002']);
  });

  test('with relationships is joined by one who needs none', async () => {
    const letGo = app.sandbox.cas360.hold();
    const first = contact('cas360:555742', 'relationships { type }');
    await app.underWay(1);
    const second = contactAnd('cas360:555742', 'cas360:1001');
    await app.underWay(2);
    letGo();
    expect((await first).data.contact.relationships).toHaveLength(3);
    expect((await second).data.contacts[0].name).toBe('Anne Smith');
    expect(idsOfCalls('cas360')).toEqual(['555742', '1001']);
    expect(app.switches()).toEqual([true, false]);
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
    app.sandbox.cas360.faults.set([{ ids: ['54'], status: 403, times: 1 }]);
    const letGo = app.sandbox.cas360.hold();
    const first = contact('cas360:54');
    await app.underWay(1);
    const joined = contactAnd('cas360:54', 'cas360:1001');
    await app.underWay(2);
    letGo();
    const refused = { code: 'UPSTREAM_AUTH_FAILED', retryable: false, source: 'CAS360' };
    expect(errorsIn(await first)).toEqual([{ at: 'contact', ...refused }]);
    expect(errorsIn(await joined)).toEqual([{ at: 'contacts.0', ...refused }]);
    expect((await contact('cas360:54')).data).toEqual(council);
    expect(idsOfCalls('cas360')).toEqual(['54', '1001', '54']);
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
    const staying = contactAnd('cas360:54', 'cas360:1001');
    await app.underWay(2);
    leaving.destroy();
    // When this answer comes, the service has heard of it.
    await contact('pms:4711');
    letGo();
    expect((await staying).data.contacts[0]).toEqual(council.contact);
    expect(idsOfCalls('cas360')).toEqual(['54', '1001']);
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
    // An operation waits for 6.8 s. The second comes in the middle, so that both have half of it to spare.
    const hasty = await startTestApp({ REQUEST_TIMEOUT_MS: '8000' });
    const { cas360 } = hasty.sandbox;
    const idsOfAddresses = () => cas360.calls.filter(({ kind }) => kind === 'addresses').map(({ ids }) => ids.join());
    try {
      const letContactGo = cas360.hold();
      const first = hasty.query('{ contact(id: "cas360:54") { name address { city } } }');
      await hasty.underWay(1);
      letContactGo();
      const letGo = cas360.hold();
      await until('the address is asked for', () => idsOfAddresses().length === 1);
      await sleep(3_400);
      const second = hasty.query('query ($r: [_Any!]!) { _entities(representations: $r) { ... on Address { city } } }', {
        r: ['cas360:15', 'cas360:172509'].map((id) => ({ __typename: 'Address', id })),
      });
      await until('the second has come too', () => idsOfAddresses().length === 2);
      expect(errorsIn(await first)).toEqual([{ at: 'contact.address', code: 'UPSTREAM_TIMEOUT', retryable: true, source: 'CAS360' }]);
      expect((await first).data.contact).toEqual({ name: council.contact.name, address: null });
      letGo();
      expect((await second).data).toEqual({ _entities: [{ city: 'MELBOURNE' }, { city: 'Cowes' }] });
      expect(idsOfAddresses()).toEqual(['15', '172509']);
    } finally {
      await hasty.stop();
    }
  });
});
