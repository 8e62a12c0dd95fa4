import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Call } from '../../sandbox/calls.js';
import { LONG_RUN } from '../support/longRun.js';
import { startTestApp, type TestApp } from '../support/testApp.js';
import { operation, type Operation } from './drawnNeeds.js';
import { putOddOnes } from './oddOnes.js';
import { callsFor, leastCalls, type Wave } from './leastCalls.js';
import { until } from '../support/until.js';

const RUNS = LONG_RUN ? 3_000 : 50;
const CROWDS = LONG_RUN ? 300 : 10;
const SEED = Number(process.env.MINIMUM_SEED ?? Date.now() % 2 ** 31);
/** Long enough for operations that start together to meet on the wire. */
const LATENCY_MS = 15;

let app: TestApp;
const seen = { operations: 0, crowds: 0, pms: 0, cas360: 0, addresses: 0, again: 0, saved: 0 };

beforeAll(async () => {
  app = await startTestApp();
  putOddOnes(app);
  // Both tokens are there before anything is counted.
  await app.query('{ a: contact(id: "pms:4711") { name } b: contact(id: "cas360:54") { name } }');
});
beforeEach(() => app.reset());
afterAll(async () => {
  process.stdout.write(`seed ${SEED}: ${JSON.stringify(seen)}\n`);
  await app.stop();
});

const run = async ({ query, variables }: Operation): Promise<void> => {
  const { status, errors = [] } = await app.query(query, { ...variables });
  expect(status).toBe(200);
  // Everything else would be trouble with an upstream.
  expect(errors.filter(({ extensions }) => !['BAD_USER_INPUT', 'FORBIDDEN'].includes(extensions.code))).toEqual([]);
};

const callsOf = (kind: Call['kind']): readonly Call[] => [...app.sandbox.pms.calls, ...app.sandbox.cas360.calls].filter((call) => call.kind === kind);

const sorted = (ids: Iterable<string>): string[] => [...ids].sort();

/** Tells apart the calls that ask for the first time, and those that ask again for exactly what an answer lacked. */
function split(calls: readonly Call[], rows: ReadonlyMap<string, unknown>): { first: Call[]; again: Call[] } {
  const lacking: string[] = [];
  const first: Call[] = [];
  const again: Call[] = [];
  const nameOf = ({ relationships }: Call, ids: readonly string[]): string => `${relationships} ${sorted(ids).join()}`;
  for (const call of calls) {
    const expected = lacking.indexOf(nameOf(call, call.ids));
    if (expected >= 0) {
      lacking.splice(expected, 1);
      again.push(call);
      continue;
    }
    first.push(call);
    const absent = call.ids.filter((id) => !rows.has(id));
    // An answer without any of them says that there are none.
    if (absent.length > 0 && absent.length < call.ids.length) lacking.push(nameOf(call, absent));
  }
  expect(lacking).toEqual([]);
  return { first, again };
}

function expectLeast(kind: 'contacts' | 'addresses', waves: readonly Wave[]): void {
  const { first, again } = split(callsOf(kind), app.sandbox.cas360.data[kind]);
  for (const relationships of [true, false]) {
    const sent = first.filter((call) => call.relationships === relationships).flatMap(({ ids }) => ids);
    expect(sorted(sent)).toEqual(sorted(waves.filter((wave) => wave.relationships === relationships).flatMap(({ ids }) => [...ids])));
  }
  // Waves that come up in one turn of the event loop go out together.
  const together = [true, false].map((relationships) => ({ relationships, ids: new Set(waves.flatMap((wave) => (wave.relationships === relationships ? [...wave.ids] : []))) }));
  const sum = (which: readonly Wave[], bound: 'least' | 'most'): number => which.reduce((calls, wave) => calls + callsFor(wave, `/${kind}/`)[bound], 0);
  expect(first.length).toBeGreaterThanOrEqual(sum(together, 'least'));
  expect(first.length).toBeLessThanOrEqual(sum(waves, 'most'));
  seen.again += again.length;
}

describe('An operation that is alone', () => {
  test('asks for what it needs and no more, in the least number of calls', async () => {
    await fc.assert(
      fc.asyncProperty(operation, async (drawn) => {
        app.reset();
        await run(drawn);
        const { pms, contacts, addresses } = leastCalls(drawn, app.sandbox.cas360.data);
        expect(sorted(callsOf('contact').flatMap(({ ids }) => ids))).toEqual(sorted(pms));
        expectLeast('contacts', contacts);
        expectLeast('addresses', addresses);
        const calls = app.calls();
        for (const kind of ['pms', 'cas360', 'addresses'] as const) seen[kind] += calls[kind];
        seen.operations++;
      }),
      { numRuns: RUNS, seed: SEED },
    );
  }, 120_000);
});

describe('Operations that start together', () => {
  /** The same need of one id, twice on the wire at a time. Times are whole milliseconds, so that calls that touch do not count. */
  const doubled = (calls: readonly Call[]): string[] =>
    calls.flatMap((call, n) =>
      calls
        .slice(n + 1)
        .filter((later) => later.relationships === call.relationships && later.startedAt < (call.endedAt ?? Infinity) && call.startedAt < (later.endedAt ?? Infinity))
        .flatMap(({ ids }) => ids.filter((id) => call.ids.includes(id))),
    );

  const KINDS = ['contact', 'contacts', 'addresses'] as const;

  /** Without those that ask again for what was absent: once for each call that lacked something, so that it depends on how the ids fell. */
  const firstAsks = (calls: readonly Call[]): number =>
    calls.filter(({ ids, relationships }, n) => !calls.slice(0, n).some((earlier) => earlier.relationships === relationships && ids.every((id) => earlier.ids.includes(id)))).length;

  test('cost at most what they cost alone, and ask for no id twice at a time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 3, maxLength: 12, size: 'max' }), async (drawn) => {
        const alone = { contact: 0, contacts: 0, addresses: 0 };
        for (const one of drawn) {
          app.reset();
          await run(one);
          for (const kind of KINDS) alone[kind] += firstAsks(callsOf(kind));
        }
        app.reset();
        for (const system of [app.sandbox.pms, app.sandbox.cas360]) system.faults.set([{ latencyMs: LATENCY_MS }]);
        await Promise.all(drawn.map(run));
        for (const kind of KINDS) {
          const together = firstAsks(callsOf(kind));
          expect(together).toBeLessThanOrEqual(alone[kind]);
          seen.saved += alone[kind] - together;
          expect(doubled(callsOf(kind))).toEqual([]);
        }
        const { mostAtOnce } = app.sandbox.cas360;
        expect(Math.max(mostAtOnce.contacts, mostAtOnce.addresses)).toBeLessThanOrEqual(4);
        seen.crowds++;
      }),
      { numRuns: CROWDS, seed: SEED },
    );
  }, 300_000);

  test('share a contact of the PMS, whatever they need of it', async () => {
    const letGo = app.sandbox.pms.hold();
    const plain = app.query('{ contact(id: "pms:4711") { name } }');
    await until('a call has come', () => app.calls().pms === 1);
    // The call for the second contact shows that this operation has come, and has joined the call for the first.
    const full = app.query('{ contacts(ids: ["pms:4711", "pms:5001"]) { name relationships { type } } }');
    await until('another has come', () => app.calls().pms === 2);
    letGo();
    expect([(await full).data.contacts[0], (await plain).data]).toEqual([{ name: 'Iris Maeve Vale', relationships: null }, { contact: { name: 'Iris Maeve Vale' } }]);
    expect(sorted(callsOf('contact').flatMap(({ ids }) => ids))).toEqual(['4711', '5001']);
  });
});
