import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ContactsError } from '../../src/errors.js';
import { endedBy, FOREVER, gathererOverDouble, settle } from '../support/upstreamDouble.js';

const ids = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

describe('A gatherer', () => {
  test('sends a lone request in the same turn of the loop, in chunks of what one call may name', async () => {
    const { gatherer, calls } = gathererOverDouble();
    void gatherer.request(new Set(ids(1, 5)), false, FOREVER);
    await settle();
    expect(calls.map((call) => call.ids)).toEqual([['4', '5'], ['1', '2', '3']]);
    calls.forEach((call) => call.answer());
  });

  test('sends what several want in one turn of the loop together', async () => {
    const { gatherer, calls } = gathererOverDouble();
    const answers = ['1', '2', '3'].map((id) => gatherer.request(new Set([id]), false, FOREVER));
    await settle();
    expect(calls.map((call) => call.ids)).toEqual([['1', '2', '3']]);
    calls[0]?.answer();
    expect((await Promise.all(answers)).map((outcomes, i) => outcomes.get(String(i + 1)))).toEqual(['1!', '2!', '3!']);
  });

  test('keeps to the bytes that a path may have, commas counted', async () => {
    const { gatherer, calls } = gathererOverDouble({ maxIdBytes: 7 });
    void gatherer.request(new Set(['111', '222', '3']), false, FOREVER);
    await settle();
    expect(calls.map((call) => call.ids)).toEqual([['3'], ['111', '222']]);
    calls.forEach((call) => call.answer());
  });

  test('has no more calls under way than allowed, and gathers what is wanted meanwhile', async () => {
    const { gatherer, calls } = gathererOverDouble();
    const answers: Promise<ReadonlyMap<string, unknown>>[] = [];
    for (const id of ids(1, 5)) {
      answers.push(gatherer.request(new Set([id]), false, FOREVER));
      await settle();
    }
    expect(calls).toHaveLength(2);
    calls[0]?.answer();
    await settle();
    expect(calls.map((call) => call.ids)).toEqual([['1'], ['2'], ['3', '4', '5']]);
    calls.slice(1).forEach((call) => call.answer());
    expect((await Promise.all(answers)).map((outcomes, i) => outcomes.get(String(i + 1)))).toEqual(['1!', '2!', '3!', '4!', '5!']);
  });

  test('joins an id that is being fetched, and one that waits', async () => {
    const { gatherer, calls } = gathererOverDouble({ maxCalls: 1 });
    const first = gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    const second = gatherer.request(new Set(['1', '2']), false, FOREVER);
    const third = gatherer.request(new Set(['2']), false, FOREVER);
    calls[0]?.answer();
    await settle();
    calls[1]?.answer();
    expect(calls.map((call) => call.ids)).toEqual([['1'], ['2']]);
    expect(Object.fromEntries(await second)).toEqual({ 1: '1!', 2: '2!' });
    expect([(await first).get('1'), (await third).get('2')]).toEqual(['1!', '2!']);
  });

  test('serves a plain wish from a call in full, but not the other way round', async () => {
    const { gatherer, calls } = gathererOverDouble();
    const full = gatherer.request(new Set(['1']), true, FOREVER);
    const others = [true, false].map((relationships) => gatherer.request(new Set(['1']), relationships, FOREVER));
    await settle();
    expect(calls.map((call) => call.ids)).toEqual([['1']]);
    calls[0]?.answer();
    expect((await Promise.all([full, ...others])).map((outcomes) => outcomes.get('1'))).toEqual(['1!!', '1!!', '1!!']);

    void gatherer.request(new Set(['2']), false, FOREVER);
    void gatherer.request(new Set(['2']), true, FOREVER);
    await settle();
    expect(calls.slice(1).map((call) => call.relationships)).toEqual([false, true]);
    calls.forEach((call) => call.answer());
  });

  test('asks again once a call is over: it remembers nothing', async () => {
    const { gatherer, calls } = gathererOverDouble();
    const first = gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    calls[0]?.answer(new ContactsError('UPSTREAM_UNAVAILABLE', 'CAS360'));
    expect((await first).get('1')).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    const second = gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    calls[1]?.answer();
    expect((await second).get('1')).toBe('1!');
  });

  test('lets a waiter go at its own deadline, with what is known by then, and goes on for the others', async () => {
    const { gatherer, calls } = gathererOverDouble();
    const impatient = new AbortController();
    const short = gatherer.request(new Set(ids(1, 6)), false, endedBy(impatient.signal));
    const long = gatherer.request(new Set(['1', '4']), false, FOREVER);
    await settle();
    calls[0]?.answer();
    await settle();
    impatient.abort();
    expect([...(await short).keys()]).toEqual(['1', '2', '3']);
    expect(calls[1]?.signal.aborted).toBe(false);
    calls[1]?.answer();
    expect((await long).get('4')).toBe('4!');
  });

  test('cuts off a call that nobody waits for any more, and does not send what nobody wants', async () => {
    const { gatherer, calls } = gathererOverDouble({ maxCalls: 1 });
    const gone = new AbortController();
    const requests = [gatherer.request(new Set(['1']), false, endedBy(gone.signal))];
    await settle();
    requests.push(gatherer.request(new Set(['2']), false, endedBy(gone.signal)));
    gone.abort();
    await Promise.all(requests);
    await settle();
    expect(calls[0]?.signal.aborted).toBe(true);
    expect(calls).toHaveLength(1);
    void gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    expect(calls).toHaveLength(2);
    calls.forEach((call) => call.answer());
  });

  test('makes a few calls a turn of the loop, though each fails at once', async () => {
    let calls = 0;
    const { gatherer } = gathererOverDouble({
      maxIds: 1,
      fetch: async () => {
        calls++;
        throw new ContactsError('UPSTREAM_UNAVAILABLE', 'CAS360');
      },
    });
    const answer = gatherer.request(new Set(ids(1, 50)), false, FOREVER);
    for (let turn = 1; turn <= 10; turn++) {
      await nextTurn();
      expect(calls).toBeLessThanOrEqual(2 * turn);
    }
    expect((await answer).size).toBe(50);
    expect(calls).toBe(50);
  });

  test('makes a fault of ours of whatever else is thrown, for the ids of that call', async () => {
    const fault = new TypeError('no such function');
    const { gatherer } = gathererOverDouble({ fetch: () => Promise.reject(fault) });
    const outcomes = await gatherer.request(new Set(['1', '2']), false, FOREVER);
    expect([...outcomes.keys()]).toEqual(['1', '2']);
    for (const outcome of outcomes.values()) expect(outcome).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', source: 'CAS360', cause: fault });
  });

  test('keeps what was known before such a fault', async () => {
    const { gatherer } = gathererOverDouble({ fetch: (ids) => (ids.length === 2 ? Promise.resolve([{ id: '1', name: '1!' }]) : Promise.reject(new TypeError('no such function'))) });
    const outcomes = await gatherer.request(new Set(['1', '2']), false, FOREVER);
    expect(Object.fromEntries(outcomes)).toEqual({ 1: '1!', 2: expect.objectContaining({ code: 'INTERNAL_SERVER_ERROR' }) });
  });

  test('never loses, mixes up or doubles an id, whoever asks for what and whenever calls return', async () => {
    const wish = fc.record({ ids: fc.array(fc.integer({ min: 1, max: 12 }).map(String), { maxLength: 8 }), full: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(wish, { maxLength: 12 }), fc.array(fc.nat(5), { maxLength: 40 }), async (wishes, order) => {
        const { gatherer, calls } = gathererOverDouble();
        const open = new Set<(typeof calls)[number]>();
        let seen = 0;
        const answers = wishes.map(({ ids, full }) => gatherer.request(new Set(ids), full, FOREVER));
        await settle();
        for (let round = 0; ; round++) {
          for (; seen < calls.length; seen++) open.add(calls[seen]!);
          expect(open.size).toBeLessThanOrEqual(2);
          const plain = [...open].flatMap((call) => (call.relationships ? [] : call.ids));
          expect(new Set(plain).size).toBe(plain.length);
          if (open.size === 0) break;
          const next = [...open][(order[round % order.length] ?? 0) % open.size]!;
          open.delete(next);
          next.answer();
          await settle();
        }
        (await Promise.all(answers)).forEach((outcomes, i) => {
          const { ids, full } = wishes[i]!;
          for (const id of ids) expect(full ? [`${id}!!`] : [`${id}!`, `${id}!!`]).toContain(outcomes.get(id));
        });
      }),
      { numRuns: 300 },
    );
  });
});
