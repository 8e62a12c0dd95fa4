import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ContactsError, type Outcome } from '../../src/errors.js';
import { LONG_RUN } from '../support/longRun.js';
import { endedBy, FOREVER, gathererOverDouble, settle } from '../support/upstreamDouble.js';

const MAX_CALLS = 2;
const MAX_IDS = 3;
const HIGHEST_ID = 9;

type Step =
  | { readonly does: 'ask'; readonly ids: readonly string[]; readonly full: boolean; readonly inOneTurnWithNext: boolean }
  | { readonly does: 'leave'; readonly which: number }
  | { readonly does: 'answer'; readonly which: number; readonly fails: boolean };

const id = fc.integer({ min: 1, max: HIGHEST_ID }).map(String);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('ask' as const), ids: fc.array(id, { minLength: 1, maxLength: 7 }), full: fc.boolean(), inOneTurnWithNext: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('leave' as const), which: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('answer' as const), which: fc.nat(20), fails: fc.boolean() }) },
);

interface Waiter {
  readonly ids: ReadonlySet<string>;
  readonly full: boolean;
  readonly begunAt: number;
  readonly leave: AbortController;
  outcomes: ReadonlyMap<string, Outcome<string>> | undefined;
}

interface Ended {
  readonly at: number;
  readonly error: ContactsError | undefined;
}

/** A gatherer, everybody who waits for it, and its calls, with a look at all its promises after each step. */
class Stage {
  readonly #double = gathererOverDouble({ maxIds: MAX_IDS, maxCalls: MAX_CALLS });
  readonly #waiters: Waiter[] = [];
  readonly #ended = new Map<number, Ended>();
  #now = 0;

