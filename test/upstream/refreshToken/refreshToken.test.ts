import { beforeEach, describe, expect, test } from '@jest/globals';
import { NoAnswer } from '../../../src/upstream/oauth2/noAnswer.js';
import { RefreshToken, type RefreshTokenOptions } from '../../../src/upstream/oauth2/refreshToken/refreshToken.js';
import type { Kept } from '../../../src/upstream/oauth2/refreshToken/state.js';
import { StoreFailure, type Change, type StateStore } from '../../../src/upstream/oauth2/refreshToken/store.js';
import type { TokenOutcome } from '../../../src/upstream/oauth2/tokenEndpoint.js';
import { VirtualTime } from '../../support/virtualTime.js';

const START_MS = 1_800_000_000_000;
const cause = new NoAnswer(new Error('cut'));

let time: VirtualTime;
let store: SharedStore;
/** The tokens that the endpoint was sent, and what it answers, one request after the other. */
let sent: string[];
let answers: (TokenOutcome | Promise<TokenOutcome>)[];
let problems: unknown[];
let states: unknown[];
let processes: number;

/** A store of all processes, with faults to switch on. */
class SharedStore implements StateStore {
  kept: Kept | undefined;
  /** Unheard: it writes, and says nothing of it. */
  fault: 'none' | 'away' | 'read-only' | 'missing' | 'unheard' = 'none';
  /** If set, an update that has read waits for it. */
  held: Promise<void> | undefined;
  gone = new Set<string>();

  async update(change: Change): Promise<Kept | undefined> {
    await this.held;
    if (this.fault === 'away') throw new StoreFailure('away');
    const nowMs = START_MS + time.nowMs;
    // As a file's folder: nobody can write, and nobody can read.
    if (this.fault === 'missing') throw (change(undefined, nowMs), new StoreFailure('missing', { kept: undefined, nowMs }));
    const next = change(this.kept, nowMs);
    if (next !== this.kept && this.fault === 'read-only') throw new StoreFailure('read-only', { kept: this.kept, nowMs });
    const isWritten = next !== this.kept;
    this.kept = next;
    if (isWritten && this.fault === 'unheard') throw new StoreFailure('slow');
    await this.held;
    return next;
  }

  isGone(holder: string): boolean {
    return this.gone.has(holder);
  }
}

beforeEach(() => {
  time = new VirtualTime();
  store = new SharedStore();
  [sent, answers, problems, states, processes] = [[], [], [], [], 0];
});

function start(options: Partial<RefreshTokenOptions> = {}): RefreshToken {
  return new RefreshToken({
    store,
    name: `host ${++processes} uuid`,
    initial: 'first',
    client: 'client',
    exchange: (refreshToken) => {
      sent.push(refreshToken);
      return Promise.resolve(answers.shift() ?? { kind: 'unsent', cause });
    },
    exchangeMs: 60_000,
    now: () => time.nowMs,
    sleep: (forMs) => time.sleep(forMs),
    othersMayKnow: false,
    onStore: (problem) => problems.push(problem),
    onState: (state) => states.push(state),
    ...options,
  });
}

/** Lets time pass until the promise has settled. */
async function settled<T>(promise: Promise<T>, withinMs = 120_000): Promise<T> {
  const ended = promise.then(() => true, () => true);
  for (let n = 0; n < withinMs / 100 && !(await Promise.race([ended, time.run(time.nowMs + 100)])); n++);
  return promise;
}

const granted = (accessToken: string, refreshToken?: string, lifetimeSeconds = 100): TokenOutcome => ({ kind: 'granted', grant: { accessToken, lifetimeSeconds }, refreshToken });
const refused = (reason: string, status = 400, retryAfterMs?: number): TokenOutcome => ({ kind: 'refused', status, reason, retryAfterMs });

/** A process that has sent the first token, and what answers it. */
async function renewalUnderWay(): Promise<{ a: RefreshToken; renewing: Promise<unknown>; answer: (outcome: TokenOutcome) => void }> {
  const { promise, resolve: answer } = Promise.withResolvers<TokenOutcome>();
  answers = [promise];
  const a = start();
  const renewing = a.renew();
  await time.run(10);
  return { a, renewing, answer };
}

