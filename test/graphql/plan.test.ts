import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { UpstreamPlan } from '../../src/graphql/plan/upstreamPlan.js';
import { LONG_RUN } from '../support/longRun.js';
import { startTestApp, type Answer, type TestApp } from '../support/testApp.js';
import { operation, type Operation } from './drawnNeeds.js';
import { operations } from './drawnOperations.js';
import { putOddOnes } from './oddOnes.js';

const RUNS = LONG_RUN ? 50_000 : 50;
const SEED = Number(process.env.PLAN_SEED ?? Date.now() % 2 ** 31);

let app: TestApp;
/** `equal` are the operations whose calls depend on no answer: they made exactly as many as planned. */
const seen = { operations: 0, refused: 0, calls: 0, equal: 0, inRareCases: 0 };

beforeAll(async () => {
  app = await startTestApp({ GRAPHIQL: 'true' }, { graphiqlFolder: 'dist/graphiql' });
  putOddOnes(app);
  // Both tokens are there before anything is counted.
  await app.query('{ a: contact(id: "pms:4711") { name } b: contact(id: "cas360:54") { name } }');
});
beforeEach(() => app.reset());
afterAll(async () => {
  process.stdout.write(`seed ${SEED}: ${JSON.stringify(seen)}\n`);
  await app.stop();
});

async function ask({ query, variables }: Pick<Operation, 'query' | 'variables'>, header?: string): Promise<Answer & { plan: UpstreamPlan | undefined }> {
  const answer = await app.query(query, { ...variables }, header === undefined ? {} : { 'x-upstream-calls': header });
  return { ...answer, plan: JSON.parse(answer.text).extensions?.upstreamPlan };
}

/** Whether the register was asked for an id that it does not have, or for a Joint Member without the address that is wanted. */
function isRare({ steps }: UpstreamPlan): boolean {
  const { data, calls } = app.sandbox.cas360;
  const needsOwnAddress = steps.some(({ onlyIf }) => onlyIf);
  const isOdd = (id: string): boolean => {
    const row = data.contacts.get(id);
    return !row || (needsOwnAddress && row.addressId === null);
  };
  return calls.some(({ kind, ids }) => (kind === 'contacts' && ids.some(isOdd)) || (kind === 'addresses' && ids.some((id) => !data.addresses.has(id))));
}

async function expectAsPlanned(drawn: Pick<Operation, 'query' | 'variables'>): Promise<void> {
  app.reset();
  const planned = await ask(drawn, 'plan');
  expect(app.calls()).toEqual({ pms: 0, cas360: 0, addresses: 0 });
  const run = await ask(drawn);
  if (!planned.plan) {
    expect([planned.status, planned.data]).toEqual([run.status, run.data]);
    // Running it may find more faults of the same answer.
    expect(run.errors!.map(({ extensions }) => extensions.code)).toContain(planned.errors![0]!.extensions.code);
    expect(run.data ?? null).toBeNull();
    seen.refused++;
    return;
  }
  expect(planned.data).toBeNull();
  const { calls, endpoints } = planned.plan;
  const made = app.calls();
  const rest = { 'PMS contacts': made.pms, 'CAS360 contacts': made.cas360, 'CAS360 addresses': made.addresses };
  const sum = made.pms + made.cas360 + made.addresses;
  const rare = isRare(planned.plan);
  for (const { source, resource, calls: bounds } of endpoints) {
    const endpoint = `${source} ${resource}` as keyof typeof rest;
    expect(rest[endpoint]).toBeGreaterThanOrEqual(bounds.atLeast);
    expect(rest[endpoint]).toBeLessThanOrEqual((rare ? bounds.inRareCases : bounds.atMost) ?? Infinity);
    rest[endpoint] = 0;
  }
  // It names every endpoint that is called.
  expect(Object.values(rest)).toEqual([0, 0, 0]);
  expect(sum).toBeLessThanOrEqual((rare ? calls.inRareCases : calls.atMost) ?? Infinity);
  seen.operations++;
  seen.calls += sum;
  if (rare) seen.inRareCases++;
  else if (calls.atLeast === calls.atMost) seen.equal++;
}

test('An operation that is alone makes as many calls as its plan says', async () => {
  await fc.assert(fc.asyncProperty(operation, expectAsPlanned), { numRuns: RUNS, seed: SEED });
}, 7_200_000);

test('So does one of any shape, and a refused one is refused alike', async () => {
  // A directive without a value is an error of the fields around it when it runs, and of the whole plan.
  const complete = operations.filter(({ variables }) => variables.maybe !== null && variables.perhaps !== null);
  await fc.assert(fc.asyncProperty(complete, expectAsPlanned), { numRuns: RUNS, seed: SEED });
}, 7_200_000);
