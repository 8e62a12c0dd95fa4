import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { ContactsError } from '../../src/errors.js';
import type { Sources } from '../../src/loaders/loaders.js';
import { buildSources, CALL_TIMEOUT_MS } from '../support/builtSources.js';
import { CountedAborter } from '../support/countedAborter.js';
import { endedBy, FOREVER, settle } from '../support/upstreamDouble.js';

const ids = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
const ask = (from: Sources[keyof Sources], some: readonly string[], full = false) => from!.records.request(new Set<string>(some), full, FOREVER);

afterEach(() => {
  jest.restoreAllMocks();
});

describe('What operations load from', () => {
  test('joins a call that is under way for ATTEMPT_TIMEOUT_MS at most', async () => {
    const { sources, calls, hold } = buildSources({ ATTEMPT_TIMEOUT_MS: '100' });
    const letGo = hold();
    let clock = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => clock);
    const answers: Promise<unknown>[] = [];
    const seen: unknown[] = [];
    for (clock of [0, 100, 101]) {
      answers.push(ask(sources.cas360Contacts, ['1']));
      await settle();
      seen.push([clock, calls.length]);
    }
    letGo();
    await Promise.all(answers);
    expect(seen).toEqual([[0, 1], [100, 1], [101, 2]]);
  });

  test('lets a small request wait for MAX_WAIT_MS at most', async () => {
    const { sources, hold } = buildSources({ MAX_WAIT_MS: '250' }, { perCallMs: 100 });
    const letGo = hold();
    const answers = [ask(sources.pmsContacts, ids(1, 40))];
    await settle();
    // They wait for no other one, for 100 and for 200 ms. The next would wait for 300.
    for (const id of ['101', '102', '103']) answers.push(ask(sources.pmsContacts, [id]));
    expect([...(await ask(sources.pmsContacts, ['104'])).values()]).toEqual([expect.objectContaining({ code: 'OVERLOADED' })]);
    letGo();
    const outcomes = await Promise.all(answers);
    expect(outcomes.flatMap((some) => [...some.values()]).filter((outcome) => outcome instanceof Error)).toEqual([]);
  });

  test.each([
    ['pmsContacts', 20_000],
    ['cas360Contacts', 50_000],
    ['cas360Addresses', 50_000],
  ] as const)('lets only so many ids wait for %s: %d', async (name, most) => {
    const { sources, calls, hold } = buildSources();
    const letGo = hold();
    const leaving = new CountedAborter();
    const request = (some: readonly string[]) => sources[name]!.records.request(new Set(some), false, endedBy(leaving));
    const codesIn = (outcomes: Awaited<ReturnType<typeof request>>) => [...outcomes.values()].map((outcome) => (outcome as ContactsError).code);
    const taken = [request(ids(1, 400))];
    await settle();
    const onWire = calls.flatMap((call) => call.ids).length;
    taken.push(request(ids(1_001, 1_000 + most - (400 - onWire))));
    expect(codesIn(await request(['999999']))).toEqual(['OVERLOADED']);
    leaving.abort();
    expect((await Promise.all(taken)).map(codesIn)).toEqual([[], []]);
    letGo();
    await settle();
  });

  test('asks the PMS for one contact a call, for 40 at a time at most', async () => {
    const { sources, calls, hold } = buildSources();
    const letGo = hold();
    const answers = ask(sources.pmsContacts, ids(1, 50));
    await settle();
    expect(calls).toHaveLength(40);
    letGo();
    await answers;
    expect(calls.map(({ system, ids: [...some] }) => [system, ...some]).sort()).toEqual(ids(1, 50).map((id) => ['pms', id]).sort());
  });

  test.each(['cas360Contacts', 'cas360Addresses'] as const)('asks for %s in chunks of 100, 4 at a time', async (name) => {
    const { sources, calls, hold } = buildSources();
    const letGo = hold();
    const answers = ask(sources[name], ids(1, 450));
    await settle();
    expect(calls).toHaveLength(4);
    letGo();
    await answers;
    expect(calls.map(({ ids: some }) => some.length).sort()).toEqual([100, 100, 100, 100, 50]);
  });

  test.each([
    ['cas360Contacts', '/contacts/'],
    ['cas360Addresses', '/addresses/'],
  ] as const)('fills the path of a call for %s to its limit and no further, with what stands before it', async (name, before) => {
    const pathPrefix = '/register/of/companies';
    const { sources, calls } = buildSources({ CAS360_MAX_PATH_BYTES: '200', CAS360_BASE_URL: `https://cas360.example.com${pathPrefix}` });
    // 9 characters with its comma.
    await ask(sources[name], ids(10_000_001, 10_000_100));
    const bytes = calls.map(({ path }) => pathPrefix.length + path.split('?')[0]!.length);
    const perCall = Math.floor((200 - pathPrefix.length - before.length + 1) / 9);
    expect(Math.max(...bytes)).toBe(pathPrefix.length + before.length + 9 * perCall - 1);
    expect(calls).toHaveLength(Math.ceil(100 / perCall));
  });

  test('gives each call its time', async () => {
    const { sources, calls } = buildSources();
    for (const name of ['pmsContacts', 'cas360Contacts', 'cas360Addresses'] as const) {
      const earliest = performance.now() + CALL_TIMEOUT_MS;
      await ask(sources[name], ['1']);
      const { endsAtMs } = calls.pop()!.deadline;
      expect(endsAtMs).toBeGreaterThanOrEqual(earliest);
      expect(endsAtMs).toBeLessThanOrEqual(performance.now() + CALL_TIMEOUT_MS);
    }
  });

  test.each([
    ['pmsContacts', 5_500],
    ['cas360Contacts', 5_900],
    ['cas360Addresses', 5_900],
  ] as const)('waits for %s as long as the setting of its system says (%i ms)', async (name, timeoutMs) => {
    const { sources, calls } = buildSources({ PMS_TIMEOUT_MS: '5500', CAS360_TIMEOUT_MS: '5900' });
    const earliest = performance.now() + timeoutMs;
    await ask(sources[name], ['1']);
    expect(calls[0]!.deadline.endsAtMs).toBeGreaterThanOrEqual(earliest);
    expect(calls[0]!.deadline.endsAtMs).toBeLessThanOrEqual(performance.now() + timeoutMs);
  });
});
