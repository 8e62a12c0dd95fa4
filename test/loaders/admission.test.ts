import { describe, expect, test } from '@jest/globals';
import { Admission } from '../../src/loaders/admission.js';

const MAX_WAIT_MS = 500;

/** An upstream that takes a call every 10 ms, each of which takes 100 ms. */
function admissionOf(pace = { callMs: 100, perCallMs: 10 }) {
  const admission = new Admission(MAX_WAIT_MS, pace);
  const queue = { waitingChunks: 0, waitingSmall: 0, largeRequests: 0 };
  const small = (waitingSmall: number, nowMs: number, chunks = 1): number => admission.small(chunks, { ...queue, waitingSmall }, nowMs, 8_000);
  return { admission, queue, small };
}

/** Small requests of one chunk each, in simulated time, in front of an upstream that takes a call every `perCallMs`. */
class Crowd {
  readonly #admission: Admission;
  readonly #perCallMs: number;
  nowMs = 0;
  waiting = 0;
  refused = 0;
  /** The longest wait of the requests that were admitted since the last look. */
  longestMs = 0;

  constructor(pace = { callMs: 100, perCallMs: 10 }) {
    this.#admission = new Admission(MAX_WAIT_MS, pace);
    this.#perCallMs = pace.perCallMs;
  }

  /** Returns whether it was admitted. */
  ask(): boolean {
    const isAdmitted = this.#admission.small(1, { waitingSmall: this.waiting, waitingChunks: this.waiting, largeRequests: 0 }, this.nowMs, 8_000) > 0;
    if (isAdmitted) {
      this.#admission.queued(1);
      this.waiting++;
      this.longestMs = Math.max(this.longestMs, this.waiting * this.#perCallMs);
    } else this.refused++;
    return isAdmitted;
  }

  /** The upstream takes one call, if any waits. */
  step(): void {
    this.nowMs += this.#perCallMs;
    if (this.waiting === 0) return;
    this.waiting--;
    this.#admission.sent();
  }

  /** Callers who come whether others are served or not, `share` of what the upstream takes. Returns what was refused, and how long the others waited. */
  open(share: number, forMs: number): { readonly refused: number; readonly longestMs: number } {
    Object.assign(this, { refused: 0, longestMs: 0 });
    let due = 0;
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; this.step()) for (due += share; due >= 1; due--) this.ask();
    return { refused: this.refused, longestMs: this.longestMs };
  }

  /** Callers who each ask again as soon as they were served, or after `pauseMs` if they were refused. */
  closed(callers: number, forMs: number, pauseMs = 0): number {
    this.refused = 0;
    let idle = callers - this.waiting;
    const pausing: number[] = [];
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; ) {
      while (pausing.length > 0 && pausing[0]! <= this.nowMs) idle += Number(pausing.shift()! > 0);
      for (let asks = 0; idle > 0 && asks < 200; asks++) {
        if (this.ask()) idle--;
        else if (pauseMs > 0) {
          idle--;
          pausing.push(this.nowMs + pauseMs);
        }
      }
      const before = this.waiting;
      this.step();
      idle += before - this.waiting;
    }
    return this.refused;
  }
}

describe('A small request', () => {
  test('is admitted as a whole if it leaves within the longest wait, and refused as a whole if not', () => {
    const { small } = admissionOf();
    expect([small(0, 0, 3), small(50, 0, 3), small(51, 0, 3)]).toEqual([3, 3, 0]);
  });

  test('waits for every ninth call longer while large requests wait', () => {
    const { admission, queue } = admissionOf();
    const behind = (waitingSmall: number): number => admission.small(1, { ...queue, waitingSmall, largeRequests: 1 }, 0, 8_000);
    expect([behind(44), behind(45)]).toEqual([1, 0]);
  });

  test('gets no more chunks than can be answered in its time, but one', () => {
    const { admission, queue } = admissionOf({ callMs: 100, perCallMs: 1_000 });
    expect([admission.small(8, queue, 0, 5_000), admission.small(8, queue, 0, 10)]).toEqual([6, 1]);
  });

  test('is admitted while no pace is known', () => {
    const { small } = admissionOf({ callMs: 0, perCallMs: 0 });
    expect(small(10_000, 0)).toBe(1);
  });
});

