import type { Check } from './checks.js';
import { counted, type Findings } from './findings.js';

/** A call that takes this share of its timeout leaves too little time for an operation's next calls. */
const SLOW_PART = 0.3;
const MAX_NAMED = 10;

export function reportLatency(check: Check, what: string, tookMs: number, timeoutMs: number, found: Findings): void {
  const took = `${what} took ${Math.max(1, Math.round(tookMs))} ms`;
  if (tookMs > timeoutMs * SLOW_PART) found.warning(check, `slow: ${took}. REQUEST_TIMEOUT_MS leaves ${timeoutMs} ms for a call`);
  else found.ok(check, took);
}

export function reportDifferences(check: Check, differences: readonly string[], file: string, found: Findings): void {
  if (differences.length === 0) return found.ok(check, `every key and listed value of the answer is in openapi/${file}`);
  const named = differences.slice(0, MAX_NAMED).join('; ');
  const others = differences.length > MAX_NAMED ? `; and ${differences.length - MAX_NAMED} more` : '';
  found.warning(check, `the answer has ${counted(differences.length, 'thing')} that openapi/${file} does not know: ${named}${others}`);
}

export const tokenLife = (lifetimeSeconds: number): string => `it lives ${duration(lifetimeSeconds)}`;

export function duration(ofSeconds: number): string {
  const seconds = Math.round(ofSeconds);
  return seconds < 7_200 ? counted(seconds, 'second') : counted(Math.round(seconds / 3_600), 'hour');
}
