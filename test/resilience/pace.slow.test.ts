import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Caller } from '../support/caller.js';
import { startCapacity, type Capacity } from '../support/capacity.js';
import type { Counts, LimitModel } from '../support/capacityStandIn.js';
import { ms, quantile, report } from '../support/figures.js';
import { after, openLoop } from '../support/load.js';
import { LONG_RUN } from '../support/longRun.js';
import { startSubgraph } from '../support/subgraph.js';

/** What callers see of one request. */
interface Seen {
  /** The first error's code, or "ok". */
  readonly code: string;
  readonly atMs: number;
  readonly tookMs: number;
}

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function stage(replicas = 1, settings: Record<string, string> = {}): Promise<{ upstream: Capacity; callers: Caller[] }> {
  const upstream = await startCapacity();
  ends.push(() => upstream.stop());
  const callers = await Promise.all(
    Array.from({ length: replicas }, async () => {
      const subgraph = await startSubgraph({ ...upstream.environment, ...settings });
      const caller = new Caller(subgraph.url, 500);
      ends.push(async () => {
        await caller.close();
        await subgraph.end('SIGKILL');
      });
      return caller;
    }),
  );
  return { upstream, callers };
}

let nextId = 1_000;
/** Asks for a contact that nobody has asked for before. The code of a caller who leaves is "left". */
async function askForOne(caller: Caller, source: 'pms' | 'cas360' = 'pms', leaveAfterMs?: number): Promise<Seen> {
  const atMs = performance.now();
  const signal = leaveAfterMs === undefined ? undefined : AbortSignal.timeout(leaveAfterMs);
  const code = await caller.ask('query ($id: ID!) { contact(id: $id) { name } }', { id: `${source}:${nextId++}` }, signal).then(
    ({ codes }) => codes[0] ?? 'ok',
    () => 'left',
  );
  return { code, atMs, tookMs: performance.now() - atMs };
}

const sum = (counts: readonly number[], fromMs: number, toMs: number): number => counts.slice(fromMs / 100, toMs / 100).reduce((one, other) => one + other, 0);
const served = (seen: readonly Seen[]): readonly number[] => seen.filter(({ code }) => code === 'ok').map(({ tookMs }) => tookMs);

describe('A silent limit of 50 calls a second', () => {
  const MODELS: [number, LimitModel, { used: number; refused: number }][] = [
    [1, { kind: 'sliding', perSecond: 50 }, { used: 90, refused: 4 }],
    [1, { kind: 'bucket', perSecond: 50, burst: 10 }, { used: 90, refused: 4 }],
    [4, { kind: 'sliding', perSecond: 50 }, { used: 90, refused: 10 }],
  ];

  test.each(MODELS)('is found and kept to by %i replicas (%j), and full speed is back soon after it is lifted', async (replicas, limit, bounds) => {
    const { upstream, callers } = await stage(replicas);
    await upstream.set({ pms: { latencyMs: 5, limit } });
    await upstream.reset();
    const LIMITED_MS = 20_000;
    const isOver = after(LIMITED_MS + 10_000);
    const loops = callers.flatMap((caller) =>
      Array.from({ length: 16 }, async () => {
        while (!isOver()) if ((await askForOne(caller)).code !== 'ok') await sleep(20);
      }),
    );
    await sleep(LIMITED_MS);
    const { pms } = await upstream.counts();
    await upstream.set({ pms: { latencyMs: 5 } });
    await upstream.reset();
    await Promise.all(loops);
    const after5s = (await upstream.counts()).pms;
    const [taken, refused] = [sum(pms.acceptedPer100Ms, 10_000, LIMITED_MS), sum(pms.refusedPer100Ms, 10_000, LIMITED_MS)];
    const figures = { used: (100 * taken) / (50 * 10), refused: (100 * refused) / (taken + refused), freed: sum(after5s.acceptedPer100Ms, 5_000, 8_000) / 3 };
    report(`50 calls a second, ${limit.kind}, ${replicas} replicas`, { 'used (%)': figures.used.toFixed(1), 'refused (%)': figures.refused.toFixed(1), 'calls a second, 5 s after it was lifted': figures.freed.toFixed(0) });
    expect(figures.used).toBeGreaterThanOrEqual(LONG_RUN ? bounds.used : 75);
    expect(figures.refused).toBeLessThanOrEqual(bounds.refused);
    // Whatever this machine can do, it is more than the limit.
    expect(figures.freed).toBeGreaterThan(LONG_RUN ? 200 : 75);
  }, 90_000);
});

