import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { namesOf, NAMES } from '../support/caller.js';
import { report } from '../support/figures.js';
import { closedLoop } from '../support/load.js';
import { firstIds, startStand, type Stand } from '../support/stand.js';
import { until } from '../support/until.js';

const ABORTS = 2_000;
const LONGEST_PATIENCE_MS = 60;

/** Two depths, so that some leave between the first calls and the second. */
const DEEP = 'query ($ids: [ID!]!) { contacts(ids: $ids) { id name address { city } representatives { name } } }';

let stand: Stand;
beforeAll(async () => {
  // Long enough that nothing but its caller ends a call, and that none is refused because others wait.
  stand = await startStand({ REQUEST_TIMEOUT_MS: '60000', ATTEMPT_TIMEOUT_MS: '60000', MAX_WAIT_MS: '60000' });
});
afterAll(() => stand.stop());

test(`${ABORTS} callers who go away leave no call behind, and nobody another's answer`, async () => {
  const systems = [stand.sandbox.pms, stand.sandbox.cas360];
  const pms = firstIds(stand.sandbox, 'pms', 600);
  const cas360 = firstIds(stand.sandbox, 'cas360', 600);
  const names = await namesOf(stand.caller, [...pms, ...cas360]);
  const draw = (ids: readonly string[], most: number): string[] => {
    const from = Math.floor(Math.random() * (ids.length - most));
    return ids.slice(from, from + 1 + Math.floor(Math.random() * most));
  };

  for (const system of systems) {
    system.resetCalls();
    system.faults.set([{ hang: true, probability: 0.3 }, { reset: 'mid-body', probability: 0.02 }, { drip: { bytes: 500, everyMs: 5 }, probability: 0.3 }, { latencyMs: 15 }]);
  }
  let aborted = 0;
  let answered = 0;
  await closedLoop(ABORTS * 2, 25, async () => {
    if (aborted >= ABORTS) return;
    const leaving = new AbortController();
    const timer = setTimeout(() => leaving.abort(), Math.random() * LONGEST_PATIENCE_MS);
    const ids = [...(Math.random() < 0.6 ? draw(pms, 5) : []), ...(Math.random() < 0.6 ? draw(cas360, 150) : [])];
    await stand.caller.ask(DEEP, { ids }, leaving.signal).then(() => answered++, () => aborted++);
    clearTimeout(timer);
  });
  // Without callers, in a fraction of the time that a call may take.
  await until('no call is under way', () => systems.every((system) => system.calls.every(({ endedAt }) => endedAt !== undefined)));
  const calls = systems.flatMap((system) => system.calls);
  const cut = calls.filter((call) => call.aborted).length;

  for (const system of systems) system.faults.clear();
  let wrong = 0;
  let refused = 0;
  const all = [...names.keys()];
  await closedLoop(1_000, 50, async () => {
    const ids = Array.from({ length: 10 }, () => all[Math.floor(Math.random() * all.length)]!);
    const { data, codes } = await stand.caller.ask(NAMES, { ids });
    // A busy machine may refuse some.
    const isRefused = codes.includes('OVERLOADED');
    if (isRefused) refused++;
    if (ids.some((id, at) => (data.contacts[at] ? data.contacts[at].id !== id || data.contacts[at].name !== names.get(id) : !isRefused))) wrong++;
  });
  report('callers who go away', { aborted, answered, 'upstream calls': calls.length, 'cut off': cut, 'later answers': 1_000, refused, wrong });
  expect(aborted).toBeGreaterThanOrEqual(ABORTS);
  // Three of ten hang.
  expect(cut).toBeGreaterThan(calls.length / 5);
  expect(wrong).toBe(0);
  expect(refused).toBeLessThan(500);
}, 60_000);