describe('If more small requests come than the upstream takes,', () => {
  test.each([1.25, 1.5, 3])('%d times as many, the queue is kept short, and what is refused is no more than must be', (share) => {
    const crowd = new Crowd();
    crowd.open(share, 2_000);
    const { refused, longestMs } = crowd.open(share, 60_000);
    // Three calls, or a third of a call's duration.
    expect(longestMs).toBeLessThanOrEqual(40);
    expect(refused / (share * 6_000)).toBeCloseTo(1 - 1 / share, 2);
  });

  test('and then fewer, they wait as long as before', () => {
    const crowd = new Crowd();
    crowd.open(2, 5_000);
    crowd.open(0.5, 2_000);
    for (let n = 0; n < 30; n++) expect(crowd.ask()).toBe(true);
  });

  test('and then none, they wait as long as before', () => {
    const crowd = new Crowd();
    crowd.open(2, 5_000);
    crowd.nowMs += 1_000;
    for (let n = 0; n < 30; n++) expect(crowd.ask()).toBe(true);
  });

  test('nobody ever waits for longer than the longest wait', () => {
    const crowd = new Crowd({ callMs: 5_000, perCallMs: 300 });
    expect(crowd.open(5, 60_000).longestMs).toBeLessThanOrEqual(600);
  });
});

describe('Whether the queue is kept short, after', () => {
  interface Interval {
    readonly lasts: number;
    readonly queued: number;
    readonly refused?: number;
    readonly sent: number;
    /** How many chunks wait at its end. */
    readonly waiting: number;
    readonly times?: number;
  }

  /** Whether a request is refused for which four calls are too long a wait, after these intervals. */
  function isShortAfter(intervals: readonly Interval[]): boolean {
    const { admission, small } = admissionOf();
    let nowMs = 0;
    small(0, nowMs);
    for (const { lasts, queued, refused = 0, sent, waiting, times = 1 } of intervals) {
      for (let n = 0; n < times; n++) {
        admission.queued(queued);
        if (refused > 0) small(1_000, nowMs, refused);
        for (let calls = 0; calls < sent; calls++) admission.sent();
        nowMs += lasts;
        small(waiting, nowMs, 0);
      }
    }
    return small(4, nowMs) === 0;
  }

  /** As short as may be, with as little more wanted than sent, and as short a wait. */
  const overload: Interval = { lasts: 125, queued: 24, sent: 20, waiting: 10 };
  const calm: Interval = { lasts: 125, queued: 20, sent: 20, waiting: 0 };
  const twice = { ...overload, times: 2 };

  test.each<[what: string, Interval[], isShort: boolean]>([
    ['no overload', [], false],
    ['one interval of overload', [overload], false],
    ['two of them', [twice], true],
    ['two with another one between them', [overload, calm, overload], false],
    ['two after a long calm', [{ ...calm, times: 10 }, twice], true],
    ['two in which the wait gets no longer', [{ ...twice, waiting: 9 }], false],
    ['more overload, though the wait is short by then', [twice, { ...overload, waiting: 0, times: 2 }, calm, calm], true],
    ['two and one other', [twice, calm], false],
    ['very many and four others', [{ ...overload, times: 20 }, { ...calm, times: 4 }], true],
    ['very many and five others', [{ ...overload, times: 20 }, { ...calm, times: 5 }], false],

    ['intervals that are too short, so that two are one', [{ ...twice, lasts: 124 }], false],
    ['intervals with too few calls, so that two are one', [{ ...twice, queued: 23, sent: 19 }], false],
    ['long intervals with few calls', [{ ...twice, lasts: 500, queued: 5, sent: 1 }], true],
    ['intervals that are too short for few calls, so that two are one', [{ ...twice, lasts: 499, queued: 5, sent: 1 }], false],
    ['intervals that are almost too long to tell', [{ ...twice, lasts: 1_000, queued: 5, sent: 1 }], true],
    ['intervals that are too long to tell', [{ ...twice, lasts: 1_001, queued: 5, sent: 1 }], false],

    ['intervals in which no more is wanted than a few calls take', [{ ...twice, queued: 23 }], false],
    ['intervals in which a tenth more is wanted', [{ ...twice, queued: 66, sent: 60 }], false],
    ['intervals in which more than a tenth more is wanted', [{ ...twice, queued: 67, sent: 60 }], true],
    ['intervals in which what is refused is too much', [{ ...twice, queued: 20, refused: 4 }], true],

    ['intervals in which five times as much is refused as sent', [twice, { ...overload, refused: 100 }], true],
    ['more, which comes from callers who ask again at once', [twice, { ...overload, refused: 101 }], false],
  ])('%s: %j', (_, intervals, isShort) => {
    expect(isShortAfter(intervals)).toBe(isShort);
  });

});