/** From now on the store hangs, and fails after five seconds. Returns how often it was asked since. */
function hang(): () => number {
  let asked = 0;
  store.update = async () => {
    asked++;
    await time.sleep(5_000);
    throw new StoreFailure('slow');
  };
  return () => asked;
}

describe('The refresh token', () => {
  test('is sent by one process, and the others adopt what came of it, with what is left of its life', async () => {
    answers = [granted('one', 'second')];
    const [a, b] = [start(), start()];
    expect(await settled(a.renew())).toEqual({ accessToken: 'one', lifetimeSeconds: 100 });
    await time.run(40_000);
    expect(await settled(b.renew())).toEqual({ accessToken: 'one', lifetimeSeconds: 60, isAdopted: true });
    expect(sent).toEqual(['first']);
  });

  test('is sent by one at a time: the other waits and adopts', async () => {
    let answer!: (outcome: TokenOutcome) => void;
    answers = [new Promise((resolve) => (answer = resolve))];
    const [a, b] = [start(), start()];
    const renewals = Promise.all([a.renew(), b.renew()]);
    await time.run(5_000);
    expect([a.isExchanging, b.isExchanging]).toEqual([true, false]);
    answer(granted('one', 'second'));
    expect((await settled(renewals)).map(({ accessToken }) => accessToken)).toEqual(['one', 'one']);
    expect(sent).toEqual(['first']);
  });

  test('is exchanged again when the access token that came with it is over, or is the one that was refused', async () => {
    answers = [granted('one', 'second', 10), granted('two', 'third'), granted('three', 'fourth')];
    const [a, b] = [start(), start()];
    await settled(a.renew());
    await time.run(10_000);
    expect((await settled(b.renew())).accessToken).toBe('two');
    expect((await settled(b.renew())).accessToken).toBe('three');
    expect(sent).toEqual(['first', 'second', 'third']);
  });

  test('stays the same where the endpoint sends no other', async () => {
    answers = [granted('one'), granted('two', 'second'), granted('three')];
    const a = start();
    for (const accessToken of ['one', 'two', 'three']) expect(await settled(a.renew())).toMatchObject({ accessToken });
    expect(sent).toEqual(['first', 'first', 'second']);
  });

  test('is marked in the store before it is sent, and what came of it is there before anybody can use it', async () => {
    const meanwhile: unknown[] = [];
    const a = start({
      exchange: async () => {
        meanwhile.push(store.kept?.turn?.id);
        await time.sleep(5_000);
        return granted('one', 'second');
      },
    });
    await time.run(10_000);
    await settled(a.renew());
    expect(meanwhile).toEqual(['host 1 uuid 1']);
    // Its life may have begun as soon as it was asked for.
    expect(store.kept).toMatchObject({ refreshToken: 'second', turn: undefined, grant: { accessToken: 'one', expiresAtMs: START_MS + 110_000 } });
  });

  test('that comes without a usable access token is kept, and used next', async () => {
    answers = [{ kind: 'granted', grant: undefined, refreshToken: 'second' }, granted('two', 'third')];
    const a = start();
    await expect(settled(a.renew())).rejects.toMatchObject({ name: 'TokenUnavailable', message: expect.stringContaining('without a usable access_token'), facts: { isTransient: true } });
    expect((await settled(a.renew())).accessToken).toBe('two');
    expect(sent).toEqual(['first', 'second']);
  });

  const VOID = ['invalid_grant', 'invalid_token', 'invalid grant', 'invalid token'];
  test.each(VOID.flatMap((reason) => [400, 401, 403].map((status) => [status, reason] as const)))('that the endpoint calls void (%i %s) is kept, marked, and not sent again by anybody', async (status, reason) => {
    answers = [refused(reason, status)];
    const a = start();
    await expect(settled(a.renew())).rejects.toMatchObject({ facts: { isTransient: false } });
    expect(store.kept).toMatchObject({ refreshToken: 'first', mark: 'refused', refusedWith: 'client', turn: undefined });
    for (const process of [a, start()]) await expect(settled(process.renew())).rejects.toThrow('npm run connect');
    expect([sent, a.state, states]).toEqual([['first'], 'refused', ['usable', 'refused', 'refused']]);
  });

  test('that was refused for one client is sent for another, once', async () => {
    answers = [refused('invalid_grant'), refused('invalid_grant'), granted('one', 'second')];
    for (const client of ['wrong', 'wrong', 'right', 'wrong', 'right']) await settled(start({ client }).renew()).catch(() => {});
    expect(sent).toEqual(['first', 'first']);
    expect(await settled(start({ client: 'third' }).renew())).toMatchObject({ accessToken: 'one' });
    expect(store.kept).toMatchObject({ refreshToken: 'second', mark: 'usable', refusedWith: '' });
  });

  const SAY_NOTHING: TokenOutcome[] = [
    { kind: 'unsent', cause },
    ...['invalid_client', 'invalid_request', 'invalid_scope', 'invalid_tokens', 'not invalid_grant', 'slow_down', ''].map((reason) => refused(reason)),
    refused('', 429),
    refused('', 503),
  ];
  test.each(SAY_NOTHING)('that nothing was said of (%j) is sent again, by others too', async (answer) => {
    answers = [answer, answer, granted('one', 'second')];
    const a = start();
    await expect(settled(a.renew())).rejects.toMatchObject({ name: 'TokenUnavailable' });
    expect(store.kept).toMatchObject({ refreshToken: 'first', mark: 'usable', turn: undefined, restsUntilMs: 0 });
    await expect(settled(start().renew())).rejects.toMatchObject({ name: 'TokenUnavailable' });
    expect(await settled(a.renew())).toMatchObject({ accessToken: 'one' });
  });

  test('need not be sent while the store holds another access token than the last one', async () => {
    answers = [granted('one', 'second'), granted('two', 'third')];
    const [a, b] = [start(), start()];
    const told: boolean[] = [];
    const tell = async (): Promise<void> => {
      await b.beat();
      told.push(b.hasOther);
    };
    await tell();
    await settled(a.renew());
    await tell();
    await settled(b.renew());
    await tell();
    await settled(a.renew());
    await tell();
    await time.run(time.nowMs + 100_000);
    await tell();
    expect(told).toEqual([false, true, false, true, false]);
  });

  test('is not sent before the time that the endpoint asked for, by any process', async () => {
    answers = [refused('', 429, 3_600_000), granted('one', 'second')];
    const a = start();
    await expect(settled(a.renew())).rejects.toMatchObject({ facts: { isTransient: true, retryAfterMs: 3_600_000, lookAgainMs: 1_000 } });
    await time.run(1_000_000);
    await a.beat();
    await expect(settled(start().renew())).rejects.toMatchObject({ facts: { isTransient: true, retryAfterMs: 2_600_000, lookAgainMs: 1_000 } });
    await time.run(3_600_000);
    expect(await settled(a.renew())).toMatchObject({ accessToken: 'one' });
  });

  test('is not sent before the time that the endpoint asked for, although that could not be stored', async () => {
    let answer!: (outcome: TokenOutcome) => void;
    answers = [new Promise((resolve) => (answer = resolve)), granted('one', 'second')];
    const a = start();
    const renewing = a.renew();
    await time.run(10);
    store.fault = 'away';
    answer(refused('', 503, 3_600_000));
    await expect(settled(renewing)).rejects.toMatchObject({ facts: { retryAfterMs: 3_600_000 } });
    store.fault = 'none';
    for (const process of [a, start()]) await expect(settled(process.renew())).rejects.toThrow('left alone');
    expect(sent).toEqual(['first']);
  });

  test('without an answer is never sent again, by anybody', async () => {
    answers = [{ kind: 'unknown', cause }];
    const a = start();
    await expect(settled(a.renew())).rejects.toMatchObject({ message: expect.stringMatching(`^${cause.message}; .*may be spent`), facts: { isTransient: false, retryAfterMs: 1_000 } });
    for (const process of [a, start(), start({ client: 'another' })]) await expect(settled(process.renew())).rejects.toThrow('may be spent');
    expect([sent, store.kept?.mark]).toEqual([['first'], 'unknown']);
  });

  test('of a process that is gone is not sent again, and the others say so as soon as they know', async () => {
    const a = start({ exchange: () => new Promise(() => {}) });
    void a.renew();
    await time.run(10);
    const b = start();
    const waiting = b.renew();
    await time.run(40_000);
    expect(b.state).toBe('usable');
    store.gone.add('host 1 uuid');
    await expect(settled(waiting, 1_000)).rejects.toThrow('may be spent');
    expect(sent).toEqual([]);
    expect(b.state).toBe('unknown');
    expect(states).toContain('unknown');
  });

  test('whose process has not reported in time is not sent again, and is adopted if it reports after all', async () => {
    let answer!: (outcome: TokenOutcome) => void;
    answers = [new Promise((resolve) => (answer = resolve))];
    const [a, b] = [start(), start()];
    const late = a.renew();
    await time.run(10);
    await expect(settled(b.renew())).rejects.toThrow('may be spent');
    expect(time.nowMs).toBeGreaterThanOrEqual(65_000);
    expect(b.state).toBe('unknown');
    answer(granted('one', 'second'));
    await settled(late);
    await b.beat();
    expect(b.state).toBe('usable');
    expect(await settled(b.renew())).toMatchObject({ accessToken: 'one' });
  });

  test('of an operator wins, once, and a process that still starts with the older one does not undo it', async () => {
    answers = [granted('one', 'second'), granted('of another', 'later')];
    const a = start();
    await settled(a.renew());
    const b = start({ initial: 'another' });
    expect(await settled(b.renew())).toMatchObject({ accessToken: 'of another' });
    expect(await settled(start().renew())).toMatchObject({ accessToken: 'of another' });
    await a.beat();
    expect(sent).toEqual(['first', 'another']);
    expect(store.kept).toMatchObject({ refreshToken: 'later' });
  });

  test('of an operator is not overwritten by what comes of an exchange of the older one', async () => {
    let answer!: (outcome: TokenOutcome) => void;
    answers = [new Promise((resolve) => (answer = resolve))];
    const renewing = start().renew();
    await time.run(10);
    await start({ initial: 'another' }).beat();
    answer(granted('one', 'second'));
    await settled(renewing);
    expect(store.kept).toMatchObject({ refreshToken: 'another' });
  });

  test('of an operator is not forgotten by a process whose exchange of the older one ends, although nothing is stored', async () => {
    const { a, renewing, answer } = await renewalUnderWay();
    await start({ initial: 'another' }).beat();
    await a.beat();
    store.fault = 'away';
    answer(granted('one', 'second'));
    await settled(renewing);
    [store.fault, store.kept] = ['none', undefined];
    await a.beat();
    expect(store.kept).toMatchObject({ refreshToken: 'another' });
  });

  test('that nobody has given is asked for, and found as soon as the store has it', async () => {
    const a = start({ initial: undefined });
    await expect(settled(a.renew())).rejects.toMatchObject({ message: expect.stringContaining('npm run connect'), facts: { isTransient: false, retryAfterMs: 1_000 } });
    expect(a.state).toBe('absent');
    await start().beat();
    answers = [granted('one', 'second')];
    expect(await settled(a.renew())).toMatchObject({ accessToken: 'one' });
  });

  test('is being exchanged from the moment at which its turn is written, until what came of it is kept', async () => {
    answers = [granted('one', 'second')];
    const a = start();
    const seen: unknown[] = [a.isExchanging];
    const write = store.update.bind(store);
    store.update = async (change) => {
      const kept = await write(change);
      seen.push([kept?.refreshToken, kept?.turn !== undefined, sent.length, a.isExchanging]);
      return kept;
    };
    await settled(a.renew());
    expect([...seen, a.isExchanging]).toEqual([false, ['first', true, 0, true], ['second', false, 1, true], false]);
  });

  test('is sent soon although the clock was put back by an hour while nobody led', async () => {
    answers = [granted('one', 'second')];
    await start().beat();
    store.kept = { ...store.kept!, leader: '', leaderSeenMs: START_MS + 3_600_000 };
    expect(await settled(start().renew(), 3_000)).toMatchObject({ accessToken: 'one' });
  });

  test('is in the store with hashes only of what is spent', async () => {
    answers = [granted('one', 'second')];
    await settled(start().renew());
    expect(JSON.stringify(store.kept)).not.toContain('"first"');
  });
});

