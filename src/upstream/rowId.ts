import { SOURCE_ID } from '../ids.js';
import { isRecord } from '../record.js';

/**
 * The id of an upstream's row as its digits; undefined if it has none that could be asked for, such as `"01001"`, `1001.5`
 * or -3. `parseJson` keeps long integers as their digits. A larger number was written with a fraction or an exponent
 * (`9007199254740993.0`), so it may be rounded to somebody else's id.
 */
export function rowId(row: unknown): string | undefined {
  if (!isRecord(row)) return undefined;
  const { id } = row;
  const digits = Number.isSafeInteger(id) ? String(id) : id;
  return typeof digits === 'string' && SOURCE_ID.test(digits) ? digits : undefined;
}