  ask(ids: readonly string[], full: boolean): void {
    const leave = new AbortController();
    const waiter: Waiter = { ids: new Set(ids), full, begunAt: this.#now, leave, outcomes: undefined };
    void this.#double.gatherer.request(waiter.ids, full, endedBy(leave.signal)).then((outcomes) => (waiter.outcomes = outcomes));
    this.#waiters.push(waiter);
  }

  /** With nobody beside it. */
  async askAlone(ids: readonly string[], full: boolean): Promise<void> {
    const { gatherer, calls } = this.#double;
    const isIdle = gatherer.load.callsUnderWay === 0 && gatherer.load.waitingIds === 0;
    const before = calls.length;
    this.ask(ids, full);
    // One turn of the loop.
    await settle();
    must(!isIdle || calls.length - before === Math.min(MAX_CALLS, Math.ceil(new Set(ids).size / MAX_IDS)), 'An idle gatherer sends at once');
  }

  async leave(which: number): Promise<void> {
    const waiter = pick(this.#waiting, which);
    if (!waiter) return;
    // What was answered while it waited must not be lost, whatever is still under way; while ids wait, some may be its own.
    const isAllSent = this.#double.gatherer.load.waitingIds === 0;
    const answered = [...waiter.ids].filter((wanted) => isAllSent && this.#callsFor(waiter, wanted).every((n) => this.#ended.has(n) && !this.#ended.get(n)?.error));
    waiter.leave.abort();
    await settle();
    must(answered.every((wanted) => waiter.outcomes?.has(wanted)), 'What was answered is not lost');
  }

  answer(which: number, fails: boolean): boolean {
    const n = pick(this.#open, which);
    if (n === undefined) return false;
    const error = fails ? new ContactsError('UPSTREAM_UNAVAILABLE', 'CAS360') : undefined;
    this.#ended.set(n, { at: this.#now, error });
    this.#double.calls[n]!.answer(error);
    return true;
  }

  async look(): Promise<void> {
    await settle();
    this.#now++;
    const { gatherer, calls } = this.#double;
    const open = this.#open.map((n) => calls[n]!);
    must(gatherer.load.callsUnderWay === open.length, 'It counts its calls');
    must(open.length <= MAX_CALLS, 'It makes no more calls than it may');
    must(open.length === MAX_CALLS || gatherer.load.waitingIds === 0, 'No id waits while a call may be made');
    for (const full of [true, false]) {
      const onWire = open.filter((call) => call.relationships === full).flatMap(({ ids }) => ids);
      must(new Set(onWire).size === onWire.length, 'No id is twice on the wire');
    }
    for (const call of open) {
      must(call.ids.length <= MAX_IDS, 'No call names more ids than it may');
      must(this.#waiting.some((waiter) => (call.relationships || !waiter.full) && call.ids.some((one) => waiter.ids.has(one))), 'Somebody waits for each call');
    }
    // Each has what it waits for on the wire, or in the queue.
    const isOnWire = ({ ids, full }: Waiter): boolean => open.some((call) => (call.relationships || !full) && call.ids.some((one) => ids.has(one)));
    must(gatherer.load.waitingIds > 0 || this.#waiting.every(isOnWire), 'Each waits for something');
  }

  /** Everything comes to its end, and nothing is left of it. */
  async end(): Promise<void> {
    while (this.answer(0, false)) await this.look();
    for (const waiter of this.#waiters) {
      must(waiter.outcomes !== undefined, 'Each has an end');
      for (const wanted of waiter.ids) this.#expectOutcome(waiter, wanted, waiter.outcomes?.get(wanted));
    }
    const { gatherer, calls } = this.#double;
    expect(gatherer.load).toEqual({ waitingIds: 0, callsUnderWay: 0 });

    // Nothing is joined any more: all ids go out again, with both needs.
    const before = calls.length;
    const all = Array.from({ length: HIGHEST_ID }, (_, n) => String(n + 1));
    const answers = [false, true].map((full) => gatherer.request(new Set(all), full, FOREVER));
    await settle();
    for (let n = before; n < calls.length; n++) {
      calls[n]!.answer();
      await settle();
    }
    await Promise.all(answers);
    expect(calls.slice(before).flatMap(({ ids }) => ids)).toHaveLength(2 * HIGHEST_ID);
    expect(gatherer.load).toEqual({ waitingIds: 0, callsUnderWay: 0 });
  }

  #expectOutcome(waiter: Waiter, wanted: string, outcome: Outcome<string> | undefined): void {
    if (outcome instanceof ContactsError) {
      const [[n, ended] = [-1, undefined]] = [...this.#ended].filter(([, { error }]) => error === outcome);
      must(this.#double.calls[n]?.ids.includes(wanted), 'An error is one of a call for the id');
      must(ended !== undefined && ended.at >= waiter.begunAt, 'An error is none of the past');
    } else if (outcome === undefined) {
      must(waiter.leave.signal.aborted, 'Who stays has an outcome');
    } else {
      must(outcome === `${wanted}!!` || (outcome === `${wanted}!` && !waiter.full), 'A record is the one that was wanted');
    }
  }

  get #waiting(): Waiter[] {
    return this.#waiters.filter(({ outcomes }) => outcomes === undefined);
  }

  /** The calls that are neither answered nor cut off, by their place. */
  get #open(): number[] {
    return [...this.#double.calls.keys()].filter((n) => !this.#ended.has(n) && !this.#double.calls[n]!.signal.aborted);
  }

  /** The calls that could tell a waiter of this id while it waited. */
  #callsFor({ full, begunAt }: Waiter, wanted: string): number[] {
    const { calls } = this.#double;
    return [...calls.keys()].filter((n) => calls[n]!.ids.includes(wanted) && (calls[n]!.relationships || !full) && (this.#ended.get(n)?.at ?? Infinity) >= begunAt && (this.#ended.has(n) || !calls[n]!.signal.aborted));
  }
}

/** An assertion of jest's for each look would take most of the time. */
function must(isSo: boolean | undefined, what: string): void {
  if (!isSo) throw new Error(`Not so: ${what}`);
}

function pick<T>(from: readonly T[], which: number): T | undefined {
  return from[which % Math.max(from.length, 1)];
}

describe('A gatherer, whoever comes and leaves and whatever fails, in any order', () => {
  test('keeps its promises to each waiter, and nothing else', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
        const stage = new Stage();
        for (const one of steps) {
          if (one.does === 'ask' && one.inOneTurnWithNext) {
            stage.ask(one.ids, one.full);
            continue;
          }
          if (one.does === 'ask') await stage.askAlone(one.ids, one.full);
          else if (one.does === 'leave') await stage.leave(one.which);
          else stage.answer(one.which, one.fails);
          await stage.look();
        }
        await stage.look();
        await stage.end();
      }),
      { numRuns: LONG_RUN ? 20_000 : 500 },
    );
    expect(timers()).toBeLessThanOrEqual(before);
  }, 600_000);

  test('sends what gathered while the wire was busy in the least number of calls', async () => {
    const request = fc.record({ ids: fc.array(fc.integer({ min: 100, max: 160 }).map(String), { maxLength: 30 }), full: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 20 }), async (requests, maxIds) => {
        const { gatherer, calls } = gathererOverDouble({ maxIds, maxCalls: MAX_CALLS });
        const holding: Promise<unknown>[] = [];
        for (let n = 0; n < MAX_CALLS; n++) {
          holding.push(gatherer.request(new Set([String(n + 1)]), false, FOREVER));
          await settle();
        }
        const waiting = requests.map(({ ids, full }) => gatherer.request(new Set(ids), full, FOREVER));
        expect(calls).toHaveLength(MAX_CALLS);

        const full = new Set<string>();
        const plain = new Set<string>();
        for (const one of requests) {
          for (const wanted of one.ids) {
            if (one.full) full.add(wanted);
            else if (!full.has(wanted)) plain.add(wanted);
          }
        }
        for (let n = 0; n < calls.length; n++) {
          calls[n]!.answer();
          await settle();
        }
        await Promise.all([...holding, ...waiting]);
        expect(calls.length - MAX_CALLS).toBe(Math.ceil(full.size / maxIds) + Math.ceil(plain.size / maxIds));
      }),
      { numRuns: LONG_RUN ? 5_000 : 300 },
    );
  });
});