/** How long a renewal is tried that fails in this way. */
async function triedFor(renewing: Promise<unknown>, failure: object): Promise<number> {
  const startedAtMs = time.nowMs;
  let endedAtMs = 0;
  const ended = renewing.finally(() => (endedAtMs = time.nowMs));
  await expect(settled(ended)).rejects.toMatchObject(failure);
  return endedAtMs - startedAtMs;
}

describe('A store', () => {
  test('that is away for a moment is waited for; then nobody sends anything', async () => {
    answers = [granted('one', 'second')];
    const a = start();
    store.fault = 'away';
    const renewing = a.renew();
    await time.run(1_000);
    store.fault = 'none';
    expect(await settled(renewing)).toMatchObject({ accessToken: 'one' });
    store.fault = 'away';
    const triedMs = await triedFor(a.renew(), { name: 'StoreFailure', problem: 'away' });
    expect([sent, triedMs]).toEqual([['first'], 2_050]);
  });

  test('that fails when the new token is there gets it with the next beat, and the operator is told once', async () => {
    const { a, renewing, answer } = await renewalUnderWay();
    store.fault = 'away';
    answer(granted('one', 'second'));
    expect(await settled(renewing)).toMatchObject({ accessToken: 'one' });
    await a.beat();
    expect([a.isUnkept, store.kept?.refreshToken, problems, a.storeProblem]).toEqual([true, 'first', ['away'], 'away']);
    store.fault = 'none';
    await a.beat();
    expect([a.isUnkept, store.kept?.refreshToken, problems, a.storeProblem]).toEqual([false, 'second', ['away', undefined], undefined]);
  });

  test('that fails when the token is refused: the operator is told of both', async () => {
    const { renewing, answer } = await renewalUnderWay();
    store.fault = 'away';
    answer(refused('invalid_grant'));
    await expect(settled(renewing)).rejects.toThrow('invalid_grant');
    expect([states, problems]).toEqual([['usable', 'refused'], ['away']]);
  });

  test('that fails in a way of its own is called broken', async () => {
    store.update = () => Promise.reject(new Error('of its own'));
    const a = start();
    await a.beat();
    expect([problems, a.storeProblem]).toEqual([['broken'], 'broken']);
  });

  /** A process that gets a new token during a beat. `before` is called before the store answers the beat. */
  async function grantedDuringBeat(before: (process: RefreshToken) => void): Promise<RefreshToken> {
    let answer!: (outcome: TokenOutcome) => void;
    let release!: () => void;
    answers = [new Promise((resolve) => (answer = resolve))];
    const a = start();
    const renewing = a.renew();
    await time.run(10);
    store.held = new Promise((resolve) => (release = resolve));
    const beat = a.beat();
    await time.run(20);
    answer(granted('one', 'second'));
    await time.run(30);
    before(a);
    release();
    await settled(Promise.all([renewing, beat]));
    return a;
  }

  test('that answers a beat late does not make the process forget the new token, which it is owed meanwhile', async () => {
    let isUnkept = false;
    const a = await grantedDuringBeat((process) => ({ isUnkept } = process));
    expect([isUnkept, a.isUnkept]).toEqual([true, false]);
    expect(store.kept).toMatchObject({ refreshToken: 'second', turn: undefined });
  });

  test('that takes a beat under way and then fails is still owed the new token', async () => {
    const a = await grantedDuringBeat(() => (store.update = () => Promise.reject(new StoreFailure('away'))));
    expect([a.isUnkept, store.kept?.refreshToken]).toEqual([true, 'first']);
  });

  test('that hangs is asked for one beat at a time', async () => {
    const asked = hang();
    const a = start();
    const beats = [];
    for (let n = 0; n < 20; n++) {
      beats.push(a.beat());
      await time.run(time.nowMs + 1_000);
    }
    expect(asked()).toBe(4);
    await settled(Promise.all(beats), 5_000);
    expect(asked()).toBe(4);
  });

  test('whose answer to a take was lost gets the turn back, and the token is sent later', async () => {
    const a = start();
    await a.beat();
    const { update } = store;
    store.update = async (change) => {
      await update.call(store, change);
      throw new StoreFailure('away');
    };
    await expect(settled(a.renew())).rejects.toThrow();
    expect(store.kept?.turn).toBeDefined();
    store.update = update;
    await a.beat();
    expect(store.kept?.turn).toBeUndefined();
    answers = [granted('one', 'second')];
    await settled(start().renew());
    expect(sent).toEqual(['first']);
  });

  test('that has lost its state gets it back, and nobody sends a token before the others could report a later one', async () => {
    answers = [granted('one', 'second'), granted('two', 'third')];
    const [a, b] = [start(), start()];
    await settled(a.renew());
    await settled(b.renew());
    await settled(a.renew());
    store.kept = undefined;
    const renewing = b.renew();
    await time.run(time.nowMs + 1_000);
    expect(store.kept).toMatchObject({ refreshToken: 'second' });
    await a.beat();
    expect(await settled(renewing)).toMatchObject({ accessToken: 'two' });
    expect([store.kept, sent]).toMatchObject([{ refreshToken: 'third' }, ['first', 'second']]);
  });

  test('that is empty is not begun with the environment’s token before others could report a later one', async () => {
    answers = [granted('one', 'second', 1), granted('two', 'third')];
    const a = start();
    await settled(a.renew());
    store.kept = undefined;
    const renewing = start({ othersMayKnow: true }).renew();
    await time.run(time.nowMs + 1_000);
    await a.beat();
    expect(await settled(renewing)).toMatchObject({ accessToken: 'two' });
    expect(sent).toEqual(['first', 'second']);
  });
});

