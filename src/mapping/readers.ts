import { SOURCE_ID } from '../ids.js';
import { remember } from './remember.js';

/** Converts an upstream's value that is not empty. Returns undefined for an unusable one. Never throws. */
export type Reader<T> = (value: unknown) => T | undefined;

/**
 * A text, or a whole number that JSON cannot have rounded. JSON can escape half of a character (`"\ud83d"`), which is not
 * Unicode: a router may refuse a whole answer for it, as Apollo Router does.
 */
export const text: Reader<string> = (value) => {
  if (typeof value === 'string') return value.isWellFormed() ? value : undefined;
  return Number.isSafeInteger(value) ? String(value) : undefined;
};

export const flag: Reader<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);

/** The digits of an id that is a number or a text. */
export const id: Reader<string> = (value) => {
  const digits = text(value);
  return digits !== undefined && SOURCE_ID.test(digits) ? digits : undefined;
};

/** A state of the company register. It writes `Foreign` for places outside Australia, which names no state. */
export const stateName = (state: string | null): string | null => (state?.trim().toLowerCase() === 'foreign' ? null : state);

/** The member of an enum, by its upstream spelling. Ignores case and surrounding blanks. */
export function spelled<T extends string>(members: Readonly<Record<string, T>>): Reader<T> {
  const bySpelling = new Map(Object.entries(members).map(([spelling, member]) => [spelling.toUpperCase(), member]));
  const memberOf = remember((text): T | null => bySpelling.get(text.trim().toUpperCase()) ?? null);
  return (value) => (typeof value === 'string' ? (memberOf(value) ?? undefined) : undefined);
}

/** The member of an enum whose upstream spelling is ours. */
export function oneOf<T extends string>(...members: readonly T[]): Reader<T> {
  return spelled(Object.fromEntries(members.map((member) => [member, member])));
}
