// Writes what clients need to know of the errors: a table for machines, and a TypeScript type.
import { ERRORS, LIMITS, messageParts } from '../dist/src/errorCodes.js';

/** The table of all codes and limits, as JSON. */
export function errorsTable() {
  const codes = Object.entries(ERRORS).map(([code, { retryable, always = [], sometimes = [] }]) => ({
    code,
    retryable,
    ...messageParts(code, {}),
    extensions: { always: ['code', 'retryable', ...always], sometimes },
  }));
  return `${JSON.stringify({ codes, limits: LIMITS }, undefined, 2)}\n`;
}

/** The type of an error, with one member of a union for each code. */
export function errorTypes() {
  return `// The errors of the contacts subgraph, for its clients. Copy this file into your client: it imports nothing.
// Written from src/errorCodes.ts by \`npm run schema:update\`; docs/errors.md explains each code.

export const CONTACTS_ERROR_CODES = [
${lines(Object.keys(ERRORS).map((code) => `  '${code}',`))}
] as const;

export type ContactsErrorCode = (typeof CONTACTS_ERROR_CODES)[number];

/** The limits that an error can name. */
export type ContactsLimit =
${lines(Object.keys(LIMITS).map((name) => `  | '${name}'`))};

/** What a program can decide by. The message is for people, and its wording may change. */
export type ContactsErrorExtensions =
${lines(Object.entries(ERRORS).map(([code, kind]) => `  | { ${members(code, kind)} }`))};

/** An error in the \`errors\` of an answer. */
export interface ContactsError {
  readonly message: string;
  /** The place in the query. */
  readonly locations?: readonly { readonly line: number; readonly column: number }[];
  /** The place in the answer, which is null. */
  readonly path?: readonly (string | number)[];
  readonly extensions: ContactsErrorExtensions;
}

/** Whether an error has one of these codes. Errors of a router, or of other subgraphs, can have others. */
export function isContactsError(error: { readonly extensions?: unknown }): error is ContactsError {
  const { extensions } = error;
  const code: unknown = typeof extensions === 'object' && extensions !== null && 'code' in extensions ? extensions.code : undefined;
  return CONTACTS_ERROR_CODES.some((known) => known === code);
}
`;
}

const TYPES = { source: "'PMS' | 'CAS360'", retryAfterSeconds: 'number', limit: 'ContactsLimit', coordinate: 'string', scope: 'string' };

function members(code, { retryable, always = [], sometimes = [] }) {
  return [
    `readonly code: '${code}'`,
    `readonly retryable: ${retryable === 'sometimes' ? 'boolean' : retryable}`,
    ...always.map((name) => `readonly ${name}: ${TYPES[name]}`),
    ...sometimes.map((name) => `readonly ${name}?: ${TYPES[name]}`),
  ].join('; ');
}

function lines(texts) {
  return texts.join('\n');
}
