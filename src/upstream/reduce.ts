import { SOURCE_ID } from '../ids.js';
import { isRecord } from '../record.js';

/** A record cut down to the keys of T: `id` as digits, values as they came. */
export type Reduced<T> = { readonly id: string } & { readonly [K in Exclude<keyof T, 'id'>]-?: unknown };

/**
 * The id of an upstream's row as digits. Undefined if it is not a valid id, such as `"01001"`, `1001.5` or -3. `parseJson`
 * keeps long integers as digits. A larger number was written with a fraction or an exponent (`9007199254740993.0`), so it may
 * have been rounded to another person's id.
 */
export function rowId(row: unknown): string | undefined {
  if (!isRecord(row)) return undefined;
  const { id } = row;
  if (typeof id === 'number') return Number.isSafeInteger(id) && id > 0 ? String(id) : undefined;
  return typeof id === 'string' && SOURCE_ID.test(id) ? id : undefined;
}

// The value of an absent key is undefined, which the mapping reads like an absent key. The types exclude it, so that
// `Required` checks that a literal names every key.
type Given<T> = Exclude<T, undefined>;

/**
 * For a key that holds one value. Empties an object or a list, since it may hold any keys. The mapping counts an empty one as
 * drift too.
 */
export function single<T>(value: T): Given<T> {
  return (typeof value === 'object' && value !== null ? emptied(value) : value) as Given<T>;
}

/** For a key that holds an object: `reduce` selects the keys to keep. */
export function nested<R extends object | null | undefined>(value: R, reduce: (object: NonNullable<R>) => NonNullable<R>): Given<R> {
  return isRecord(value) ? (reduce(value) as Given<R>) : single(value);
}

/** For a key that holds a list: `reduce` selects what to keep of each item. */
export function list<T>(value: T[] | null | undefined, reduce: (item: T) => T): T[] | null {
  return Array.isArray(value) ? value.map((item) => reduce(item)) : single(value);
}

interface CountryParts {
  readonly name?: unknown;
  readonly countryCodeAlpha2?: unknown;
  readonly countryCodeAlpha3?: unknown;
  readonly countryCodeNumeric?: unknown;
  readonly isoCode?: unknown;
}

/** For a key that holds a country: either system may send a text, a number or an object. */
export function country<T>(value: T): Given<T> {
  return isRecord(value) ? (countryParts(value) as Given<T>) : single(value);
}

function countryParts({ name, countryCodeAlpha2, countryCodeAlpha3, countryCodeNumeric, isoCode }: CountryParts): Required<CountryParts> {
  return {
    name: single(name),
    countryCodeAlpha2: single(countryCodeAlpha2),
    countryCodeAlpha3: single(countryCodeAlpha3),
    countryCodeNumeric: single(countryCodeNumeric),
    isoCode: single(isoCode),
  };
}

function emptied(value: object): object {
  return Array.isArray(value) ? [] : {};
}
