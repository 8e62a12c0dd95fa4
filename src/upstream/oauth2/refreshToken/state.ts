import { createHash } from 'node:crypto';

/** The access token that the last renewal gave. */
export interface KeptGrant {
  readonly accessToken: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** The right to send the token. It is kept before the token is sent, so that no other process sends it too. */
export interface Turn {
  /** The name of the process, a blank, and a number. */
  readonly id: string;
  /** By then the process must have kept what came of it. */
  readonly endsAtMs: number;
}

/**
 * What processes share about the refresh token. CAS 360 rotates it (RFC 6749, 6): each use gives a new token and voids the
 * old one. Only a person who approves the connection again can replace a lost one.
 *
 * The tokens form a chain: each came from the one before. A token that an operator sets begins another chain, which wins.
 * Of two states of one chain, the one with the higher count is later.
 */
export interface Kept {
  /** Hashes of the tokens with which the chains began, the latest first. */
  readonly began: readonly string[];
  /** How often this chain has changed: each turn that was taken, given back or used counts. */
  readonly count: number;
  /** Empty only in a file of an older version that has lost it. */
  readonly refreshToken: string;
  readonly grant: KeptGrant | undefined;
  /** Whether the token may be sent. `unknown`: it was sent and may be spent. `refused`: the endpoint called it void. */
  readonly mark: 'usable' | 'unknown' | 'refused';
  /** The clients for which it was refused, with blanks between them: for another one it may be sent. Empty: it never was. */
  readonly refusedWith: string;
  /** Undefined: nobody has it. */
  readonly turn: Turn | undefined;
  /** The token endpoint asked not to be called before. Milliseconds since 1970. */
  readonly restsUntilMs: number;
  /** The process that may go on without the store while nobody can write to it. Empty: none. */
  readonly leader: string;
  /** When the leader last wrote, or since when there is none. */
  readonly leaderSeenMs: number;
}

/** A process that uses the state. */
export interface Self {
  /** Unique among all processes. */
  readonly name: string;
  /** The latest state that it knows. Its own turn, if it has one, is in it. */
  readonly known: Kept | undefined;
}

/** So often a process notes that it lives. */
export const BEAT_MS = 1_000;
/** A leader that has not written for so long may have gone on without the store. */
export const LEADER_STALE_MS = 3_000;
/** How long the others then wait for what it has to report. Several beats. */
const HANDOVER_MS = 2_000;

/** SHA-256 in hex. Identifies a token without keeping it. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The state of a chain that begins with a token of an operator. */
export function begunWith(refreshToken: string, kept: Kept | undefined, grant?: KeptGrant): Kept {
  return {
    began: [hashOf(refreshToken), ...(kept?.began ?? [])],
    count: 0,
    refreshToken,
    grant,
    mark: 'usable',
    refusedWith: '',
    turn: undefined,
    restsUntilMs: 0,
    leader: '',
    leaderSeenMs: 0,
  };
}

function isMine(turn: Turn | undefined, name: string): boolean {
  return turn !== undefined && turn.id.startsWith(`${name} `);
}

/** Whether one state is later than the other. */
export function isLater(one: Kept, other: Kept): boolean {
  const [latest] = other.began;
  return one.began[0] === latest ? one.count > other.count : one.began.includes(latest!);
}

/**
 * The later of what the store holds and what this process knows. Where the store has lost a state, the others get time to
 * report a later one. A turn of this process that it does not know is given up: the store's answer to its take was lost.
 */
export function merged(kept: Kept | undefined, { name, known }: Self, nowMs: number): Kept | undefined {
  if (!kept) return known && handedOver(known, nowMs);
  if (known && isLater(known, kept)) return isMine(kept.turn, name) && isLed(kept, nowMs) ? known : handedOver(known, nowMs);
  if (isMine(kept.turn, name) && (!known || isLater(kept, known))) return { ...kept, turn: undefined, count: kept.count + 1 };
  return kept;
}

const isLed = ({ leader, leaderSeenMs }: Kept, nowMs: number): boolean => leader !== '' && nowMs - leaderSeenMs < LEADER_STALE_MS;

const handedOver = (kept: Kept, nowMs: number): Kept => ({ ...kept, leader: '', leaderSeenMs: nowMs });

/**
 * Makes this process the leader if there is none, and notes that the leader lives. A leader that is silent is one no more. Nobody
 * waits for one that `isGone`: it has nothing to report.
 */
export function led(kept: Kept, name: string, nowMs: number, isGone: (leader: string) => boolean): Kept {
  const silentMs = nowMs - kept.leaderSeenMs;
  if (kept.leader === name) return silentMs < BEAT_MS / 2 ? kept : { ...kept, leaderSeenMs: nowMs };
  // A clock that was put back, or another Redis's: nobody would lead until it has caught up.
  if (kept.leader === '' && silentMs < 0) return handedOver(kept, nowMs);
  if (kept.leader === '') return silentMs < HANDOVER_MS ? kept : { ...kept, leader: name, leaderSeenMs: nowMs };
  if (isGone(kept.leader)) return { ...kept, leader: name, leaderSeenMs: nowMs };
  return isLed(kept, nowMs) ? kept : handedOver(kept, nowMs);
}

/**
 * What a leader goes on with while nobody can write to the store, which holds `seen`. Undefined: it must wait, because another
 * process may have the turn or be the leader. So it must if what the store holds is not certain.
 */
export function alone(seen: Kept | undefined, { name, known }: Self): Kept | undefined {
  const isOurs = seen && known?.leader === name && seen.leader === name && !isLater(seen, known) && (!seen.turn || isMine(seen.turn, name));
  return isOurs ? known : undefined;
}

/** What a process that wants an access token may do. */
export type Verdict = 'adopt' | 'send' | 'wait' | 'rest' | 'refused' | 'unknown' | 'absent';

export interface Want {
  /** The access token that the process had last, if any. It wants another. */
  readonly given: string | undefined;
  /** Identifies the client and the endpoint with which it would send the token. No blanks. */
  readonly client: string;
  /** Whether the process with this name has ended for certain. */
  isGone(holder: string): boolean;
}

/** Whether nobody will report what came of a turn: the token may be spent. */
export function isOver(turn: Turn, isGone: Want['isGone'], nowMs: number): boolean {
  return nowMs >= turn.endsAtMs || isGone(turn.id.slice(0, turn.id.lastIndexOf(' ')));
}

/** What an operator wants to know of the token. `absent`: there is none. */
export type TokenState = Kept['mark'] | 'absent';

export function stateOf(kept: Kept | undefined, isGone: Want['isGone'], nowMs: number): TokenState {
  if (!kept) return 'absent';
  return kept.turn && isOver(kept.turn, isGone, nowMs) ? 'unknown' : kept.mark;
}

/** What a process may do that wants an access token. Expects a state that was `merged` and `led`. */
export function verdictOn(kept: Kept | undefined, { given, client, isGone }: Want, nowMs: number): Verdict {
  if (!kept) return 'absent';
  if (kept.grant && kept.grant.accessToken !== given && nowMs < kept.grant.expiresAtMs) return 'adopt';
  if (kept.mark === 'unknown' || kept.refreshToken === '') return 'unknown';
  if (kept.mark === 'refused' && kept.refusedWith.split(' ').includes(client)) return 'refused';
  if (kept.turn) return isOver(kept.turn, isGone, nowMs) ? 'unknown' : 'wait';
  if (kept.leader === '') return 'wait';
  return nowMs < kept.restsUntilMs ? 'rest' : 'send';
}
