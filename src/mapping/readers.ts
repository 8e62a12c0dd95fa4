import { SOURCE_ID } from '../ids.js';
import { remember } from './remember.js';

/** Makes ours of a value that is there; undefined where it cannot be used. It never throws, whatever the value is. */
export type Reader<T> = (value: unknown) => T | undefined;

/** A text, which may come as a whole number; no number that JSON may have rounded. */
export const text: Reader<string> = (value) => {
  if (typeof value === 'string') return value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
};

export const flag: Reader<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);

/** A number or its digits. */
export const id: Reader<string> = (value) => {
  const digits = text(value);
  return digits !== undefined && SOURCE_ID.test(digits) ? digits : undefined;
};

/** A closed list of words by their spelling upstream. Case and blanks around them do not matter. */
export function spelled<T extends string>(members: Readonly<Record<string, T>>): Reader<T> {
  const bySpelling = new Map(Object.entries(members).map(([spelling, member]) => [spelling.toUpperCase(), member]));
  const memberOf = remember((text): T | null => bySpelling.get(text.trim().toUpperCase()) ?? null);
  return (value) => (typeof value === 'string' ? (memberOf(value) ?? undefined) : undefined);
}

/** A closed list of words that are spelled upstream as they are here. */
export function oneOf<T extends string>(...members: readonly T[]): Reader<T> {
  return spelled(Object.fromEntries(members.map((member) => [member, member])));
}