describe('While nobody can write to the store', () => {
  test('its leader goes on, and the store gets what came of it as soon as it can', async () => {
    answers = [granted('one', 'second'), granted('two', 'third'), granted('three', 'fourth')];
    const a = start();
    await settled(a.renew());
    store.fault = 'read-only';
    for (const accessToken of ['two', 'three']) expect(await settled(a.renew())).toMatchObject({ accessToken });
    expect([a.isUnkept, store.kept?.refreshToken]).toEqual([true, 'second']);
    store.fault = 'none';
    await a.beat();
    expect(store.kept).toMatchObject({ refreshToken: 'fourth' });
  });

  test('no other process sends the token, but all adopt what the store holds', async () => {
    answers = [granted('one', 'second')];
    await settled(start().renew());
    // It would have to write that the leader is silent.
    await time.run(10_000);
    store.fault = 'read-only';
    const b = start();
    expect(await settled(b.renew())).toMatchObject({ accessToken: 'one' });
    const triedMs = await triedFor(b.renew(), { name: 'StoreFailure', problem: 'read-only' });
    expect([sent, triedMs]).toEqual([['first'], 4_050]);
  });

  test('nobody sends the token if what the store holds cannot be read: another process may have taken the turn', async () => {
    let answer!: (outcome: TokenOutcome) => void;
    answers = [granted('one', 'second'), new Promise((resolve) => (answer = resolve)), granted('three', 'fourth')];
    const [a, b] = [start(), start()];
    await settled(a.renew());
    await settled(b.renew());
    const renewing = b.renew();
    await time.run(time.nowMs + 10);
    store.fault = 'missing';
    await expect(settled(a.renew())).rejects.toMatchObject({ name: 'StoreFailure', problem: 'missing' });
    answer(granted('two', 'third'));
    await settled(renewing);
    store.fault = 'none';
    await b.beat();
    expect(await settled(a.renew())).toMatchObject({ accessToken: 'two' });
    expect(sent).toEqual(['first', 'second']);
  });

  test('the leader waits some seconds first: the others must notice that it is silent', async () => {
    answers = [granted('one', 'second'), granted('two', 'third')];
    const a = start();
    await time.run(10_000);
    await settled(a.renew());
    store.fault = 'read-only';
    const renewing = a.renew();
    await time.run(13_999);
    expect(sent).toEqual(['first']);
    await time.run(14_000);
    expect(sent).toEqual(['first', 'second']);
    store.fault = 'none';
    await settled(renewing);
    await a.beat();
    expect(store.kept).toMatchObject({ refreshToken: 'third' });
  });

  test('the leader need not wait to say that it sends nothing', async () => {
    answers = [refused('', 503, 3_600_000)];
    const a = start();
    await expect(settled(a.renew())).rejects.toThrow('503');
    await time.run(10_000);
    await a.beat();
    await time.run(11_000);
    store.fault = 'read-only';
    expect(await triedFor(a.renew(), { message: expect.stringContaining('left alone') })).toBe(0);
  });

  test('another process that finds it writable again lets the silent leader report first', async () => {
    answers = [granted('one', 'second'), granted('two', 'third')];
    const [a, b] = [start(), start()];
    await settled(a.renew());
    await settled(b.renew());
    store.fault = 'read-only';
    await settled(a.renew());
    store.fault = 'none';
    const renewing = b.renew();
    await time.run(time.nowMs + 1_000);
    await a.beat();
    expect(await settled(renewing)).toMatchObject({ accessToken: 'two' });
    expect(sent).toEqual(['first', 'second']);
  });

  test('a leader that is gone is replaced', async () => {
    answers = [granted('one', 'second', 1), granted('two', 'third')];
    await settled(start().renew());
    await time.run(10_000);
    expect(await settled(start().renew())).toMatchObject({ accessToken: 'two' });
    expect(sent).toEqual(['first', 'second']);
  });

  test('a leader that is known to have ended is replaced at once', async () => {
    answers = [granted('one', 'second', 1), granted('two', 'third')];
    await settled(start().renew());
    await time.run(time.nowMs + 1_000);
    store.gone.add(store.kept!.leader);
    const startedAtMs = time.nowMs;
    expect(await settled(start().renew())).toMatchObject({ accessToken: 'two' });
    expect(time.nowMs - startedAtMs).toBeLessThan(200);
  });
});

