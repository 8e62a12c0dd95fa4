import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { idsFrom, startTestApp, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';

let app: TestApp;
let letGo: () => void;

beforeAll(async () => {
  app = await startTestApp();
  // Both tokens are there before anything is counted.
  await app.query('{ a: contact(id: "pms:4711") { name } b: contact(id: "cas360:54") { name } }');
});
beforeEach(() => {
  app.reset();
  const release = [app.sandbox.pms.hold(), app.sandbox.cas360.hold()];
  letGo = () => release.forEach((one) => one());
});
afterAll(() => app.stop());

const FIELDS = 'id name address { city } representatives { name }';
const ask = (ids: readonly string[], fields = FIELDS): Promise<any> => app.query(`query ($ids: [ID!]!) { contacts(ids: $ids) { ${fields} } }`, { ids }).then(({ data }) => data.contacts);

/** Asks as somebody who leaves when told to: the connection is closed then. */
function askAndLeave(ids: readonly string[]): () => Promise<void> {
  const leaving = new AbortController();
  const body = JSON.stringify({ query: `query ($ids: [ID!]!) { contacts(ids: $ids) { ${FIELDS} } }`, variables: { ids } });
  const asked = fetch(`${app.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: leaving.signal }).then(() => 'answered', () => 'left');
  return async () => {
    leaving.abort();
    expect(await asked).toBe('left');
    // When this answer comes, the service has heard of it.
    await gauge('contacts_queue_ids');
  };
}

const calls = () => [...app.sandbox.pms.calls, ...app.sandbox.cas360.calls];
const idsAskedFor = (kind: string) => calls().filter((call) => call.kind === kind).flatMap((call) => call.ids);
const untilAskedFor = (count: number) => until(`${count} ids are asked for`, () => calls().flatMap((call) => call.ids).length === count);
const untilAllEnded = () => until('every call has ended', () => calls().every((call) => call.endedAt !== undefined));
const gauge = async (name: string): Promise<number> => {
  const lines = (await (await fetch(`${app.url}/metrics`)).text()).split('\n').filter((line) => line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
};

describe('A caller who leaves', () => {
  test('ends all calls that nobody else waits for, in both systems', async () => {
    const leave = askAndLeave([...idsFrom('pms', 5_001, 5), ...idsFrom('cas360', 1_001, 250)]);
    await untilAskedFor(255);
    await leave();
    await untilAllEnded();
    expect(calls().map(({ aborted }) => aborted)).toEqual(Array(8).fill(true));
    await until('nothing is under way', async () => (await gauge('contacts_calls_under_way')) === 0);
  });

  test('while ids wait for their call takes them along: they are never sent', async () => {
    const leave = askAndLeave(idsFrom('pms', 5_001, 40));
    await untilAskedFor(32);
    await leave();
    await untilAllEnded();
    letGo();
    await ask(['pms:5100']);
    expect(idsAskedFor('contact').slice(32)).toEqual(['5100']);
    expect(await gauge('contacts_queue_ids')).toBe(0);
  });

  test('between the first calls and the next has no next', async () => {
    const staying = ask(['cas360:54'], 'name');
    await untilAskedFor(1);
    const leave = askAndLeave(['cas360:54', 'cas360:1001']);
    await untilAskedFor(2);
    await leave();
    await until('its own call is cut off', () => calls()[1]?.aborted);
    letGo();
    expect(await staying).toEqual([{ name: 'Fancy Southern Africa Cat Council' }]);
    // Somebody else's addresses come after those that it would have asked for.
    await ask(['cas360:20001'], 'address { city }');
    expect(idsAskedFor('addresses')).toHaveLength(1);
  });

  test('takes nothing from others, whichever of the ids they share', async () => {
    const ids = idsFrom('cas360', 1_001, 30);
    const leaves = [askAndLeave(ids.slice(0, 20))];
    await untilAskedFor(20);
    const staying = ask(ids, 'id');
    // Each has an id of its own, which tells that it has come.
    const namedIds = [...ids, 'cas360:1031'];
    const named = ask(namedIds, 'id lastName');
    await untilAskedFor(31);
    leaves.push(askAndLeave([...ids.slice(10), 'cas360:1032']));
    await untilAskedFor(32);
    await Promise.all(leaves.map((leave) => leave()));
    letGo();
    expect(await staying).toEqual(ids.map((id) => ({ id })));
    expect(await named).toEqual(namedIds.map((id) => ({ id, lastName: app.sandbox.cas360.data.contacts.get(id.slice(7))!.lastName })));
    expect(idsAskedFor('contacts')).toHaveLength(32);
  });

  test('leaves its ids to be asked for anew', async () => {
    const leave = askAndLeave(['cas360:54', 'pms:4711']);
    await untilAskedFor(2);
    await leave();
    const anew = ask(['cas360:54', 'pms:4711'], 'name');
    await untilAskedFor(4);
    letGo();
    expect(await anew).toEqual([{ name: 'Fancy Southern Africa Cat Council' }, { name: 'Iris Maeve Vale' }]);
  });
});
