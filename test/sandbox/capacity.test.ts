import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { Agent, request } from 'undici';
import { startCapacity, type Capacity } from '../support/capacity.js';
import { limiter, type Counts, type LimitModel } from '../support/capacityStandIn.js';
import { startTestApp } from '../support/testApp.js';
import { until } from '../support/until.js';

// Rounds are repeated where the machine was too busy.
jest.setTimeout(60_000);

describe('limits', () => {
  const kinds: readonly LimitModel['kind'][] = ['window', 'sliding', 'bucket', 'spacing'];
  /** When the calls that were within the limit came. */
  const accepted = (model: LimitModel, times: readonly number[]): number[] => {
    const isWithin = limiter(model);
    return times.filter((at) => isWithin(at));
  };
  const everyMs = (step: number, ms = 10_000): number[] => Array.from({ length: Math.floor(ms / step) }, (_, n) => n * step);

  test.each(kinds)('%s takes the whole rate of a client that asks every millisecond, and all calls of one that keeps to it', (kind) => {
    const model = { kind, perSecond: 50 };
    expect(accepted(model, everyMs(1)).length).toBe(500);
    expect(accepted(model, everyMs(20)).length).toBe(500);
  });

  test.each([
    ['window', 50, 100],
    ['sliding', 50, 50],
    ['bucket', 5, 14],
    ['spacing', 1, 10],
  ] as const)('%s takes %i of 200 calls at once, and %i of those around a turn of the second', (kind, atOnce, atTurn) => {
    const model = { kind, perSecond: 50, burst: 5 };
    expect(accepted(model, Array(200).fill(999))).toHaveLength(atOnce);
    // From 900 to 1,099.
    expect(accepted(model, everyMs(1, 200).map((ms) => 900 + ms))).toHaveLength(atTurn);
  });

  test.each(['sliding', 'bucket', 'spacing'] as const)('%s with countsRefused never takes a client again that goes on asking', (kind) => {
    expect(accepted({ kind, perSecond: 50, countsRefused: true }, everyMs(1)).filter((at) => at > 1_000)).toEqual([]);
  });

  test('no kind but `window` takes more than the rate and its burst in any second', () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(pauses, fc.constantFrom('sliding', 'bucket', 'spacing'), fc.integer({ min: 1, max: 60 }), (gaps, kind, perSecond) => {
        let now = 0;
        const passed = accepted({ kind, perSecond, burst: 4 }, gaps.map((gap) => (now += gap)));
        for (const from of passed) expect(passed.filter((at) => at >= from && at < from + 1_000).length).toBeLessThanOrEqual(perSecond + (kind === 'bucket' ? 4 : 0));
      }),
    );
  });
});

