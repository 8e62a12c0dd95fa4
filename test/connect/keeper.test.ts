import fc from 'fast-check';
import { describe, expect, test } from '@jest/globals';
import { ConnectError } from '../../src/connect/connectError.js';
import { connected, isUsable, Keeper, type KeeperOptions } from '../../src/connect/keeper.js';
import { MemoryStore } from '../../src/upstream/oauth2/refreshToken/memoryStore.js';
import { begunWith, hashOf, merged, verdictOn, type Kept } from '../../src/upstream/oauth2/refreshToken/state.js';
import { StoreFailure, type StateStore, type StoreProblem } from '../../src/upstream/oauth2/refreshToken/store.js';

const NOW_MS = 1_800_000_000_000;
const NEW = { refreshToken: 'new', grant: { accessToken: 'access', expiresAtMs: NOW_MS + 3_600_000 } };
const token = fc.constantFrom('a', 'b', 'c', 'new');

/** Any state that services may have left. */
const anyKept: fc.Arbitrary<Kept> = fc.record({
  began: fc.uniqueArray(token.map(hashOf), { minLength: 1 }),
  count: fc.nat(5),
  refreshToken: fc.constantFrom('', 'x', 'y', 'new'),
  grant: fc.option(fc.record({ accessToken: fc.constant('old'), expiresAtMs: fc.constant(NOW_MS + 1) }), { nil: undefined }),
  mark: fc.constantFrom('usable', 'unknown', 'refused'),
  refusedWith: fc.constantFrom('', 'credentials'),
  turn: fc.option(fc.record({ id: fc.constant('service 1'), endsAtMs: fc.constantFrom(NOW_MS - 1, NOW_MS + 1) }), { nil: undefined }),
  restsUntilMs: fc.constantFrom(0, NOW_MS + 60_000),
  leader: fc.constantFrom('', 'service'),
  leaderSeenMs: fc.constant(NOW_MS),
});
const initial = fc.constantFrom(undefined, 'a', 'd');
/** As when CAS 360 grants a token that it has granted to nobody before. */
const withoutNew = anyKept.filter(({ refreshToken, began }) => refreshToken !== 'new' && !began.includes(hashOf('new')));

describe('The state with the new token', () => {
  test('wins over all that services have, and they use its access token', () => {
    fc.assert(
      fc.property(fc.option(withoutNew, { nil: undefined }), initial, (kept, first) => {
        const next = connected(kept, { ...NEW, initial: first }, NOW_MS);
        expect(next).toMatchObject({ ...NEW, count: 0, mark: 'usable', turn: undefined, restsUntilMs: 0 });
        // A service that held a turn, or had renewed in the meantime, reports what it has.
        for (const known of [kept, kept && { ...kept, count: kept.count + 9, turn: undefined }]) expect(merged(next, { name: 'service', known }, NOW_MS)).toBe(next);
        expect(verdictOn(next, { given: 'old', client: 'credentials', isGone: () => true }, NOW_MS)).toBe('adopt');
      }),
    );
  });

  test('has the tokens of all environments behind it, so that no service begins with one of them', () => {
    fc.assert(
      fc.property(fc.option(anyKept, { nil: undefined }), initial, (kept, first) => {
        const { began } = connected(kept, { ...NEW, initial: first }, NOW_MS);
        for (const hash of [...(kept?.began ?? []), ...(first === undefined ? [] : [hashOf(first)])]) expect(began).toContain(hash);
      }),
    );
  });

  test('may be applied again, also when services have used the token since: what they have stays', () => {
    fc.assert(
      fc.property(fc.option(withoutNew, { nil: undefined }), initial, (kept, first) => {
        const change = (state: Kept | undefined): Kept => connected(state, { ...NEW, initial: first }, NOW_MS);
        const once = change(kept);
        expect(change(once)).toMatchObject({ ...NEW, mark: 'usable', began: once.began });
        const sending = { ...once, turn: { id: 'service 2', endsAtMs: NOW_MS + 1 } };
        expect(change(sending)).toBe(sending);
        const used = { ...once, count: 1, refreshToken: 'next' };
        expect(change(used)).toBe(used);
      }),
    );
  });

  test('stays in its chain where CAS 360 grants the token that is stored', () => {
    fc.assert(
      fc.property(anyKept, (state) => {
        const kept = { ...state, refreshToken: 'new' };
        const next = connected(kept, { ...NEW, initial: undefined }, NOW_MS);
        if (kept.turn && kept.turn.endsAtMs > NOW_MS) return expect(next).toBe(kept);
        expect(next).toMatchObject({ ...NEW, began: kept.began, count: kept.count + 1, mark: 'usable', turn: undefined });
        expect(merged(next, { name: 'other', known: kept }, NOW_MS)).toBe(next);
      }),
    );
  });
});