test.each([
  [{ callMs: 400, perCallMs: 10 }, 12],
  [{ callMs: 10, perCallMs: 10 }, 3],
  [{ callMs: 10_000, perCallMs: 10 }, 50],
])('Under overload requests wait for three tenths of a call or for three calls, and never for longer than otherwise: %j, %i calls', (pace, longest) => {
  const { admission, small } = admissionOf(pace);
  small(0, 0);
  for (const nowMs of [500, 1_000]) {
    admission.queued(20);
    small(50, nowMs, 0);
  }
  expect([small(longest, 1_000), small(longest + 1, 1_000)]).toEqual([1, 0]);
});

describe('Nobody is refused', () => {
  test('in a burst that is served within the longest wait', () => {
    const crowd = new Crowd();
    for (let burst = 0; burst < 20; burst++) {
      for (let n = 0; n < 45; n++) expect(crowd.ask()).toBe(true);
      for (let n = 0; n < 60; n++) crowd.step();
    }
  });

  test('as long as no more is wanted than the upstream takes', () => {
    expect(new Crowd().open(1, 60_000).refused).toBe(0);
  });

  test.each([2, 10, 50])('of %i callers who wait for their answers, as long as these come in time', (callers) => {
    expect(new Crowd().closed(callers, 60_000)).toBe(0);
  });
});

test.each([0, 20])('Callers who ask again %i ms after they were refused do not keep each other from being served for ever', (pauseMs) => {
  const crowd = new Crowd();
  crowd.open(3, 5_000);
  crowd.closed(20, 10_000, pauseMs);
  expect(crowd.closed(20, 10_000, pauseMs)).toBe(0);
});

describe('A large request', () => {
  test('gets as many chunks as fit into its time, a fifth more than the estimate, behind those that wait', () => {
    const { admission, queue } = admissionOf();
    const admits = (chunks: number, waitingChunks: number, leftMs: number): number => admission.large(chunks, { ...queue, waitingChunks }, leftMs);
    expect(admits(100, 0, 1_000)).toBe(100);
    expect(admits(1_000, 0, 1_000)).toBe(120);
    expect(admits(1_000, 70, 1_000)).toBe(50);
    expect(admits(1_000, 300, 1_000)).toBe(0);
    expect(admits(1_000, 0, 0)).toBe(0);
  });

  test('is refused when so many wait that it would get no turn within the longest wait', () => {
    const { admission, queue } = admissionOf();
    const admits = (largeRequests: number): number => admission.large(5, { ...queue, largeRequests }, 8_000);
    expect([admits(50), admits(51)]).toEqual([5, 0]);
  });

  test('is admitted while no pace is known', () => {
    const { admission, queue } = admissionOf({ callMs: 0, perCallMs: 0 });
    for (const leftMs of [1, 0]) expect(admission.large(1_000, { ...queue, largeRequests: 99, waitingChunks: 5_000 }, leftMs)).toBe(1_000);
  });
});