describe('At the end', () => {
  test('what is not kept yet is written as soon as it can be', async () => {
    const { a, renewing, answer } = await renewalUnderWay();
    store.fault = 'away';
    answer(granted('one', 'second'));
    await settled(renewing);
    const closing = a.close();
    await time.run(time.nowMs + 3_000);
    expect(store.kept).toMatchObject({ refreshToken: 'first' });
    store.fault = 'none';
    await settled(closing);
    expect(store.kept).toMatchObject({ refreshToken: 'second', leader: '' });
  });

  test('the next process need not wait for a leader that has resigned', async () => {
    answers = [granted('one', 'second', 1), granted('two', 'third')];
    const a = start();
    await settled(a.renew());
    await a.close();
    await a.beat();
    await time.run(10_000);
    const startedAtMs = time.nowMs;
    expect(await settled(start().renew())).toMatchObject({ accessToken: 'two' });
    expect(time.nowMs - startedAtMs).toBeLessThan(200);
  });

  test('a process that stops waits no longer for others, and ends its own exchange', async () => {
    const never = start({ exchange: () => new Promise(() => {}) });
    void never.renew();
    await time.run(10);
    const b = start();
    const waiting = b.renew();
    await time.run(100);
    b.endWaiting();
    await expect(settled(waiting, 1_000)).rejects.toMatchObject({ message: 'the process is stopping', facts: { isTransient: true } });
  });

  test('no renewal begins, so no token is sent', async () => {
    const a = start();
    await a.close();
    await expect(settled(a.renew())).rejects.toMatchObject({ message: 'the process is stopping', facts: { isTransient: true } });
    expect([sent, a.isExchanging, store.kept?.turn]).toEqual([[], false, undefined]);
  });

  test('a store that hangs is not asked again', async () => {
    const asked = hang();
    const a = start();
    const [beat, renewing] = [a.beat(), a.renew()];
    await time.run(1_000);
    a.endWaiting();
    await expect(settled(renewing)).rejects.toMatchObject({ message: 'the process is stopping' });
    await settled(Promise.all([beat, a.beat(), a.close()]));
    expect([asked(), time.nowMs]).toEqual([1, 5_000]);
  });

  test('a turn that the store may have kept is given back, so that the token is not taken for spent', async () => {
    store.fault = 'unheard';
    const a = start();
    const renewing = a.renew();
    await time.run(10);
    a.endWaiting();
    await expect(settled(renewing)).rejects.toMatchObject({ message: 'the process is stopping' });
    expect([sent, store.kept!.turn]).toEqual([[], { id: 'host 1 uuid 1', endsAtMs: expect.any(Number) }]);
    store.fault = 'away';
    const closing = a.close();
    await time.run(time.nowMs + 1_000);
    store.fault = 'none';
    await settled(closing);
    expect(store.kept!.turn).toBeUndefined();
    answers = [granted('one', 'second')];
    expect(await settled(start().renew())).toMatchObject({ accessToken: 'one' });
  });

  test('a process that does not lead leaves the leader in its place', async () => {
    const [a, b] = [start(), start()];
    await a.beat();
    await b.beat();
    await settled(b.close());
    expect(store.kept).toMatchObject({ leader: 'host 1 uuid' });
  });

  test('there is nothing to write to a store that holds nothing', async () => {
    await settled(start({ initial: undefined }).close());
    expect([store.kept, problems]).toEqual([undefined, []]);
  });

  test('a store that is away does not hold up a process that has nothing to write', async () => {
    const [a, b] = [start(), start()];
    await a.beat();
    store.fault = 'away';
    for (const process of [a, b]) await settled(process.close());
    expect(time.nowMs).toBe(0);
  });
});

