import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { StatusError } from '../../src/upstream/callErrors.js';
import { FOREVER, gathererOverDouble, OPEN_GATE, settle } from '../support/upstreamDouble.js';

const ids = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
const REFUSED = new StatusError(400, 'CAS360');

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'], now: 0 });
});
afterEach(() => {
  jest.useRealTimers();
});

/** A gatherer that was asked for the ids 1 to 8, of which the first makes every call for it fail. They are looked for by halving. */
async function halving() {
  const double = gathererOverDouble({ maxIds: 8, maxCalls: 2 });
  const { gatherer, calls } = double;
  const all = gatherer.request(new Set(ids(1, 8)), false, FOREVER);
  await settle();
  calls[0]!.answer(REFUSED);
  await settle();
  expect(calls[1]!.ids).toEqual(ids(1, 4));
  return { ...double, all };
}

describe('A request for an id of a chunk whose ids are asked for in parts', () => {
  test('joins the call that asks for it, and ends with that', async () => {
    const { gatherer, calls } = await halving();
    const joined = gatherer.request(new Set(['3', '4']), false, FOREVER);
    await settle();
    expect(calls).toHaveLength(2);
    calls[1]!.answer();
    expect(Object.fromEntries(await joined)).toMatchObject({ 3: '3!', 4: '4!' });
    await settle();
    expect(calls[2]!.ids).toEqual(['5', '6']);
  });

  test('makes its own call if the present one asks for others, and is joined by the next request', async () => {
    const { gatherer, calls, all } = await halving();
    const own = gatherer.request(new Set(['8']), false, FOREVER);
    await settle();
    expect(calls[2]!.ids).toEqual(['8']);
    const next = gatherer.request(new Set(['8']), false, FOREVER);
    await settle();
    expect(calls).toHaveLength(3);
    calls[2]!.answer();
    expect([(await own).get('8'), (await next).get('8')]).toEqual(['8!', '8!']);
    calls[1]!.answer();
    for (let n = 3; n < 8; n++) {
      await settle();
      calls[n]?.answer();
    }
    expect((await all).get('8')).toBe('8!');
  });

  test('joins between two calls for what the answer lacked, since that is asked for again', async () => {
    let answers = 0;
    let own: Promise<unknown> | undefined;
    const asked: string[][] = [];
    const { gatherer } = gathererOverDouble({
      maxIds: 8,
      fetch: async (some) => {
        asked.push([...some]);
        // In the turn in which the first call has ended.
        if (answers++ === 0) setImmediate(() => (own = gatherer.request(new Set(['2']), false, FOREVER)));
        return answers === 1 ? [{ id: '1', name: '1!' }] : [];
      },
    });
    expect((await gatherer.request(new Set(['1', '2']), false, FOREVER)).get('2')).toBeNull();
    await settle();
    expect([await own, asked]).toEqual([new Map([['1', '1!'], ['2', null]]), [['1', '2'], ['2']]]);
  });

  test('gets at once what has come already', async () => {
    const { gatherer, calls } = await halving();
    calls[1]!.answer();
    await settle();
    expect((await gatherer.request(new Set(['2', '3']), false, FOREVER)).get('3')).toBe('3!');
    expect(calls).toHaveLength(3);
  });

  test('does not wait for an id of another chunk that it gets sooner elsewhere', async () => {
    const { gatherer, calls } = await halving();
    const both = gatherer.request(new Set(['2', '8']), false, FOREVER);
    await settle();
    calls[1]!.answer();
    calls[2]!.answer();
    expect(Object.fromEntries(await both)).toMatchObject({ 2: '2!', 8: '8!' });
  });
});

test('Whoever shares a chunk from its beginning leaves with the last of its own ids', async () => {
  const { gatherer, calls } = gathererOverDouble({ maxIds: 8 });
  const [one, rest] = [['1'], ids(2, 8)].map((some) => gatherer.request(new Set(some), false, FOREVER));
  await settle();
  calls[0]!.answer(REFUSED);
  await settle();
  calls[1]!.answer();
  expect((await one!).get('1')).toBe('1!');
  await settle();
  for (let n = 2; n < 8; n++) {
    calls[n]?.answer();
    await settle();
  }
  expect((await rest!).get('8')).toBe('8!');
});

