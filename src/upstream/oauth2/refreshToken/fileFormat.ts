import { isRecord } from '../../../record.js';
import type { Kept, KeptGrant, Turn } from './state.js';

/** The file holds something else than a state of ours. */
export class NotOurs extends Error {
  override readonly name = 'NotOurs';
}

/** The state as the text of a file. `beganWith` and `inUse` are for versions before 0.2, so that an operator can go back to one. */
export function serialise(kept: Kept): string {
  const [beganWith] = kept.began;
  return `${JSON.stringify({ beganWith, inUse: kept.turn !== undefined || kept.mark !== 'usable', ...kept })}\n`;
}

/** Reads the text of a file, also one of a version before 0.2. Throws NotOurs. */
export function parse(text: string): Kept {
  const file = new Fields(parsed(text));
  return file.has('began') ? current(file) : older(file);
}

function current(file: Fields): Kept {
  return {
    began: file.list('began'),
    count: file.number('count'),
    refreshToken: file.text('refreshToken'),
    grant: grantIn(file),
    mark: file.oneOf('mark', ['usable', 'unknown', 'refused']),
    refusedWith: file.text('refusedWith'),
    turn: file.optional('turn', (turn): Turn => ({ id: turn.text('id'), endsAtMs: turn.number('endsAtMs') })),
    restsUntilMs: file.number('restsUntilMs'),
    leader: file.text('leader'),
    leaderSeenMs: file.number('leaderSeenMs'),
  };
}

/** `{ beganWith, refreshToken?, grant?, inUse }`: without its token, or in use, the token may be spent. */
function older(file: Fields): Kept {
  const refreshToken = file.has('refreshToken') ? file.text('refreshToken') : '';
  const isUsable = file.oneOf('inUse', [true, false]) ? false : refreshToken !== '';
  return {
    began: [file.text('beganWith')],
    count: 0,
    refreshToken,
    grant: grantIn(file),
    mark: isUsable ? 'usable' : 'unknown',
    refusedWith: '',
    turn: undefined,
    restsUntilMs: 0,
    leader: '',
    leaderSeenMs: 0,
  };
}

const grantIn = (file: Fields): KeptGrant | undefined =>
  file.optional('grant', (grant) => ({ accessToken: grant.text('accessToken'), expiresAtMs: grant.number('expiresAtMs') }));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NotOurs('no JSON');
  }
}

/** The fields of an object. A field of another type throws NotOurs, which names the field and never its value. */
class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    if (!isRecord(value)) throw new NotOurs('no object');
    this.#fields = value;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name);
  }

  text(name: string): string {
    return this.#field(name, (value) => typeof value === 'string');
  }

  number(name: string): number {
    return this.#field(name, (value): value is number => Number.isFinite(value));
  }

  oneOf<T>(name: string, values: readonly T[]): T {
    return this.#field(name, (value): value is T => values.includes(value as T));
  }

  list(name: string): string[] {
    return this.#field(name, (value): value is string[] => Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string'));
  }

  optional<T>(name: string, read: (fields: Fields) => T): T | undefined {
    return this.has(name) ? read(new Fields(this.#fields[name])) : undefined;
  }

  #field<T>(name: string, isRight: (value: unknown) => value is T): T {
    const value = this.has(name) ? this.#fields[name] : undefined;
    if (!isRight(value)) throw new NotOurs(name);
    return value;
  }
}
