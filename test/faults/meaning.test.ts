import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/testApp.js';
import { batch, CANARY, expectEach, nameEverybody, numberOf, plant, type Outcome } from './truth.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
  nameEverybody(app.sandbox);
});
beforeEach(() => app.reset());
afterAll(() => app.stop());

const row = (id: string): object => app.sandbox.cas360.data.contacts.get(numberOf(id))!;
const lie = (id: string): object => ({ ...row(id), name: CANARY });
const withIds = (ids: readonly string[], change: (number: number) => unknown): object[] =>
  ids.map((id) => ({ ...lie(id), id: change(Number(numberOf(id))) }));
const omitted = (ids: readonly string[]): object => ({ omit: ids.map(numberOf) });
/** Left out of the first call. One row in ten still comes, since an answer without any row says that there are none. */
const omittedOnce = (ids: readonly string[]): object[] => ids.map(numberOf).map((number) => ({ omit: number.endsWith('0') ? [] : [number], ids: [number], times: 1 }));

/** Faults in the rows of k of 250 ids of the register, and what becomes of those. */
const ROWS: [string, (hit: readonly string[]) => object[], Outcome][] = [
  ['are left out of every call', (hit) => [omitted(hit)], 'none'],
  ['are left out of the first calls', omittedOnce, 'right'],
  ['are answered under other ids', (hit) => [{ wrongId: true, ids: hit.map(numberOf) }], 'UPSTREAM_INVALID_RESPONSE'],
  ['contradict one another', (hit) => [{ add: hit.map(lie) }], 'UPSTREAM_INVALID_RESPONSE'],
  ['contradict one another, then agree', (hit) => [{ add: hit.flatMap((id) => [lie(id), row(id), lie(id)]) }], 'UPSTREAM_INVALID_RESPONSE'],
  ['come twice and alike', (hit) => [{ add: hit.map(row) }], 'right'],
  ['have texts for ids', (hit) => [omitted(hit), { add: hit.map((id) => ({ ...row(id), id: numberOf(id) })) }], 'right'],
  ['have fractions for ids', (hit) => [omitted(hit), { add: withIds(hit, (number) => number + 0.5) }], 'UPSTREAM_INVALID_RESPONSE'],
  ['have ids below 0', (hit) => [omitted(hit), { add: withIds(hit, (number) => -number) }], 'UPSTREAM_INVALID_RESPONSE'],
  ['have lists for ids', (hit) => [omitted(hit), { add: withIds(hit, (number) => [number]) }], 'UPSTREAM_INVALID_RESPONSE'],
  ['have objects for ids', (hit) => [omitted(hit), { add: withIds(hit, (number) => ({ id: number })) }], 'UPSTREAM_INVALID_RESPONSE'],
  ['have texts like their ids', (hit) => [omitted(hit), { add: withIds(hit, (number) => `0${number}`).concat(withIds(hit, (number) => `${number}.0`)) }], 'UPSTREAM_INVALID_RESPONSE'],
  ['are no objects', (hit) => [omitted(hit), { add: hit.flatMap((id) => [null, Number(numberOf(id)), numberOf(id), [lie(id)]]) }], 'UPSTREAM_INVALID_RESPONSE'],
  ['come in other calls than their own', (hit) => [...omittedOnce(hit), { add: hit.map(row), times: 4 }], 'right'],
];

describe.each(ROWS)('rows of k of 250 ids that %s', (_what, faultsOf, outcome) => {
  test.each([1, 7, 249])('k = %i', async (k) => {
    const ids = batch('cas360', 250);
    // Far from one another.
    const hit = new Set(Array.from({ length: k }, (_, n) => ids[(n * 71 + 3) % ids.length]!));
    plant(app, 'cas360', ...faultsOf([...hit]));
    await expectEach(app, ids, (id) => (hit.has(id) ? outcome : 'right'));
  });
});

describe('rows of the register', () => {
  const ids = batch('cas360', 500);

  test('that nobody asked for are not served, however many', async () => {
    plant(app, 'cas360', { add: batch('cas360', 1_600).slice(500).map(lie) });
    await expectEach(app, ids, () => 'right');
  });

  test.each([
    ['of 1 MB', 'x'.repeat(1_000_000)],
    ['with NUL', 'a\u0000b'],
    ['from right to left', '\u202Eright\u202C \u05E9\u05DC\u05D5\u05DD \u{1F43E}'],
  ])('with a name %s are served with it', async (_what, name) => {
    plant(app, 'cas360', { ids: ['1002'], patch: { name } });
    const { data, errors } = await app.query('{ contacts(ids: ["cas360:1001", "cas360:1002", "cas360:1003"]) { name } }');
    expect(errors).toBeUndefined();
    expect(data.contacts).toEqual([{ name: 'Jörg 1001' }, { name }, { name: 'Jörg 1003' }]);
  });

  test('that are far too deep cost nothing, and contradict one another without harm to others', async () => {
    // Deeper than a function that calls itself can go.
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const rows = JSON.stringify(batch('cas360', 50).map(row)).slice(0, -1);
    plant(app, 'cas360', { on: 'contacts', ids: ['1001'], body: `${rows},{"id":1700,"deep":${deep}}]` });
    await expectEach(app, batch('cas360', 50), () => 'right');
    plant(app, 'cas360', { on: 'contacts', ids: ['1001'], body: `${rows},{"id":1007,"deep":${deep}},{"id":1007,"deep":${deep}}]` });
    await expectEach(app, batch('cas360', 50), (id) => (id === 'cas360:1007' ? 'UPSTREAM_INVALID_RESPONSE' : 'right'));
  });
});