test('Nothing more is asked for once nobody waits for the rest', async () => {
  const { gatherer, calls } = gathererOverDouble({ maxIds: 8 });
  const leaving = new AbortController();
  const [one] = [gatherer.request(new Set(['1']), false, FOREVER), gatherer.request(new Set(ids(2, 8)), false, { signal: leaving.signal, endsAtMs: Infinity })];
  await settle();
  calls[0]!.answer(REFUSED);
  await settle();
  leaving.abort();
  calls[1]!.answer();
  expect((await one).get('1')).toBe('1!');
  await settle();
  expect(calls).toHaveLength(2);
  expect(gatherer.load).toEqual({ waitingIds: 0, callsUnderWay: 0 });
});

test('A record is not lost to the failure of another call for its id', async () => {
  const { gatherer, calls } = gathererOverDouble({ maxCalls: 4 });
  void gatherer.request(new Set(['1', '2']), false, FOREVER);
  void gatherer.request(new Set(['1']), true, FOREVER);
  await settle();
  const told = [['1', '2'], ['2', '1']].map((order) => gatherer.request(new Set(order), false, FOREVER));
  calls.find(({ relationships }) => relationships)!.answer();
  calls.find(({ relationships }) => !relationships)!.answer(new StatusError(503, 'CAS360'));
  for (const outcomes of await Promise.all(told)) expect(outcomes.get('1')).toBe('1!!');
});

describe('A small request for an id that a large one waits for', () => {
  test('does not wait for the others of that', async () => {
    const { gatherer, calls } = gathererOverDouble({ maxIds: 1, maxCalls: 4, maxIdBytes: 100 });
    const large = gatherer.request(new Set(ids(1, 40)), false, FOREVER);
    await settle();
    expect(calls.map((call) => call.ids[0])).toEqual(ids(1, 4));
    const small = gatherer.request(new Set(['40']), false, FOREVER);
    calls[0]!.answer();
    await settle();
    expect(calls[4]!.ids).toEqual(['40']);
    calls[4]!.answer();
    expect((await small).get('40')).toBe('40!');
    for (let n = 1; n < 41; n++) {
      calls[n]?.answer();
      await settle();
    }
    // Each id once.
    expect(calls.map((call) => call.ids[0]).sort()).toEqual(ids(1, 40).sort());
    expect((await large).size).toBe(40);
  });

  test('moves no more chunks than calls may be under way at once', async () => {
    const { gatherer, calls } = gathererOverDouble({ maxIds: 3, maxCalls: 2 });
    for (const some of [ids(1, 30), ['9', '13', '17'], ['28', '25']]) void gatherer.request(new Set(some), false, FOREVER);
    await settle();
    expect(calls.map((call) => call.ids)).toEqual([ids(28, 30), ids(25, 27)]);
  });

  test('moves none where others would be refused for it', async () => {
    const gate = { ...OPEN_GATE, callMs: 100, perCallMs: 50 };
    const { gatherer, calls } = gathererOverDouble({ maxIds: 1, maxCalls: 4, maxWaitMs: 500, gate });
    void gatherer.request(new Set(ids(1, 100)), false, FOREVER);
    for (const id of ids(50, 79)) void gatherer.request(new Set([id]), false, FOREVER);
    const stranger = gatherer.request(new Set(['200']), false, FOREVER);
    for (let n = 0; n < 12; n++) {
      await settle();
      calls[n]!.answer();
    }
    expect((await stranger).get('200')).toBe('200!');
  });
});

test('A call that waits for its turn is joined however long that takes, and its attempt counts from when it leaves', async () => {
  const left: (() => void)[] = [];
  let count = 0;
  const fetch = (_ids: readonly string[], _relationships: boolean, deadline: { onAttempt?(): void }): Promise<{ id: string; name: string }[]> => {
    count++;
    left.push(() => deadline.onAttempt!());
    return new Promise(() => {});
  };
  const { gatherer } = gathererOverDouble({ attemptTimeoutMs: 300, fetch });
  const ask = async (): Promise<void> => {
    void gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
  };
  await ask();
  await jest.advanceTimersByTimeAsync(5_000);
  await ask();
  left[0]!();
  await jest.advanceTimersByTimeAsync(300);
  await ask();
  expect(count).toBe(1);
  // A second attempt of the same call is still the call that hung.
  left[0]!();
  await jest.advanceTimersByTimeAsync(1);
  await ask();
  expect(count).toBe(2);
});
