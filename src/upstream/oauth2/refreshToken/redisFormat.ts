import type { Kept } from './state.js';

/**
 * The fields of the hash. Versions before 0.2 use those up to `rests`, and drop the others when they write. They send `token`
 * whenever it is not empty, so a token that may be spent is in `marked`.
 */
export const FIELDS = ['began', 'count', 'token', 'access', 'expires', 'usedBy', 'usedUntil', 'rests', 'mark', 'marked', 'refused', 'leader', 'seen'] as const;

/** The values of FIELDS for this state. */
export function fieldsOf(kept: Kept): string[] {
  const { began, count, refreshToken, grant, mark, refusedWith, turn, restsUntilMs, leader, leaderSeenMs } = kept;
  const isUsable = mark === 'usable';
  const fields: Record<(typeof FIELDS)[number], string | number> = {
    began: began.join(' '),
    count,
    token: isUsable ? refreshToken : '',
    access: grant?.accessToken ?? '',
    expires: grant?.expiresAtMs ?? 0,
    usedBy: turn?.id ?? '',
    usedUntil: turn?.endsAtMs ?? '',
    rests: restsUntilMs,
    mark: isUsable ? '' : mark,
    marked: isUsable ? '' : refreshToken,
    refused: refusedWith,
    leader,
    seen: leaderSeenMs,
  };
  return FIELDS.map((name) => String(fields[name]));
}

/** The state in values of FIELDS; a field that is missing is an empty text. Undefined: there is none. Throws if it is not ours. */
export function stateIn(values: readonly string[]): Kept | undefined {
  const fields = Object.fromEntries(FIELDS.map((name, i) => [name, values[i] ?? ''])) as Record<(typeof FIELDS)[number], string>;
  if (values.every((value) => value === '')) return undefined;
  const { token, access, usedBy, marked } = fields;
  const began = fields.began.split(' ').filter(Boolean);
  if (began.length === 0) throw new Error('no state of ours');
  return {
    began,
    count: numberIn(fields.count),
    refreshToken: token || marked,
    grant: access === '' ? undefined : { accessToken: access, expiresAtMs: numberIn(fields.expires) },
    mark: token !== '' ? 'usable' : fields.mark === 'refused' ? 'refused' : 'unknown',
    refusedWith: fields.refused,
    turn: usedBy === '' ? undefined : { id: usedBy, endsAtMs: numberIn(fields.usedUntil) },
    restsUntilMs: numberIn(fields.rests),
    leader: fields.leader,
    leaderSeenMs: numberIn(fields.seen),
  };
}

function numberIn(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number)) throw new Error('no state of ours');
  return number;
}
