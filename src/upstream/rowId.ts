import { isRecord } from '../record.js';

/**
 * The id of an upstream's row as its digits, or undefined where it has none that can be trusted. Numbers that were
 * rounded are not among them: `parseJson` hands those on as strings.
 */
export function rowId(row: unknown): string | undefined {
  if (!isRecord(row)) return undefined;
  const { id } = row;
  if (typeof id === 'string') return id;
  return Number.isSafeInteger(id) ? String(id) : undefined;
}