describe('the stand-in', () => {
  let capacity: Capacity;
  const dispatcher = new Agent();
  beforeAll(async () => {
    capacity = await startCapacity();
  });
  beforeEach(async () => {
    await capacity.set({ pms: {}, contacts: {}, addresses: {}, token: {} });
    await capacity.reset();
  });
  afterAll(async () => {
    await dispatcher.close();
    await capacity.stop();
  });

  const get = async (path: string, signal?: AbortSignal): Promise<{ status: number; body: any; retryAfter: unknown }> => {
    const { statusCode, headers, body } = await request(capacity.url + path, { dispatcher, headers: { authorization: 'Bearer capacity-token' }, ...(signal && { signal }) });
    return { status: statusCode, body: await body.json(), retryAfter: headers['retry-after'] };
  };
  const contact = (signal?: AbortSignal) => get('/api/v3/contacts/7', signal);
  const statuses = async (count: number): Promise<number[]> => (await Promise.all(Array.from({ length: count }, () => contact()))).map(({ status }) => status).toSorted();

  test('plays both systems for the service, and counts', async () => {
    const app = await startTestApp(capacity.environment);
    const { data, errors } = await app.query('{ contacts(ids: ["pms:4", "cas360:5"]) { name address { city } } }');
    await app.stop();
    expect([errors, data.contacts]).toEqual([undefined, [{ name: 'Odile Fenwick 4', address: null }, { name: 'Odile Fenwick 5', address: { city: 'Hobart' } }]]);
    const one = { accepted: 1, refused: 0, served: 1, gone: 0, peakAtOnce: 1 };
    expect(await capacity.counts()).toMatchObject({ pms: one, contacts: one, addresses: one, token: { served: 2 } });
  });

  test('refuses beyond the limit', async () => {
    await capacity.set({ pms: { limit: { kind: 'bucket', perSecond: 0.001, burst: 2, retryAfter: '3' } } });
    expect(await statuses(5)).toEqual([200, 200, 429, 429, 429]);
    expect((await contact()).retryAfter).toBe('3');
    const { pms } = await capacity.counts();
    expect([pms.accepted, pms.refused, pms.served]).toEqual([2, 4, 2]);
    expect(pms.refusedPer100Ms.reduce((sum, count) => sum + count)).toBe(4);
  });

  test('works on so many at once, keeps the others waiting, and refuses those beyond maxWaiting', async () => {
    await capacity.set({ pms: { workers: { atOnce: 2, serviceMs: 600_000, maxWaiting: 2 } } });
    const leaving = new AbortController();
    const four = [1, 2, 3, 4].map(() => contact(leaving.signal));
    await until('four calls are there', async () => (await capacity.counts()).pms.accepted === 4);
    expect(await statuses(2)).toEqual([503, 503]);
    leaving.abort();
    await Promise.allSettled(four);
    await until('they are gone', async () => (await capacity.counts()).pms.gone === 4);

    await capacity.set({ pms: { workers: { atOnce: 2, serviceMs: 200, maxWaiting: 2 } } });
    for (let round = 0; round < 2; round++) {
      const startedAt = performance.now();
      expect(await statuses(4)).toEqual([200, 200, 200, 200]);
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(399);
    }
    expect((await capacity.counts()).pms).toMatchObject({ served: 8, refused: 2 });
  });

  test('works on a call whose caller has left, unless skipsGone', async () => {
    const SERVICE_MS = 500;
    const counts = async (): Promise<Counts> => (await capacity.counts()).pms;
    /** How many of five calls are worked on if the callers of three leave while the first is. Undefined: they left too late. */
    const worked = async (skipsGone: boolean): Promise<number | undefined> => {
      await capacity.set({ pms: { workers: { atOnce: 1, serviceMs: SERVICE_MS, skipsGone } } });
      await capacity.reset();
      const came = (count: number) => until(`${count} calls are there`, async () => (await counts()).accepted === count);
      const startedAt = performance.now();
      const isInTime = (): boolean => performance.now() - startedAt < SERVICE_MS;
      const first = contact();
      await came(1);
      const leaving = new AbortController();
      const left = [1, 2, 3].map(() => contact(leaving.signal));
      await came(4);
      const last = contact();
      await came(5);
      leaving.abort();
      await Promise.allSettled(left);
      await until('three are gone, or it is late', async () => (await counts()).gone === 3 || !isInTime());
      const isJudged = isInTime();
      expect([(await first).status, (await last).status]).toEqual([200, 200]);
      return isJudged ? (await counts()).worked : undefined;
    };
    const inTime = (skipsGone: boolean): Promise<number> => until('the callers leave in time', () => worked(skipsGone));
    expect([await inTime(false), await inTime(true)]).toEqual([5, 2]);
  });

  test('hangs after so many good answers, and answers with a status', async () => {
    await capacity.set({ pms: { hangsAfter: 2 } });
    expect(await statuses(2)).toEqual([200, 200]);
    await expect(contact(AbortSignal.timeout(50))).rejects.toThrow();
    await capacity.set({ pms: { status: 503, retryAfter: '60' } });
    expect(await contact()).toMatchObject({ status: 503, retryAfter: '60' });
  });
});
