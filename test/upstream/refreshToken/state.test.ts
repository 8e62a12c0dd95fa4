import { describe, expect, test } from '@jest/globals';
import { alone, begunWith, hashOf, isLater, isOver, led, merged, verdictOn, type Kept, type Turn, type Verdict } from '../../../src/upstream/oauth2/refreshToken/state.js';
import { FIRST } from './support/states.js';

const NOW = 1_800_000_000_000;
/** A process, and another one whose name begins in the same way. */
const [US, THEM] = ['host 1 uuid', 'host 1 uuid-2'];
const OURS: Turn = { id: `${US} 7`, endsAtMs: NOW + 5 };
const THEIRS: Turn = { id: `${THEM} 7`, endsAtMs: NOW + 5 };

const state = (changes: Partial<Kept> = {}): Kept => ({ ...FIRST, ...changes });
const withoutGone = (): boolean => false;

describe('Of two states the later one', () => {
  test.each<[string, Partial<Kept>, Partial<Kept>, boolean]>([
    ['has a higher count in the same chain', { count: 3 }, { count: 2 }, true],
    ['is neither, where the counts are the same', { count: 2 }, { count: 2 }, false],
    ['has no lower count in the same chain', { count: 2 }, { count: 3 }, false],
    ['is of a chain that began after the other’s', { began: ['b', 'a'], count: 0 }, { began: ['a'], count: 9 }, true],
    ['is not of a chain before the other’s', { began: ['a'], count: 9 }, { began: ['b', 'a'], count: 0 }, false],
    ['is neither, where no chain knows the other', { began: ['b'], count: 9 }, { began: ['a'], count: 0 }, false],
  ])('%s', (_what, one, other, expected) => expect(isLater(state(one), state(other))).toBe(expected));
});

test('A chain that an operator begins remembers the hashes of those before it, the latest first', () => {
  const second = begunWith('token-2', begunWith('token-1', undefined), undefined);
  expect(second.began).toEqual([hashOf('token-2'), hashOf('token-1')]);
  expect(hashOf('token-1')).toMatch(/^[0-9a-f]{64}$/);
  expect(second).toEqual({
    began: second.began,
    count: 0,
    refreshToken: 'token-2',
    grant: undefined,
    mark: 'usable',
    refusedWith: '',
    turn: undefined,
    restsUntilMs: 0,
    leader: '',
    leaderSeenMs: 0,
  });
});

describe('What the store holds and what a process knows are merged:', () => {
  const led3 = { leader: THEM, leaderSeenMs: NOW - 2_999 };
  const unled = { leader: THEM, leaderSeenMs: NOW - 3_000 };
  const handedOver = { leader: '', leaderSeenMs: NOW };

  test.each<[string, Partial<Kept> | undefined, Partial<Kept> | undefined, Partial<Kept> | undefined]>([
    ['nothing, where neither has anything', undefined, undefined, undefined],
    ['what the process knows, where the store has lost it: nobody leads', undefined, { count: 2, ...led3 }, { count: 2, ...handedOver }],
    ['what the store holds, where the process knows nothing', { count: 2, ...led3 }, undefined, { count: 2, ...led3 }],
    ['what the store holds, where it is later', { count: 3, ...led3 }, { count: 2 }, { count: 3, ...led3 }],
    ['what the store holds, where both are the same', { count: 2, ...led3 }, { count: 2, ...unled }, { count: 2, ...led3 }],
    ['what the process knows, where it is later: nobody leads', { count: 2, ...led3 }, { count: 3, ...led3 }, { count: 3, ...handedOver }],
    ['the same where the turn in the store is another process’s', { count: 2, turn: THEIRS, ...led3 }, { count: 3, ...led3 }, { count: 3, ...handedOver }],
    ['what came of its own turn, with the leader', { count: 2, turn: OURS, ...led3 }, { count: 3, ...led3 }, { count: 3, ...led3 }],
    ['what came of its own turn, without a leader that is silent', { count: 2, turn: OURS, ...unled }, { count: 3, ...unled }, { count: 3, ...handedOver }],
    ['what came of its own turn, where nobody led', { count: 2, turn: OURS, leader: '', leaderSeenMs: NOW }, { count: 3, ...led3 }, { count: 3, ...handedOver }],
    ['its own turn is given up, if it knows nothing of it', { count: 3, turn: OURS, ...led3 }, { count: 2 }, { count: 4, turn: undefined, ...led3 }],
    ['its own turn is given up, if it knows nothing', { count: 3, turn: OURS, ...led3 }, undefined, { count: 4, turn: undefined, ...led3 }],
    ['its own turn stays, if it knows it', { count: 3, turn: OURS, ...led3 }, { count: 3, turn: OURS }, { count: 3, turn: OURS, ...led3 }],
    ['another’s turn stays', { count: 3, turn: THEIRS, ...led3 }, { count: 2 }, { count: 3, turn: THEIRS, ...led3 }],
  ])('%s', (_what, kept, known, expected) => {
    expect(merged(kept && state(kept), { name: US, known: known && state(known) }, NOW)).toEqual(expected && state(expected));
  });
});

