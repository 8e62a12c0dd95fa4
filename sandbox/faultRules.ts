import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { CallKind } from './calls.js';
import type { Fault } from './faults.js';

/** The faults that one server supports. */
export interface FaultRules {
  kinds: readonly CallKind[];
  /** Whether its data calls return lists. Only then are `relationships`, `add` and `pageRows` allowed. */
  lists: boolean;
}

interface Rule {
  wanted: string;
  holds(value: unknown): boolean;
}

const text: Rule = { wanted: 'a string', holds: (value) => typeof value === 'string' };
const flag: Rule = { wanted: 'true', holds: (value) => value === true };
const texts: Rule = { wanted: 'a list of strings', holds: (value) => isList(value) && value.every(text.holds) };
/** What Node refuses in a header would be a fault of the sandbox later. */
const headerValue: Rule = { wanted: 'a string that can stand in a header', holds: (value) => text.holds(value) && isAllowed(() => validateHeaderValue('x', value as string)) };
const headers: Rule = {
  wanted: 'an object of strings, with names and values that can stand in headers',
  holds: (value) => isObject(value) && Object.entries(value).every(([name, each]) => headerValue.holds(each) && isAllowed(() => validateHeaderName(name))),
};
/** The longest timer of Node. It fires a longer one at once. */
export const MAX_MS = 2_147_483_647;
const milliseconds = number(`a number of milliseconds, at most ${MAX_MS}`, (value) => value >= 0 && value <= MAX_MS);
/** Text of this length is made for each row. */
const MAX_PADDING_BYTES = 100_000_000;

const aim: Record<string, Rule> = {
  ids: texts,
  relationships: { wanted: 'true or false', holds: (value) => typeof value === 'boolean' },
  after: number('a whole number', (value) => Number.isInteger(value) && value >= 0),
  times: number('a whole number above 0', (value) => Number.isInteger(value) && value > 0),
  probability: number('a number from 0 to 1', (value) => value >= 0 && value <= 1),
  latencyMs: milliseconds,
};

const effects: Record<string, Rule> = {
  status: number('a status from 200 to 599', (value) => Number.isInteger(value) && value >= 200 && value <= 599),
  body: text,
  invalidToken: number('400, 401 or 403', (value) => [400, 401, 403].includes(value)),
  gatewayPage: number('200, 404, 502 or 503', (value) => [200, 404, 502, 503].includes(value)),
  limit: {
    wanted: '{ perSecond, burst }, with perSecond above 0, and burst 1 or more or left out',
    holds: (value) => isObject(value) && Number(value.perSecond) > 0 && allNumbers(value, ['perSecond', 'burst']) && Number(value.burst ?? 1) >= 1,
  },
  capacity: {
    wanted: '{ atOnce, serviceMs }, with atOnce a whole number above 0',
    holds: (value) => isObject(value) && Number.isInteger(value.atOnce) && Number(value.atOnce) > 0 && milliseconds.holds(value.serviceMs) && allNumbers(value, ['atOnce', 'serviceMs']),
  },
  reset: { wanted: "'before-headers' or 'mid-body'", holds: (value) => value === 'before-headers' || value === 'mid-body' },
  hang: flag,
  drip: {
    wanted: '{ bytes, everyMs }, with bytes a whole number above 0',
    holds: (value) =>
      isObject(value) && Number.isInteger(value.bytes) && Number(value.bytes) > 0 && milliseconds.holds(value.everyMs),
  },
  heldMs: milliseconds,
  truncate: flag,
  brokenJson: flag,
  spoiltRow: { wanted: "'NaN', 'line-break' or 'quote'", holds: (value) => ['NaN', 'line-break', 'quote'].includes(String(value)) },
  charset: { wanted: "'iso-8859-1' or 'utf-16le'", holds: (value) => value === 'iso-8859-1' || value === 'utf-16le' },
  pageRows: number('a whole number', (value) => Number.isInteger(value) && value >= 0),
  omit: texts,
  add: { wanted: 'a list of rows', holds: isList },
  patch: { wanted: 'an object', holds: isObject },
  wrongId: flag,
  withoutKeys: texts,
  paddingBytes: number(`a whole number from 1 to ${MAX_PADDING_BYTES}`, (value) => Number.isInteger(value) && value > 0 && value <= MAX_PADDING_BYTES),
  replaceRow: { wanted: 'any value', holds: () => true },
};

/** Additional keys of an effect, and the effects that allow them. */
const companions: Record<string, { rule: Rule; of: string[] }> = {
  contentType: { rule: headerValue, of: ['status', 'body'] },
  headers: { rule: headers, of: ['status', 'body'] },
  retryAfter: { rule: headerValue, of: ['status', 'gatewayPage', 'limit'] },
  declaredAs: { rule: headerValue, of: ['charset'] },
};

/** Validates a plan of faults. Throws a TypeError that names the fault, the key and what is allowed. */
export function checkFaults(plan: unknown, rules: FaultRules): Fault[] {
  if (!isList(plan)) throw new TypeError('Faults are a list: [{ "status": 503, "times": 1 }]');
  plan.forEach((fault, index) => {
    const problem = problemOf(fault, rules);
    if (problem) throw new TypeError(`Fault ${index}: ${problem}`);
  });
  return plan as Fault[];
}

function problemOf(fault: unknown, rules: FaultRules): string | undefined {
  if (!isObject(fault)) return 'not an object';
  const kinds: Rule = {
    wanted: `one of ${rules.kinds.join(', ')}`,
    holds: (value) => rules.kinds.some((kind) => kind === value),
  };
  const all: Record<string, Rule> = { on: kinds, ...aim, ...effects };
  for (const [key, { rule }] of Object.entries(companions)) all[key] = rule;
  const { relationships: _relationships, add: _add, pageRows: _pageRows, ...single } = all;
  const known: Record<string, Rule> = rules.lists ? all : single;

  for (const [key, value] of Object.entries(fault)) {
    const rule = Object.hasOwn(known, key) ? known[key] : undefined;
    if (!rule) return `unknown key '${key}'; allowed are ${Object.keys(known).join(', ')}`;
    if (!rule.holds(value)) return `'${key}' must be ${rule.wanted}`;
  }

  const choice = `one of ${Object.keys(effects).join(', ')}`;
  const chosen = Object.keys(fault).filter((key) => key in effects && !(key === 'body' && 'status' in fault));
  if (chosen.length > 1) return `${chosen.join(' and ')} cannot go together; allowed is ${choice}`;
  if (chosen.length === 0 && !('latencyMs' in fault)) return `does nothing; give latencyMs or ${choice}`;
  for (const [key, { of }] of Object.entries(companions)) {
    if (key in fault && !of.some((effect) => effect in fault)) return `'${key}' needs ${of.join(' or ')} beside it`;
  }
  return undefined;
}

function number(wanted: string, holds: (value: number) => boolean): Rule {
  return { wanted, holds: (value) => typeof value === 'number' && holds(value) };
}

/** Whether there are no other keys than these, and only numbers. */
function allNumbers(value: object, keys: readonly string[]): boolean {
  return Object.entries(value).every(([key, each]) => keys.includes(key) && typeof each === 'number');
}

function isAllowed(validate: () => void): boolean {
  try {
    validate();
    return true;
  } catch {
    return false;
  }
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
