import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Breaker, type Passed, type Verdict } from '../../../src/upstream/policies/breaker.js';

const ATTEMPT_MS = 3_000;
const OPEN_MS = 5_000;

/** A breaker over a clock that the test moves. */
class Tried {
  nowMs = 0;
  readonly breaker: Breaker;
  #ids = 0;

  constructor(isOff?: boolean) {
    this.breaker = new Breaker({ now: () => this.nowMs, attemptTimeoutMs: ATTEMPT_MS, isOff });
  }

  newId(): string {
    return String(++this.#ids);
  }

  /** Begins an attempt; undefined if the breaker refuses it. */
  begin(ids: readonly string[] = [this.newId()]): Passed | undefined {
    return this.breaker.refusesForMs(ids) > 0 ? undefined : this.breaker.begin(ids);
  }

  end(attempt: Passed | undefined, verdict: Verdict): void {
    if (attempt) this.breaker.end(attempt, verdict);
  }

  /** One attempt, from begin to end. Returns whether it passed. */
  attempt(verdict: Verdict, ids?: readonly string[], tookMs = 20): boolean {
    const passed = this.begin(ids);
    this.nowMs += tookMs;
    this.end(passed, verdict);
    return passed !== undefined;
  }

  /** That many attempts that begin at once and end together. */
  together(count: number, verdict: Verdict, tookMs: number, ids = (_n: number): string[] => [this.newId()]): void {
    const attempts = Array.from({ length: count }, (_, n) => this.begin(ids(n)));
    this.nowMs += tookMs;
    for (const one of attempts) this.end(one, verdict);
  }

  get isOpen(): boolean {
    return this.breaker.isOpen;
  }
}

/** Over an upstream that has answered many calls. */
function healthy(): Tried {
  const tried = new Tried();
  for (let n = 0; n < 200; n++) tried.attempt('answered');
  return tried;
}

function opened(): Tried {
  const tried = healthy();
  for (let n = 0; n < 60; n++) tried.attempt('failed');
  expect(tried.isOpen).toBe(true);
  return tried;
}

describe('The breaker opens', () => {
  test('after 60 failures without an answer, as of an upstream that refuses every connection', () => {
    const tried = healthy();
    tried.together(59, 'failed', 1);
    expect([tried.isOpen, tried.breaker.refusesForMs(['new'])]).toEqual([false, 0]);
    tried.attempt('failed', undefined, 1);
    expect(tried.isOpen).toBe(true);
  });

  test('within the time of one attempt of an upstream that hangs, after three attempts', () => {
    const tried = healthy();
    tried.together(2, 'failed', ATTEMPT_MS);
    expect(tried.isOpen).toBe(false);
    const hanging = healthy();
    hanging.together(3, 'failed', ATTEMPT_MS);
    expect(hanging.isOpen).toBe(true);
  });

  test.each([
    ['has answered before', healthy],
    ['never answered', () => new Tried()],
  ])('when callers leave before the attempts time out, after as long as one attempt may take: of an upstream that %s', (_which, begin) => {
    const tried = begin();
    const beganMs = ++tried.nowMs;
    while (!tried.isOpen && tried.nowMs - beganMs < 60_000) tried.together(1, 'abandoned', 1_000);
    expect(tried.nowMs - beganMs).toBe(ATTEMPT_MS);
  });

  test('when most attempts of new ids failed, although some are answered', () => {
    const tried = healthy();
    for (let n = 0; n < 200 && !tried.isOpen; n++) tried.attempt(n % 4 === 3 ? 'answered' : 'failed');
    expect(tried.isOpen).toBe(true);
  });

  test('when nothing is answered, although always the same ids are asked for', () => {
    const fast = healthy();
    for (let n = 0; n < 60; n++) fast.attempt('failed', [`bad${n % 2}`]);
    expect(fast.isOpen).toBe(true);
    const slow = healthy();
    slow.together(3, 'failed', ATTEMPT_MS, () => ['bad']);
    expect(slow.isOpen).toBe(true);
  });
});

describe('The breaker stays closed', () => {
  test.each<[string, Verdict, number]>([
    ['was abandoned at once', 'abandoned', ATTEMPT_MS * 0.1 - 1],
    ['says nothing', 'nothing', ATTEMPT_MS],
  ])('whatever number of attempts %s', (_what, verdict, tookMs) => {
    const tried = healthy();
    for (let n = 0; n < 100; n++) tried.together(5, verdict, tookMs);
    expect(tried.isOpen).toBe(false);
  });

  test('while other attempts are answered, whatever number is abandoned', () => {
    const tried = healthy();
    for (let n = 0; n < 100; n++) {
      const abandoned = Array.from({ length: 20 }, () => tried.begin());
      tried.attempt('answered', undefined, 1_000);
      for (const one of abandoned) tried.end(one, 'abandoned');
    }
    expect(tried.isOpen).toBe(false);
  });

  test('however many failed before most were answered', () => {
    const tried = healthy();
    for (let n = 0; n < 50; n++) tried.attempt('failed');
    for (let n = 0; n < 300; n++) tried.attempt('answered');
    tried.attempt('failed');
    expect(tried.isOpen).toBe(false);
  });

  test('while every other call fails, each with another id', () => {
    const tried = healthy();
    for (let n = 0; n < 500; n++) tried.attempt(n % 2 === 0 ? 'failed' : 'answered');
    expect(tried.isOpen).toBe(false);
  });

  test('whatever the order, while one attempt in five is answered and few ids fail', () => {
    const bad = fc.record({ id: fc.integer({ min: 1, max: 5 }), tookMs: fc.nat(ATTEMPT_MS / 5) });
    // At most four failures, then an answer.
    const round = fc.record({ failures: fc.array(bad, { maxLength: 4 }), tookMs: fc.nat(ATTEMPT_MS), atOnce: fc.boolean(), quietMs: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(round, { minLength: 20, maxLength: 60 }), (rounds) => {
        const tried = new Tried();
        for (const { failures, tookMs, atOnce, quietMs } of rounds) {
          const under = atOnce ? failures.map(({ id }) => tried.begin([`bad${id}`])) : [];
          if (!atOnce) for (const { id, tookMs: failureMs } of failures) tried.attempt('failed', [`bad${id}`], failureMs);
          for (const one of under) tried.end(one, 'failed');
          if (tried.isOpen || !tried.attempt('answered', undefined, tookMs)) throw new Error('It is open.');
          tried.nowMs += quietMs;
        }
      }),
      { numRuns: 200 },
    );
  });

  test('for all other ids, however long a few bad ones hang, and however seldom anything else is asked for', () => {
    const step = fc.record({ bad: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 25 }), tookMs: fc.nat(ATTEMPT_MS), quietMs: fc.nat(20_000), others: fc.integer({ min: 1, max: 40 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const tried = new Tried();
        for (const { bad, tookMs, quietMs, others } of steps) {
          for (const id of bad) tried.attempt('failed', [`bad${id}`], tookMs);
          tried.nowMs += quietMs;
          const attempts = Array.from({ length: others }, () => tried.begin());
          if (attempts.includes(undefined)) throw new Error('It refused another id.');
          for (const one of attempts) tried.end(one, 'answered');
        }
      }),
      { numRuns: 200 },
    );
  });

  test('where it is switched off', () => {
    const tried = new Tried(true);
    tried.together(100, 'failed', ATTEMPT_MS);
    expect(tried.isOpen).toBe(false);
    expect(tried.breaker.openness).toBe(0);
  });
});

