import { expect } from '@jest/globals';
import { ERRORS, type ErrorCode } from '../../src/errors.js';
import type { Fault } from '../../sandbox/faults.js';
import type { Sandbox } from '../../sandbox/start.js';
import { idsFrom, PLAIN, type Answer, type TestApp } from '../support/testApp.js';

export const SYSTEMS = ['pms', 'cas360'] as const;
export type System = (typeof SYSTEMS)[number];
export const SOURCE = { pms: 'PMS', cas360: 'CAS360' } as const;
export const otherThan = (system: System): System => (system === 'pms' ? 'cas360' : 'pms');
export const systemOf = (id: string): System => (id.startsWith('pms:') ? 'pms' : 'cas360');

/** In every text that a fault brings along. */
export const CANARY = 'CANARY at http://canary.invalid/ in com.vendor.Secret.java:42';

/** The words that show that something of a fault was served. */
const LEAKS = /canary|vendor|java|ECONN|undici|socket|127\.0\.0\.1|localhost|\/contacts\//i;

/** What becomes of an id: served as the sandbox knows it, null because there is no such contact, or an error. */
export type Outcome = 'right' | 'none' | 'no token for now' | ErrorCode;

/** The first ids of a system that follow one another: 1,600 of them. */
export const FIRST: Readonly<Record<System, number>> = { pms: 5001, cas360: 1001 };

/** The sizes of batches: for the register one id, half a chunk and two and a half chunks; for the PMS, where each id is a call, one and more than go out at once. */
export const SIZES = { pms: [1, 50], cas360: [1, 50, 250] } as const;
export const BATCHES: [System, number][] = SYSTEMS.flatMap((system) => SIZES[system].map((size): [System, number] => [system, size]));

export const batch = (system: System, size: number): string[] => idsFrom(system, FIRST[system], size);

/** The number of a contact in its system, by its id. */
export const numberOf = (id: string): string => id.slice(id.indexOf(':') + 1);

/** Gives every contact a name that nobody else has and that tells whose it is, so that no mix-up can look right. Its letters show a wrong character set. */
export function nameEverybody({ pms, cas360 }: Sandbox): void {
  for (const [id, row] of pms.data.contacts) pms.data.contacts.set(id, { ...row, firstName: 'Zoë', middleNames: null, lastName: id });
  for (const [id, row] of cas360.data.contacts) cas360.data.contacts.set(id, { ...row, name: `Jörg ${id}` });
}

/** What is right for an id, given everybody's name: null where the system has no such contact. */
export function truth(sandbox: Sandbox, id: string): { id: string; name: string } | null {
  const system = systemOf(id);
  if (!sandbox[system].data.contacts.has(numberOf(id))) return null;
  return { id, name: `${system === 'pms' ? 'Zoë' : 'Jörg'} ${numberOf(id)}` };
}

/** Tells a system to go wrong; with no faults, to be well again. */
export function plant(app: TestApp, system: System, ...faults: object[]): void {
  app.sandbox[system].faults.set(faults as Fault[]);
}

export const HEALTHY = { pms: ['pms:6001', 'pms:6002'], cas360: ['cas360:2001', 'cas360:20001'] } as const;

/**
 * Asks for ids of one system, beside some of the other. Everything must be as `outcomeOf` has it: same length and
 * order, one error for each id that has one and no other, the other system's contacts all right, nothing leaked.
 */
export async function expectEach(app: TestApp, ids: readonly string[], outcomeOf: (id: string, place: number) => Outcome): Promise<void> {
  expectOutcomes(app, ids, await askFor(app, ids), outcomeOf);
}

/** The same for a batch of each size, side by side, each of ids of its own. */
export async function expectBatches(app: TestApp, system: System, outcomeOf: (id: string, place: number) => Outcome, sizes: readonly number[] = SIZES[system]): Promise<void> {
  let first = FIRST[system];
  const batches = sizes.map((size) => idsFrom(system, (first += size) - size, size));
  const answers = await Promise.all(batches.map((ids) => askFor(app, ids)));
  batches.forEach((ids, i) => expectOutcomes(app, ids, answers[i]!, outcomeOf));
}

const QUERY = 'query ($ids: [ID!]!, $others: [ID!]!) { contacts(ids: $ids) { id name } others: contacts(ids: $others) { id name } }';
const othersThan = (ids: readonly string[]): readonly string[] => HEALTHY[otherThan(systemOf(ids[0]!))];

function askFor(app: TestApp, ids: readonly string[]): Promise<Answer> {
  return app.query(QUERY, { ids, others: othersThan(ids) }, PLAIN);
}

function expectOutcomes({ sandbox }: TestApp, ids: readonly string[], { data, errors = [], text }: Answer, outcomeOf: (id: string, place: number) => Outcome): void {
  const outcomes = ids.map(outcomeOf);
  const told = Object.fromEntries(errors.map(({ path, extensions }) => [path!.join('.'), withoutTime(extensions)]));
  const places = outcomes.flatMap((outcome, i) => (outcome === 'right' || outcome === 'none' ? [] : [[`contacts.${i}`, extensionsOf(outcome, ids[i]!)]]));
  // First, since it names the reason.
  expect(told).toEqual(Object.fromEntries(places));
  expect(errors).toHaveLength(places.length);
  expect(data.contacts).toEqual(ids.map((id, i) => (outcomes[i] === 'right' ? truth(sandbox, id) : null)));
  expect(data.others).toEqual(othersThan(ids).map((id) => truth(sandbox, id)));
  expect(text).not.toMatch(LEAKS);
}

/** Makes so many good calls to both systems that a second attempt at each is to be had again, whatever there was before. */
export async function fillBudgets(app: TestApp): Promise<void> {
  // Ten calls earn one attempt, but for what is lost in adding tenths.
  for (let n = 0; n < 11; n++) await expectEach(app, [HEALTHY.pms[0]], () => 'right');
}

export function extensionsOf(outcome: ErrorCode | 'no token for now', id: string): object {
  if (outcome === 'no token for now') return { ...extensionsOf('UPSTREAM_AUTH_FAILED', id), retryable: true };
  const code = outcome;
  return { code, retryable: ERRORS[code].retryable === true, source: SOURCE[systemOf(id)] };
}

/** How long an upstream is not asked depends on when it was asked. */
function withoutTime({ retryAfterSeconds, ...extensions }: Record<string, unknown>): Record<string, unknown> {
  if (retryAfterSeconds !== undefined) expect(retryAfterSeconds).toBeGreaterThanOrEqual(1);
  return extensions;
}
