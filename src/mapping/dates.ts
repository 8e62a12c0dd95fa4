import type { Reader } from './readers.js';
import { remember } from './remember.js';

const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ]((?:[01]\d|2[0-3]):[0-5]\d)(?::([0-5]\d)(\.\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** Reads a date, or a date and time, as `yyyy-MM-dd`. */
export const date: Reader<string> = (value) => read(value)?.day;

/** Reads the same as `yyyy-MM-ddTHH:mm:ss`, with its fraction. The time stays as written: a zone is dropped, not applied. */
export const localDateTime: Reader<string> = (value) => read(value)?.dateTime;

function read(value: unknown): { day: string; dateTime: string } | null {
  return typeof value === 'string' ? parse(value) : null;
}

const parse = remember((text) => {
  const [, day, minutes = '00:00', seconds = '00', fraction = ''] = ISO.exec(text) ?? [];
  return day !== undefined && isDay(day) ? { day, dateTime: `${day}T${minutes}:${seconds}${fraction}` } : null;
});

/** Date.parse alone reads 30 February as 2 March. */
function isDay(day: string): boolean {
  const time = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
}
