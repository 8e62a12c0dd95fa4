import { CHECKS, REASONS_PAGE, type Check } from './checks.js';
import type { Reason } from './reasons.js';

/**
 * `fault`: something would fail. `warning`: it works, but should be changed. `unknown`: this could not be checked. `note`: good to
 * know.
 */
export const LEVELS = ['ok', 'note', 'unknown', 'warning', 'fault'] as const;
export type Level = (typeof LEVELS)[number];

/** The page of the check says more about these. */
const EXPLAINED_BY_CHECK: readonly Reason[] = ['path', 'credentials', 'store'];

/** One line of the report, and one item of its JSON. */
export interface Finding {
  readonly check: Check;
  readonly level: Level;
  /** Our own sentence: never a value, a body or another program's message. */
  readonly message: string;
  /** Why a call failed. */
  readonly reason?: Reason;
  /** The page of this repository that explains it, with its anchor. */
  readonly docs: string;
}

/** The findings about one part of the settings, such as the PMS. */
export class Findings {
  readonly #list: Finding[] = [];
  /** Resolves once there is a listener. */
  readonly watched: Promise<void>;
  #isWatched!: () => void;
  #listener: ((finding: Finding) => void) | undefined;

  constructor(readonly title: string) {
    this.watched = new Promise((resolve) => (this.#isWatched = resolve));
  }

  get list(): readonly Finding[] {
    return this.#list;
  }

  ok(check: Check, message: string): void {
    this.add('ok', check, message);
  }

  note(check: Check, message: string): void {
    this.add('note', check, message);
  }

  unknown(check: Check, message: string): void {
    this.add('unknown', check, message);
  }

  warning(check: Check, message: string): void {
    this.add('warning', check, message);
  }

  fault(check: Check, message: string, reason?: Reason): void {
    this.add('fault', check, message, reason);
  }

  add(level: Level, check: Check, message: string, reason?: Reason): void {
    const finding: Finding = { check, level, message, ...(reason && { reason }), docs: reason && !EXPLAINED_BY_CHECK.includes(reason) ? REASONS_PAGE : CHECKS[check] };
    this.#list.push(finding);
    this.#listener?.(finding);
  }

  /** Calls `listener` for each finding so far, and for each further one. */
  watch(listener: (finding: Finding) => void): void {
    for (const finding of this.#list) listener(finding);
    this.#listener = listener;
    this.#isWatched();
  }
}

export const milliseconds = (sinceMs: number): string => `${Math.max(1, Math.round(performance.now() - sinceMs))} ms`;
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