test.each<[string, Partial<Kept>, boolean]>([
  ['as it began', {}, true],
  ['that is being sent', { turn: { id: 'service 1', endsAtMs: NOW_MS + 1 } }, true],
  ['whose turn is over', { turn: { id: 'service 1', endsAtMs: NOW_MS } }, false],
  ['that may be spent', { mark: 'unknown' }, false],
  ['that was refused', { mark: 'refused' }, false],
  ['that was lost', { refreshToken: '' }, false],
])('A token %s can be used: see %j', (_what, change, is) => {
  expect(isUsable({ ...begunWith('a', undefined), ...change }, NOW_MS)).toBe(is);
  expect(isUsable(undefined, NOW_MS)).toBe(false);
});

/** A store that fails so often. */
class FailingStore extends MemoryStore implements StateStore {
  constructor(
    private left: number,
    readonly problem: StoreProblem,
    /** Whether a state is stored although the store says it failed. */
    readonly keepsIt = false,
  ) {
    super();
  }

  override async update(change: Parameters<StateStore['update']>[0]): Promise<Kept | undefined> {
    if (this.left-- <= 0) return super.update(change);
    if (this.keepsIt) await super.update(change);
    throw new StoreFailure(this.problem);
  }
}

const PROBLEMS: StoreProblem[] = ['away', 'slow', 'missing', 'no permission', 'read-only', 'full', 'wrong password', 'wrong database', 'broken'];
const OF_FILES: readonly StoreProblem[] = ['missing'];

describe('Where the store fails', () => {
  const said: string[] = [];
  const keeper = (store: StateStore, change: Partial<KeeperOptions> = {}): Keeper =>
    new Keeper({ store, storeName: 'Redis', tryBeside: async () => {}, initial: undefined, signal: new AbortController().signal, pauseMs: 0, say: (text) => said.push(text), ...change });

  test.each(PROBLEMS)('%s, the token is stored once it does not, or was stored unnoticed', async (problem) => {
    for (const keepsIt of [false, true]) {
      const store = new FailingStore(2, problem, keepsIt);
      await keeper(store).keep(NEW);
      expect(await store.update((kept) => kept)).toMatchObject({ ...NEW, began: [hashOf('new')] });
    }
  });

  test.each(PROBLEMS)('%s, for too long, the command says what to do', async (problem) => {
    const storeName = OF_FILES.includes(problem) ? 'CAS360_TOKEN_FILE' : 'Redis';
    const error = await keeper(new FailingStore(Infinity, problem), { storeName, patienceMs: 0 }).keep(NEW).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectError);
    expect((error as Error).message).toMatch(/^The token cannot be stored in (?:Redis|CAS360_TOKEN_FILE): (?!it cannot be used).{15}/);
  });

  test('before the approval, only a Redis that may be connecting, or is late, is waited for', async () => {
    for (const problem of PROBLEMS) {
      const store = new FailingStore(1, problem);
      if (problem === 'away' || problem === 'slow') await keeper(store).prove();
      else await expect(keeper(store).prove()).rejects.toThrow('The token cannot be stored in Redis: ');
    }
  });

  test('beside what is stored, and nothing is stored yet, that is found before the approval', async () => {
    const tryBeside = async (): Promise<void> => {
      throw new StoreFailure('full');
    };
    await expect(keeper(new MemoryStore(), { tryBeside }).prove()).rejects.toThrow('its memory is full');
  });

  test('and somebody ends the command, it tries once more and ends', async () => {
    await expect(keeper(new FailingStore(Infinity, 'full'), { signal: AbortSignal.abort() }).keep(NEW)).rejects.toThrow('its memory is full');
  });

  test('in silence and keeps something else, the command does not say that CAS 360 is connected', async () => {
    const forgetful: StateStore = { update: async () => begunWith('other', undefined), isGone: () => false };
    await expect(keeper(forgetful).keep(NEW)).rejects.toThrow('another state is there now');
  });

  test('nothing that is said has a token in it', () => {
    expect(said.join()).not.toMatch(/new|access/);
  });
});
