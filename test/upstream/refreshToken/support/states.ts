import fc from 'fast-check';
import { begunWith, type Kept } from '../../../../src/upstream/oauth2/refreshToken/state.js';
import type { StateStore } from '../../../../src/upstream/oauth2/refreshToken/store.js';
import { anyText } from '../../../support/anyText.js';
import { StoreFailure } from '../../../../src/upstream/oauth2/refreshToken/store.js';

/** A state with nothing special. */
export const FIRST: Kept = begunWith('token-1', undefined, { accessToken: 'access-1', expiresAtMs: 1_800_000_000_000 });

const ms = fc.nat({ max: 4_000_000_000_000 });
const hashes = fc.array(fc.stringMatching(/^[0-9a-f]{64}$/), { minLength: 1, maxLength: 4 });
const word = anyText({ minLength: 1 });

/** Every state that a store may be given. */
export const anyState: fc.Arbitrary<Kept> = fc.record({
  began: hashes,
  count: fc.nat(),
  refreshToken: word,
  grant: fc.option(fc.record({ accessToken: word, expiresAtMs: ms }), { nil: undefined }),
  mark: fc.constantFrom('usable', 'unknown', 'refused'),
  refusedWith: anyText(),
  turn: fc.option(fc.record({ id: word, endsAtMs: ms }), { nil: undefined }),
  restsUntilMs: ms,
  leader: anyText(),
  leaderSeenMs: ms,
});

/** What the store holds. */
export const heldBy = (store: StateStore): Promise<Kept | undefined> => store.update((kept) => kept);

export const put = (store: StateStore, state: Kept): Promise<Kept | undefined> => store.update(() => state);

/** Adds one to the count. */
export const counted = (store: StateStore): Promise<Kept | undefined> => store.update((kept) => ({ ...(kept ?? FIRST), count: (kept?.count ?? 0) + 1 }));

/** The failure of an update, which must be a StoreFailure. */
export async function failureOf(update: Promise<unknown>): Promise<Pick<StoreFailure, 'problem' | 'seen'>> {
  const error: unknown = await update.then(
    () => new Error('it was written'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof StoreFailure)) throw error;
  return error;
}
