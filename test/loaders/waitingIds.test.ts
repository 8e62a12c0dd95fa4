import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ContactsError } from '../../src/errors.js';
import { CountedAborter } from '../support/countedAborter.js';
import { endedBy, FOREVER, gathererOverDouble, settle } from '../support/upstreamDouble.js';

const ids = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
const OVERLOADED = { code: 'OVERLOADED', source: 'CAS360' };

describe('The bound on ids that wait', () => {
  test('refuses at once a request whose ids do not all fit, and nothing of it waits', async () => {
    const { gatherer, calls } = gathererOverDouble({ maxCalls: 1, maxWaitingIds: 4 });
    const onWire = gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    const waiting = [gatherer.request(new Set(ids(2, 4)), false, FOREVER), gatherer.request(new Set(['5']), false, FOREVER)];
    const refused = await Promise.all([gatherer.request(new Set(['6']), false, FOREVER), gatherer.request(new Set(ids(7, 11)), true, FOREVER)]);
    expect(refused.map((outcomes) => [...outcomes.keys()])).toEqual([['6'], ids(7, 11)]);
    for (const outcomes of refused) for (const outcome of outcomes.values()) expect(outcome).toMatchObject(OVERLOADED);
    expect(gatherer.load).toEqual({ waitingIds: 4, callsUnderWay: 1 });

    for (let n = 0; n < 3; n++) {
      calls[n]?.answer();
      await settle();
    }
    expect((await Promise.all([onWire, ...waiting])).map((outcomes) => [...outcomes.keys()])).toEqual([['1'], ['2', '3', '4'], ['5']]);
    expect(calls.flatMap((call) => call.ids)).toEqual(ids(1, 5));
  });

  test('does not count ids that are joined: they are served, and those beside them are refused', async () => {
    const { gatherer, calls } = gathererOverDouble({ maxCalls: 1, maxWaitingIds: 2 });
    const requests = [gatherer.request(new Set(['1']), false, FOREVER)];
    await settle();
    requests.push(gatherer.request(new Set(['2']), false, FOREVER));
    // Of these, one more waits.
    requests.push(gatherer.request(new Set(ids(1, 3)), false, FOREVER));
    const mixed = [gatherer.request(new Set(['1', '4']), false, FOREVER), gatherer.request(new Set(['3', '5']), false, FOREVER)];
    for (let n = 0; n < 2; n++) {
      calls[n]?.answer();
      await settle();
    }
    expect(Object.fromEntries((await Promise.all(requests))[2]!)).toEqual({ 1: '1!', 2: '2!', 3: '3!' });
    const [onWire, waiting] = await Promise.all(mixed);
    expect(Object.fromEntries(onWire!)).toEqual({ 1: '1!', 4: expect.objectContaining(OVERLOADED) });
    // The call brings its neighbour too.
    expect(Object.fromEntries(waiting!)).toEqual({ 2: '2!', 3: '3!', 5: expect.objectContaining(OVERLOADED) });
    expect(calls.map((call) => call.ids)).toEqual([['1'], ['2', '3']]);
  });

  test('has room again once ids have left, with a call or with whoever wanted them', async () => {
    const { gatherer, calls } = gathererOverDouble({ maxCalls: 1, maxWaitingIds: 1 });
    const request = (id: string, deadline = FOREVER) => gatherer.request(new Set([id]), false, deadline);
    void request('1');
    await settle();
    const leaving = new CountedAborter();
    const left = request('2', endedBy(leaving));
    expect((await request('3')).get('3')).toMatchObject(OVERLOADED);
    leaving.abort();
    await left;
    void request('3');
    expect((await request('4')).get('4')).toMatchObject(OVERLOADED);
    calls[0]?.answer();
    await settle();
    const last = request('4');
    expect(gatherer.load).toEqual({ waitingIds: 1, callsUnderWay: 1 });
    calls[1]?.answer();
    await settle();
    calls[2]?.answer();
    expect((await last).get('4')).toBe('4!');
    expect(calls.map((call) => call.ids)).toEqual([['1'], ['3'], ['4']]);
  });

  test('is never passed, and every id is served or refused, whoever wants what', async () => {
    const wish = fc.record({ ids: fc.uniqueArray(fc.integer({ min: 1, max: 30 }).map(String), { maxLength: 8 }), full: fc.boolean(), then: fc.constantFrom('nothing', 'a turn', 'an answer') });
    await fc.assert(
      fc.asyncProperty(fc.array(wish, { maxLength: 15 }), fc.integer({ min: 0, max: 12 }), async (wishes, maxWaitingIds) => {
        const { gatherer, calls } = gathererOverDouble({ maxWaitingIds });
        const answers: Promise<ReadonlyMap<string, unknown>>[] = [];
        let answered = 0;
        for (const { ids, full, then } of wishes) {
          answers.push(gatherer.request(new Set(ids), full, FOREVER));
          expect(gatherer.load.waitingIds).toBeLessThanOrEqual(maxWaitingIds);
          if (then !== 'nothing') await settle();
          if (then === 'an answer') calls[answered++]?.answer();
        }
        await settle();
        for (answered = 0; answered < calls.length; answered++) {
          calls[answered]!.answer();
          await settle();
        }
        (await Promise.all(answers)).forEach((outcomes, i) => {
          for (const id of wishes[i]!.ids) {
            const outcome = outcomes.get(id);
            if (outcome instanceof ContactsError) expect(outcome).toMatchObject(OVERLOADED);
            else expect([`${id}!`, `${id}!!`]).toContain(outcome);
          }
        });
      }),
      { numRuns: 200 },
    );
  });
});