describe('The start', () => {
  test('does not know the state of the token before it has read the store', async () => {
    store.fault = 'away';
    const [a, b] = [start(), start({ initial: undefined })];
    for (const process of [a, b]) await process.beat();
    expect([a.state, b.state, states]).toEqual([undefined, undefined, []]);
    store.fault = 'none';
    for (const process of [b, a]) await process.beat();
    expect([a.state, b.state, states]).toEqual(['usable', 'absent', ['absent', 'usable']]);
  });

  test.each(['none', 'read-only'] as const)('gives the access token that the store holds, with what is left of its life (fault: %s)', async (fault) => {
    answers = [granted('one', 'second', 100)];
    await settled(start().renew());
    // It would have to write that the leader is silent.
    await time.run(40_000);
    store.fault = fault;
    expect(await start().open()).toEqual({ accessToken: 'one', lifetimeSeconds: 60 });
  });

  test('gives none that is over, and fails if the store can only be read', async () => {
    answers = [granted('one', 'second', 100)];
    await settled(start().renew());
    await time.run(100_000);
    store.fault = 'read-only';
    await expect(start().open()).rejects.toThrow('read-only');
  });

  test.each([undefined, 'first'])('gives none where the store holds none (refresh token: %s)', async (initial) => {
    expect(await start({ initial }).open()).toBeUndefined();
    expect(problems).toEqual([]);
  });

  test('fails if the store cannot be read', async () => {
    answers = [granted('one', 'second', 100)];
    await settled(start().renew());
    for (const fault of ['away', 'missing'] as const) {
      store.fault = fault;
      await expect(start({ initial: undefined }).open()).rejects.toMatchObject({ name: 'StoreFailure', problem: fault });
    }
  });
});

test('A process that was frozen while it asked the store asks once more', async () => {
  answers = [granted('one', 'second')];
  const frozen = start();
  let failures = 0;
  const { update } = store;
  store.update = async (change) => {
    if (failures++ > 0) return update.call(store, change);
    await time.sleep(5_000);
    throw new StoreFailure('slow');
  };
  expect(await settled(frozen.renew())).toMatchObject({ accessToken: 'one' });
});
