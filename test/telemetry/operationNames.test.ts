import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { OperationNames } from '../../src/telemetry/operationNames.js';
import { LONG_RUN } from '../support/longRun.js';

const PERIOD_MS = 300_000;
const MAX_NAMES = 100;

/** Names over a clock that the test moves, with all that is kept for them at the moment. */
class Watched {
  nowMs = 0;
  /** What is kept for a name is a number of its own. */
  readonly live = new Set<number>();
  #made = 0;
  readonly names = new OperationNames<number>({
    make: () => {
      this.live.add(++this.#made);
      return this.#made;
    },
    forget: (kept) => {
      if (!this.live.delete(kept)) throw new Error('Forgotten twice');
    },
    now: () => this.nowMs,
  });
  #invented = 0;

  label(name: string | null): string {
    return this.names.find(name).label;
  }

  use(names: readonly string[], times: number): void {
    for (let n = 0; n < times; n++) for (const name of names) this.names.find(name);
  }

  /** Names that nobody used before, each so many times. */
  flood(count: number, times = 1): void {
    for (let n = 0; n < count; n++) this.use([`Invented${this.#invented++}`], times);
  }
}

const namesOf = (count: number): string[] => Array.from({ length: count }, (_, n) => `Real${n}`);

describe('names of operations', () => {
  test('that are drawn never have more than their number of places; what is kept for one is the same until it is forgotten', () => {
    const name = fc.oneof(fc.constantFrom(null, 'anonymous', 'other', '__proto__', 'constructor'), fc.nat(20).map((n) => `Few${n}`), fc.nat(400).map((n) => `Many${n}`), fc.string({ minLength: 95, maxLength: 105, unit: fc.constant('x') }));
    const step = fc.record({ name, times: fc.integer({ min: 1, max: 4 }), passesMs: fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, fc.nat(4 * PERIOD_MS)) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 1_500, size: 'max' }), (steps) => {
        const watched = new Watched();
        const keptBy = new Map<string, number>();
        for (const { name: given, times, passesMs } of steps) {
          watched.nowMs += passesMs;
          for (let n = 0; n < times; n++) {
            const { label, kept } = watched.names.find(given);
            const before = keptBy.get(label);
            // An assertion of jest's for each would take most of the time.
            if (label !== 'other' && label !== (given ?? 'anonymous')) throw new Error('Another name');
            if (label.length > 100) throw new Error('A long name has a place');
            if (!watched.live.has(kept)) throw new Error('Forgotten, and given out');
            if (before !== kept && before !== undefined && watched.live.has(before)) throw new Error('Two of one name');
            keptBy.set(label, kept);
          }
          if (watched.live.size > MAX_NAMES + 2) throw new Error('Too many places');
        }
      }),
      { numRuns: LONG_RUN ? 600 : 20, endOnFailure: true },
    );
  });

  test('in use keep their places, however many others come once each, and however rarely they are used', () => {
    const between = fc.record({ flood: fc.nat(3_000), passesMs: fc.nat(3 * PERIOD_MS), reals: fc.subarray(namesOf(MAX_NAMES)) });
    fc.assert(
      fc.property(fc.array(between, { maxLength: 10 }), (steps) => {
        const watched = new Watched();
        const kept = namesOf(MAX_NAMES).map((name) => watched.names.find(name).kept);
        for (const { flood, passesMs, reals } of steps) {
          watched.nowMs += passesMs;
          watched.flood(flood);
          watched.use(reals, 1);
        }
        expect(namesOf(MAX_NAMES).map((name) => watched.names.find(name).kept)).toEqual(kept);
        expect(kept.filter((each) => !watched.live.has(each))).toEqual([]);
      }),
      { numRuns: LONG_RUN ? 1_000 : 25 },
    );
  });

  test('in use keep their places against those that come as often or less', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 100, max: 200 }), (times, periods, flood) => {
        const watched = new Watched();
        const names = namesOf(MAX_NAMES + 50);
        const kept = names.slice(0, MAX_NAMES).map((name) => watched.names.find(name).kept);
        watched.use(names.slice(0, MAX_NAMES), times - 1);
        for (let n = 0; n < periods; n++) {
          watched.flood(flood, times);
          watched.nowMs += PERIOD_MS;
          // The last fifty of them have no place, and are used as much.
          watched.use(names, times);
        }
        expect(kept.filter((each) => !watched.live.has(each))).toEqual([]);
      }),
      { numRuns: LONG_RUN ? 1_000 : 50 },
    );
  });

  test('that come in the midst of others, which come once each, get a place at their second use', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 500 }), fc.integer({ min: 1, max: MAX_NAMES }), fc.nat(5_000), (before, reals, between) => {
        const watched = new Watched();
        watched.flood(before);
        expect(namesOf(reals).map((name) => watched.label(name))).toEqual(namesOf(reals).map(() => 'other'));
        watched.flood(between);
        expect(namesOf(reals).map((name) => watched.label(name))).toEqual(namesOf(reals));
      }),
      { numRuns: LONG_RUN ? 1_000 : 50 },
    );
  });

  test('that stop coming make room, however often they came, for those that are used a few times', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 10 }), fc.integer({ min: 2, max: 50 }), (times, reals, uses) => {
        const watched = new Watched();
        watched.flood(MAX_NAMES, times);
        let periods = 0;
        for (; periods < 100 && namesOf(reals).some((name) => watched.label(name) === 'other'); periods++) {
          watched.nowMs += PERIOD_MS;
          watched.use(namesOf(reals), uses);
        }
        expect(periods).toBeLessThanOrEqual(Math.max(1, Math.ceil(Math.log2(times / uses)) + 1));
      }),
    );
  });

  test('do not keep the documents in memory that they were cut out of', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { names } = new Watched();
    const usedBytes = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = usedBytes();
    for (let n = 0; n < 12_000; n++) {
      // As a parser does it: the name is a part of the document's text.
      const document = Buffer.alloc(8_000, `query AnInventedName${n} { contact } # `).toString('latin1');
      names.find(document.slice(6, document.indexOf(' ', 6)));
    }
    // The documents of the candidates alone would be 80 MB.
    expect(usedBytes() - before).toBeLessThan(20_000_000);
    expect(names.find('anonymous').label).toBe('anonymous');
  });
});