describe('The leader', () => {
  const seen = (leader: string, silentMs: number): Partial<Kept> => ({ leader, leaderSeenMs: NOW - silentMs });

  test.each<[string, Partial<Kept>, Partial<Kept>]>([
    ['need not say again that it lives within half a beat', seen(US, 499), seen(US, 499)],
    ['says that it lives after half a beat', seen(US, 500), seen(US, 0)],
    ['says that it lives after any time', seen(US, 60_000), seen(US, 0)],
    ['is awaited for two seconds, where there is none', seen('', 1_999), seen('', 1_999)],
    ['is then the next process', seen('', 2_000), seen(US, 0)],
    ['is awaited, where nobody leads since this moment', seen('', 0), seen('', 0)],
    ['is awaited from now on, where the clock was put back', seen('', -1), seen('', 0)],
    ['stays, while it is silent for less than three seconds', seen(THEM, 2_999), seen(THEM, 2_999)],
    ['stays, where its clock is ahead', seen(THEM, -1), seen(THEM, -1)],
    ['is one no more after three seconds of silence', seen(THEM, 3_000), seen('', 0)],
    ['is replaced at once, where it is gone', seen('gone', 1), seen(US, 0)],
  ])('%s', (_what, before, after) => expect(led(state(before), US, NOW, (name) => name === 'gone')).toEqual(state(after)));

  test.each([seen(US, 499), seen('', 1_999), seen('', 0), seen(THEM, 2_999)])('is not written where nothing changes (%j)', (before) => {
    const kept = state(before);
    expect(led(kept, US, NOW, withoutGone)).toBe(kept);
  });
});

describe('While nobody can write to the store, its leader', () => {
  const ours = { leader: US, count: 3 };

  test.each<[string, Partial<Kept> | undefined, Partial<Kept> | undefined, boolean]>([
    ['goes on with what it knows', ours, ours, true],
    ['goes on with what is later than the store’s', ours, { ...ours, count: 4 }, true],
    ['goes on where it has the turn', { ...ours, turn: OURS }, ours, true],
    ['waits where another has the turn', { ...ours, turn: THEIRS }, ours, false],
    ['waits where the store’s is later', { ...ours, count: 4 }, ours, false],
    ['waits where the store names another', { ...ours, leader: THEM }, ours, false],
    ['waits where it knows of another', ours, { ...ours, leader: THEM }, false],
    ['waits where it knows nothing', ours, undefined, false],
    ['waits where it is not certain what the store holds', undefined, ours, false],
  ])('%s', (_what, seen, known, goesOn) => {
    const self = { name: US, known: known && state(known) };
    expect(alone(seen && state(seen), self)).toBe(goesOn ? self.known : undefined);
  });
});

describe('A turn', () => {
  test.each<[string, number, string, boolean]>([
    ['is not over before its end', NOW + 4, '', false],
    ['is over at its end', NOW + 5, '', true],
    ['is over where its process is gone', NOW, US, true],
    ['is not over where another process is gone', NOW, THEM, false],
  ])('%s', (_what, nowMs, gone, expected) => expect(isOver(OURS, (name) => name === gone, nowMs)).toBe(expected));
});

describe('A process that wants an access token', () => {
  const usable = { leader: US, grant: undefined };
  const grant = { accessToken: 'one', expiresAtMs: NOW + 1 };

  test.each<[string, Partial<Kept> | undefined, Verdict]>([
    ['may send the refresh token', usable, 'send'],
    ['has none to send', undefined, 'absent'],
    ['adopts one that it has not had', { ...usable, grant }, 'adopt'],
    ['adopts it whatever else is kept', { ...usable, grant, mark: 'unknown', turn: THEIRS, leader: '', refreshToken: '', restsUntilMs: NOW + 9 }, 'adopt'],
    ['adopts none that is over', { ...usable, grant: { ...grant, expiresAtMs: NOW } }, 'send'],
    ['adopts none that it had', { ...usable, grant: { ...grant, accessToken: 'had' } }, 'send'],
    ['sends none that may be spent', { ...usable, mark: 'unknown' }, 'unknown'],
    ['sends none that was lost', { ...usable, refreshToken: '' }, 'unknown'],
    ['sends none that was refused for its client', { ...usable, mark: 'refused', refusedWith: 'other client' }, 'refused'],
    ['sends one that was refused for other clients', { ...usable, mark: 'refused', refusedWith: 'other client-2' }, 'send'],
    ['sends one that was refused and is usable now', { ...usable, mark: 'usable', refusedWith: 'client' }, 'send'],
    ['waits for another’s turn', { ...usable, turn: THEIRS }, 'wait'],
    ['sends none whose turn is over', { ...usable, turn: { ...THEIRS, endsAtMs: NOW } }, 'unknown'],
    ['sends none whose process is gone', { ...usable, turn: { ...THEIRS, id: 'gone 7' } }, 'unknown'],
    ['waits until somebody leads', { ...usable, leader: '' }, 'wait'],
    ['waits until somebody leads, also where the endpoint rests', { ...usable, leader: '', restsUntilMs: NOW + 1 }, 'wait'],
    ['lets the endpoint rest', { ...usable, restsUntilMs: NOW + 1 }, 'rest'],
    ['sends once the endpoint has rested', { ...usable, restsUntilMs: NOW }, 'send'],
  ])('%s', (_what, kept, verdict) => {
    const want = { given: 'had', client: 'client', isGone: (name: string) => name === 'gone' };
    expect(verdictOn(kept && state(kept), want, NOW)).toBe(verdict);
  });
});