describe('An open breaker', () => {
  test('refuses every call for five seconds, and says for how long', () => {
    const tried = opened();
    const { breaker } = tried;
    expect(breaker.refusesForMs(['new'])).toBe(OPEN_MS);
    tried.nowMs += OPEN_MS - 1;
    expect(breaker.refusesForMs(['new'])).toBe(1);
    tried.nowMs += 1;
    expect(breaker.refusesForMs(['new'])).toBe(0);
  });

  test('lets one call try, and no other beside it', () => {
    const tried = opened();
    expect(tried.breaker.openness).toBe(1);
    tried.nowMs += OPEN_MS;
    const trial = tried.begin();
    expect(tried.breaker.openness).toBe(0.5);
    tried.nowMs += 10;
    expect(tried.breaker.refusesForMs([tried.newId()])).toBeGreaterThan(0);
    tried.end(trial, 'answered');
    expect([tried.isOpen, tried.breaker.openness]).toEqual([false, 0]);
    tried.together(10, 'answered', 1);
    expect(tried.isOpen).toBe(false);
  });

  test.each<[string, Verdict, number]>([
    ['failed', 'failed', 20],
    ['was abandoned after a while', 'abandoned', ATTEMPT_MS * 0.1],
  ])('waits for another five seconds after a try that %s', (_what, verdict, tookMs) => {
    const tried = opened();
    tried.nowMs += OPEN_MS;
    expect(tried.attempt(verdict, undefined, tookMs)).toBe(true);
    expect(tried.breaker.refusesForMs([tried.newId()])).toBe(OPEN_MS);
  });

  test.each<[string, Verdict, number]>([
    ['was abandoned at once', 'abandoned', ATTEMPT_MS * 0.1 - 1],
  ])('lets the next call try after one that %s', (_what, verdict, tookMs) => {
    const tried = opened();
    tried.nowMs += OPEN_MS;
    expect(tried.attempt(verdict, undefined, tookMs)).toBe(true);
    expect(tried.isOpen).toBe(true);
    expect(tried.breaker.refusesForMs([tried.newId()])).toBe(0);
  });

  test('waits for another five seconds after a try that says nothing, such as a pause', () => {
    const tried = opened();
    tried.nowMs += 5_000;
    tried.attempt('nothing');
    expect(tried.breaker.refusesForMs([tried.newId()])).toBe(5_000);
  });

  test('lets a part of the ids try next, after a try of which one id may be the reason', () => {
    const tried = opened();
    tried.nowMs += 5_000;
    for (let n = 0; n < 2; n++) expect(tried.attempt('unclear', ['1', '2', '3', '4'])).toBe(true);
    expect(tried.isOpen).toBe(true);
    expect(tried.attempt('answered', ['1', '2'])).toBe(true);
    expect(tried.isOpen).toBe(false);
  });

  test('lets the other parts try on where the first id is the bad one', () => {
    const tried = opened();
    tried.nowMs += 5_000;
    for (const ids of [['bad', '2', '3', '4'], ['bad', '2', '3', '4'], ['bad', '2']]) expect(tried.attempt('unclear', ids)).toBe(true);
    expect(tried.attempt('failed', ['bad'])).toBe(true);
    expect(tried.attempt('failed', ['bad'])).toBe(false);
    // Halving goes on with all that is left.
    expect(tried.attempt('answered', ['2', '3', '4'])).toBe(true);
    expect(tried.isOpen).toBe(false);
  });

  test('does not repeat a search because other ids failed', () => {
    const tried = opened();
    tried.nowMs += 5_000;
    for (let n = 0; n < 2; n++) expect(tried.attempt('unclear', ['1', '2', '3', '4'])).toBe(true);
    tried.nowMs += 5_000;
    expect(tried.attempt('failed', ['9'])).toBe(true);
    expect(tried.attempt('unclear', ['1', '2', '3', '4'])).toBe(false);
  });

  test('waits for another five seconds after a try of which one id may be the reason, but for its parts', () => {
    const tried = opened();
    const all = ['1', '2', '3', '4'];
    for (let round = 0; round < 3; round++) {
      tried.nowMs += 6_000;
      for (let n = 0; n < 2; n++) expect(tried.attempt('unclear', all)).toBe(true);
      expect([all, ['1', 'other'], ['other'], ['3', '4']].map((ids) => tried.breaker.refusesForMs(ids))).toEqual([6_000, 6_000, 5_000, 0]);
      for (const ids of [['1', '2'], ['3', '4']]) expect(tried.attempt('unclear', ids)).toBe(true);
      expect(tried.attempt('unclear', all)).toBe(false);
      const trial = tried.begin(['1']);
      expect(tried.breaker.refusesForMs(['2'])).toBeGreaterThan(0);
      tried.end(trial, 'unclear');
    }
  });

  test('lets other ids try first, after a try that failed', () => {
    const tried = opened();
    tried.nowMs += 5_000;
    tried.attempt('failed', ['bad']);
    tried.nowMs += 5_000;
    expect([['bad'], ['other', 'bad'], ['other']].map((ids) => tried.breaker.refusesForMs(ids))).toEqual([1_000, 1_000, 0]);
  });

  test('lets all ids try at once that have not failed, while only few have failed', () => {
    const tried = healthy();
    for (let n = 0; n < 60; n++) tried.attempt('failed', ['bad']);
    expect(tried.isOpen).toBe(true);
    expect(tried.begin(['bad'])).toBeUndefined();
    const trials = [tried.begin(['good']), tried.begin(['other'])];
    expect(trials).not.toContain(undefined);
    tried.nowMs += OPEN_MS;
    tried.end(trials[0], 'nothing');
    expect(tried.begin(['bad'])).toBeUndefined();
    tried.end(trials[1], 'answered');
    expect(tried.isOpen).toBe(false);
    expect(tried.begin(['bad'])).toBeDefined();
  });

  test.each([
    [7, 3],
    [8, 1],
    [14, 1],
    [15, 0],
  ])('that %i ids have opened lets so many of three others try at once: %i', (bad, others) => {
    const tried = healthy();
    for (let n = 0; n < 60; n++) tried.attempt('failed', [`bad${n % bad}`]);
    expect(tried.isOpen).toBe(true);
    const trials = Array.from({ length: 3 }, () => tried.begin());
    expect(trials.filter((one) => one !== undefined)).toHaveLength(others);
  });

  test.each([
    [4_999, true],
    [5_000, false],
  ])('remembers no more than 5,000 ids that failed (%i and another one: %s)', (count, isRemembered) => {
    const tried = healthy();
    const many = Array.from({ length: count }, (_, n) => `many${n}`);
    tried.attempt('failed', many, 0);
    tried.attempt('failed', ['another'], 0);
    tried.together(1, 'failed', ATTEMPT_MS, () => ['another']);
    expect(tried.isOpen).toBe(true);
    expect(tried.breaker.refusesForMs(many.slice(0, 1)) > 0).toBe(isRemembered);
  });

  test('lets no id try before its time once many have failed, also those that were under way when it opened', () => {
    const tried = healthy();
    tried.together(32, 'failed', ATTEMPT_MS);
    expect(tried.breaker.refusesForMs([tried.newId()])).toBe(OPEN_MS);
    const outage = healthy();
    outage.together(3, 'failed', ATTEMPT_MS, () => ['bad']);
    outage.together(32, 'failed', ATTEMPT_MS);
    expect(outage.begin()).toBeUndefined();
  });

  test('that closed meanwhile stays closed when another try fails late', () => {
    const tried = healthy();
    for (let n = 0; n < 60; n++) tried.attempt('failed', ['bad']);
    const late = tried.begin();
    tried.attempt('answered');
    tried.end(late, 'failed');
    expect(tried.isOpen).toBe(false);
  });

  test('refuses a call with an id that failed, whatever others it has', () => {
    const tried = healthy();
    for (let n = 0; n < 60; n++) tried.attempt('failed', ['bad']);
    expect(tried.begin(['bad', 'good'])).toBeUndefined();
    expect(tried.begin(['good'])).toBeDefined();
  });

  test.each<[string, (tried: Tried) => void]>([
    ['was answered since', (tried) => tried.attempt('answered', ['bad'])],
    ['failed before it was open the last time', (tried) => {
      for (let n = 0; n < 60; n++) tried.attempt('failed', ['bad']);
      tried.attempt('answered', ['good']);
    }],
  ])('knows nothing against an id that %s', (_what, happens) => {
    const tried = healthy();
    tried.attempt('failed', ['bad']);
    happens(tried);
    for (let n = 0; n < 60; n++) tried.attempt('failed', ['worse']);
    expect([tried.begin(['worse']), tried.begin(['bad'])]).toEqual([undefined, expect.anything()]);
  });

  test('knows nothing against an id that was asked for together with one that had failed before', () => {
    const tried = healthy();
    tried.attempt('failed', ['bad']);
    for (let n = 0; n < 60; n++) tried.attempt('failed', ['bad', tried.newId()]);
    expect(tried.isOpen).toBe(true);
    expect(tried.begin()).toBeDefined();
  });

  test('does not make the ids wait for longer that tried when it was open before', () => {
    const tried = opened();
    tried.nowMs += OPEN_MS;
    expect(tried.attempt('answered', ['tried'])).toBe(true);
    for (let n = 0; n < 200 && !tried.isOpen; n++) tried.attempt('failed');
    expect(tried.breaker.refusesForMs(['tried'])).toBe(OPEN_MS);
  });

  test('stays open when a call is answered that began before', () => {
    const tried = healthy();
    const old = tried.begin();
    for (let n = 0; n < 60; n++) tried.attempt('failed');
    tried.end(old, 'answered');
    expect(tried.isOpen).toBe(true);
  });

  test('does not count what began before it opened', () => {
    const tried = healthy();
    const old = Array.from({ length: 60 }, () => tried.begin());
    for (let n = 0; n < 60; n++) tried.attempt('failed');
    tried.nowMs += OPEN_MS;
    expect(tried.attempt('answered')).toBe(true);
    for (const one of old) tried.end(one, 'failed');
    expect(tried.isOpen).toBe(false);
  });

  test('is not open for longer because of what began before', () => {
    const tried = healthy();
    const old = Array.from({ length: 50 }, () => tried.begin());
    for (let n = 0; n < 60; n++) tried.attempt('failed');
    tried.nowMs += OPEN_MS - 1;
    for (const one of old) tried.end(one, 'failed');
    expect(tried.breaker.refusesForMs([tried.newId()])).toBe(1);
  });

  test('never stays open: whatever happened, an upstream that is back is asked within five seconds, and served from then on', () => {
    const verdict = fc.constantFrom<Verdict>('answered', 'failed', 'abandoned', 'nothing');
    const step = fc.record({ times: fc.nat(40), verdict, tookMs: fc.nat(4_000), quietMs: fc.nat(7_000), ids: fc.integer({ min: 0, max: 3 }), isKept: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
        const tried = new Tried();
        const kept: (Passed | undefined)[] = [];
        for (const { times, verdict, tookMs, quietMs, ids, isKept } of steps) {
          if (isKept && tried.breaker.openness === 0) kept.push(tried.begin());
          tried.together(times, verdict, tookMs, ids === 0 ? undefined : (n) => [`bad${n % ids}`]);
          tried.nowMs += quietMs;
        }
        tried.nowMs += OPEN_MS;
        // Attempts of the time before fail late.
        for (const one of kept) tried.end(one, 'failed');
        if (tried.isOpen) tried.nowMs += OPEN_MS;
        for (let n = 0; n < 5; n++) expect(tried.attempt('answered')).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
