import { expect, test } from '@jest/globals';
import type { Fault } from '../../sandbox/faults.js';
import { LONG_RUN } from '../support/longRun.js';
import { NAMES } from '../support/caller.js';
import { report, slope } from '../support/figures.js';
import { closedLoop } from '../support/load.js';
import { firstIds, startStand, type Stand } from '../support/stand.js';

const REQUESTS = LONG_RUN ? 201_600 : 9_600;
const WARM_UP = LONG_RUN ? 20_000 : 7_000;
const MOST_WINDOWS = LONG_RUN ? 1 : 3;
const SAMPLES = 12;
/** The most bytes of heap that a request may leave behind. */
const MOST = 20;
const PROGRAM = ['--expose-gc', 'test/support/leaking.ts'];

const NONE: Fault[] = [];
const FAULTS: Fault[] = [
  { status: 503, probability: 0.01 },
  { status: 429, probability: 0.01 },
  { reset: 'mid-body', probability: 0.01 },
  { brokenJson: true, probability: 0.01 },
  { omit: ['1010', '1020', '1030'] },
  { latencyMs: 30, probability: 0.05 },
];

/** A subgraph that is asked and weighed. */
class Scales {
  readonly #stand: Stand;
  readonly #ids: readonly (readonly string[])[];
  asked = 0;

  private constructor(stand: Stand) {
    this.#stand = stand;
    this.#ids = [firstIds(stand.sandbox, 'pms', 1_000), firstIds(stand.sandbox, 'cas360', 1_000)];
  }

  static async start(faults: Fault[]): Promise<Scales> {
    const stand = await startStand({}, PROGRAM);
    for (const system of [stand.sandbox.pms, stand.sandbox.cas360]) system.faults.set(faults);
    return new Scales(stand);
  }

  /** One caller in fifty goes away. */
  async load(count: number): Promise<void> {
    await closedLoop(count, 16, async () => {
      const n = this.asked++;
      const leaving = n % 50 === 0 ? AbortSignal.timeout(5) : undefined;
      await this.#stand.caller.ask(NAMES, { ids: [this.#ids[n % 2]![n % 1_000]!] }, leaving).catch(() => {});
    });
    for (const system of [this.#stand.sandbox.pms, this.#stand.sandbox.cas360]) system.resetCalls();
  }

  /** Bytes of heap that each of `count` requests leaves behind: least squares over what is in use after collections. */
  async slope(count: number): Promise<number> {
    const points = [];
    for (let sample = 0; sample < SAMPLES; sample++) {
      points.push({ x: this.asked, y: (await this.#stand.subgraph.tell('heap')) as number });
      await this.load(count / SAMPLES);
    }
    return slope(points);
  }

  plantLeak(): Promise<unknown> {
    return this.#stand.subgraph.tell('leak');
  }

  stop(): Promise<void> {
    return this.#stand.stop();
  }
}

test.each(LONG_RUN ? [{ faults: FAULTS }, { faults: NONE }] : [{ faults: FAULTS }])('the heap does not grow with requests, and a leak is seen', async ({ faults }) => {
  const scales = await Scales.start(faults);
  try {
    await scales.load(WARM_UP);
    let bytes = Infinity;
    // Code that is still being made faster takes room for a while; a leak goes on.
    for (let window = 0; window < MOST_WINDOWS && bytes > MOST; window++) {
      bytes = await scales.slope(REQUESTS);
      report(`heap with ${faults.length} kinds of fault`, { 'requests before': scales.asked - REQUESTS, requests: REQUESTS, 'bytes a request': bytes });
    }
    await scales.plantLeak();
    const leaked = await scales.slope(REQUESTS / 3);
    report('heap with a planted leak of 100 characters a request', { requests: REQUESTS / 3, 'bytes a request': leaked });
    // A few thousand requests are too few to tell the heap from code that is still being made faster.
    if (LONG_RUN) expect(bytes).toBeLessThanOrEqual(MOST);
    expect(leaked - Math.max(bytes, 0)).toBeGreaterThan(2 * MOST);
  } finally {
    await scales.stop();
  }
}, LONG_RUN ? 900_000 : 300_000);