describe('More than the PMS can serve', () => {
  test.each([
    [1.25, { atOnce: 32, serviceMs: 100 }],
    [1.5, { atOnce: 8, serviceMs: 25 }],
  ])('(%d times as much, %j) leaves it busy, answers soon, refuses the rest at once, and costs CAS 360 nothing', async (factor, workers) => {
    const { upstream, callers } = await stage();
    const [caller] = callers as [Caller];
    await upstream.set({ pms: { workers } });
    const capacity = (1_000 * workers.atOnce) / workers.serviceMs;
    const ask = async (perSecond: number, forMs: number): Promise<Seen[]> => {
      const seen: Seen[] = [];
      await openLoop(perSecond, after(forMs), async () => void seen.push(await askForOne(caller)));
      return seen;
    };
    await ask(capacity / 2, 3_000);
    const BEFORE_MS = 6_000;
    const before = await ask(capacity / 2, BEFORE_MS);
    const FOR_MS = 20_000;
    const others: Seen[] = [];
    const register = openLoop(20, after(FOR_MS), async () => void others.push(await askForOne(caller, 'cas360')));
    const over = await ask(factor * capacity, FOR_MS);
    await register;
    const goodput = (100 * served(over).length) / ((capacity * FOR_MS) / 1_000);
    const refusals = over.filter(({ code }) => code !== 'ok');
    report(`${factor} times the capacity`, {
      'goodput (%)': goodput.toFixed(1),
      'p99 before': ms(quantile(served(before), 0.99)),
      'p99 of what was served': ms(quantile(served(over), 0.99)),
      'refused in (p99)': ms(quantile(refusals.map(({ tookMs }) => tookMs), 0.99)),
      'CAS 360 (p99)': ms(quantile(served(others), 0.99)),
    });
    if (LONG_RUN) expect(goodput).toBeGreaterThanOrEqual(80);
    // It does not collapse: just before, this machine served all of half the capacity.
    expect(served(over).length / FOR_MS).toBeGreaterThanOrEqual((0.5 * served(before).length) / BEFORE_MS);
    expect(new Set(refusals.map(({ code }) => code))).toEqual(new Set(['OVERLOADED']));
    expect(served(others)).toHaveLength(others.length);
    // Without a limit on waiting, it would be the deadline of 8 s.
    expect(quantile(served(over), 0.99)).toBeLessThan(LONG_RUN ? 1_000 : 4_000);
  }, 90_000);
});

describe('A PMS that hangs after good answers', () => {
  test.each([
    ['wait for their answers', undefined],
    ['leave after a second', 1_000],
  ])('is left alone after two attempts, where callers %s; CAS 360 and others notice nothing, and it is served again when it is back', async (_what, leaveAfterMs) => {
    const { upstream, callers } = await stage();
    const [caller] = callers as [Caller];
    await upstream.set({ pms: { latencyMs: 20, hangsAfter: 100 } });
    const startedAtMs = performance.now();
    const seen: Seen[] = [];
    const others: Seen[] = [];
    const HANGS_MS = 14_000;
    const isOver = after(HANGS_MS);
    const asking = openLoop(40, isOver, async () => void seen.push(await askForOne(caller, 'pms', leaveAfterMs)));
    const register = openLoop(20, isOver, async () => void others.push(await askForOne(caller, 'cas360')));
    await Promise.all([asking, register]);
    // The hundredth good answer came after two and a half seconds.
    const late = seen.filter(({ atMs }) => atMs - startedAtMs > 2_500 + 2 * 3_000 + 500);
    const counts: Counts = (await upstream.counts()).pms;
    // They waited until an attempt was over, or they left.
    const slow = late.filter(({ tookMs }) => tookMs > (leaveAfterMs ?? 3_000) - 100);
    report('a hang', { 'requests after two attempts': late.length, 'of them slow': slow.length, 'calls in all': counts.accepted });
    expect(late.length).toBeGreaterThan(50);
    // One call at a time tries.
    expect(slow.length).toBeLessThanOrEqual(3);
    expect(served(others)).toHaveLength(others.length);
    await upstream.set({ pms: { latencyMs: 20 } });
    const back = after(12_000);
    let inARow = 0;
    while (!back() && inARow < 20) inARow = (await askForOne(caller)).code === 'ok' ? inARow + 1 : 0;
    expect(inARow).toBe(20);
  }, 60_000);
});

test('One contact is served soon beside four loops of 500, which are all served, in the order in which they came', async () => {
  // Four lists are 2,000 calls, which take five seconds on a quick machine.
  const { upstream, callers } = await stage(1, { REQUEST_TIMEOUT_MS: '60000' });
  const [caller] = callers as [Caller];
  await upstream.set({ pms: { latencyMs: 100 } });
  const singles = async (forMs: number): Promise<number[]> => {
    const seen: Seen[] = [];
    for (const isOver = after(forMs); !isOver(); ) seen.push(await askForOne(caller));
    return [...served(seen)];
  };
  await singles(2_000);
  const alone = await singles(6_000);
  let isOver = false;
  const ended: number[] = [];
  let begun = 0;
  const loops = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const turn = begun++;
      const ids = Array.from({ length: 500 }, () => `pms:${nextId++}`);
      const { codes } = await caller.ask('query ($ids: [ID!]!) { contacts(ids: $ids) { name } }', { ids });
      expect(codes).toEqual([]);
      ended.push(turn);
    }
  });
  await sleep(1_000);
  const beside = await singles(12_000);
  isOver = true;
  await Promise.all(loops);
  report('one contact beside four loops of 500', { alone: alone.length, 'p99 alone': ms(quantile(alone, 0.99)), beside: beside.length, 'p99 beside': ms(quantile(beside, 0.99)), 'lists served': ended.length });
  expect(ended).toEqual(ended.toSorted((a, b) => a - b));
  expect(quantile(beside, 0.5) / quantile(alone, 0.5)).toBeLessThanOrEqual(2);
}, 60_000);
