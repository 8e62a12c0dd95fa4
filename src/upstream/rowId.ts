import { SOURCE_ID } from '../ids.js';
import { isRecord } from '../record.js';

/**
 * The id of an upstream's row as its digits; undefined if it has none that could be asked for, such as `"01001"`, `1001.5`
 * or -3. `parseJson` turns numbers that JSON.parse would round into strings, so they are exact here.
 */
export function rowId(row: unknown): string | undefined {
  if (!isRecord(row)) return undefined;
  const { id } = row;
  const digits = typeof id === 'number' ? String(id) : id;
  return typeof digits === 'string' && SOURCE_ID.test(digits) ? digits : undefined;
}
