import type { Fault } from './faults.js';
import type { Answer } from './http.js';

type Row = Record<string, unknown> & { id?: unknown };
type Spoilt = Extract<Fault, { spoiltRow: unknown }>;

const notServed: Answer = { status: 404, body: { message: 'No such contact' } };
const SPOILT = { NaN: 'NaN', 'line-break': '"a\nb"', quote: '"a"b"' };

/** The answer with its rows edited by one fault. A single object (a PMS contact or a token) is one row. */
export function edited(answer: Answer, fault: Fault): Answer {
  if (answer.status !== 200) return answer;
  const rows: unknown[] = Array.isArray(answer.body) ? answer.body : [answer.body];
  const changed = editedRows(rows, fault);
  if (Array.isArray(answer.body)) return { ...answer, body: changed };
  if (changed.length === 0) return notServed;
  // A body that is a string would be sent as it is.
  return { ...answer, body: typeof changed[0] === 'string' ? JSON.stringify(changed[0]) : changed[0] };
}

/** The rows as JSON, some of them made invalid. */
export function withSpoiltRows(body: unknown, { spoiltRow, ids }: Spoilt): string {
  const textOf = (row: unknown): string => {
    const text = JSON.stringify(row);
    return isMeant(row, ids) ? text.replace('{', `{"spoilt":${SPOILT[spoiltRow]},`) : text;
  };
  return Array.isArray(body) ? `[${body.map(textOf).join(',')}]` : textOf(body);
}

function editedRows(rows: unknown[], fault: Fault): unknown[] {
  if ('omit' in fault) return rows.filter((row) => !isRow(row) || !fault.omit.includes(String(row.id)));
  if ('pageRows' in fault) return rows.slice(0, fault.pageRows);
  if ('add' in fault) return [...rows, ...fault.add];
  return rows.map((row) => (isMeant(row, fault.ids) ? changed(row, fault) : row));
}

function changed(row: Row, fault: Fault): unknown {
  if ('patch' in fault) return { ...row, ...fault.patch };
  if ('wrongId' in fault) return { ...row, id: Number(row.id) + 1_000_000 };
  if ('withoutKeys' in fault) return Object.fromEntries(Object.entries(row).filter(([key]) => !fault.withoutKeys.includes(key)));
  if ('paddingBytes' in fault) return { ...row, padding: 'x'.repeat(fault.paddingBytes) };
  return 'replaceRow' in fault ? fault.replaceRow : row;
}

function isMeant(row: unknown, ids: readonly string[] | undefined): row is Row {
  return isRow(row) && (ids?.includes(String(row.id)) ?? true);
}

/** Other faults may have put in what is no row. */
function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null;
}
