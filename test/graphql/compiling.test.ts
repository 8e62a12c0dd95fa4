import { afterEach, expect, jest, test } from '@jest/globals';
import type * as GraphqlJit from 'graphql-jit';
import type { TestApp } from '../support/testApp.js';

const jit = jest.requireActual<typeof GraphqlJit>('graphql-jit');
/** Queries that were compiled, and how often such a query has run. */
let compiled = 0;
let runs = 0;
/** What compiling one takes, by the clock of the service. */
let compilingMs = 0;
let aheadMs = 0;

jest.unstable_mockModule('graphql-jit', () => ({
  ...jit,
  compileQuery: (...given: Parameters<typeof jit.compileQuery>) => {
    compiled++;
    aheadMs += compilingMs;
    const { query, ...rest } = jit.compileQuery(...given) as GraphqlJit.CompiledQuery;
    const counted: typeof query = (...values) => {
      runs++;
      return query(...values);
    };
    return { ...rest, query: counted };
  },
}));
const { startTestApp } = await import('../support/testApp.js');

let app: TestApp;
afterEach(async () => {
  jest.restoreAllMocks();
  await app.stop();
});

const start = async (settings: Record<string, string> = {}): Promise<void> => {
  app = await startTestApp(settings);
  [compiled, runs, compilingMs, aheadMs] = [0, 0, 0, 0];
};
/** How many queries have been compiled, and how often such a query has run, after each request. */
const countsAfter = async (...queries: string[]): Promise<[number, number][]> => {
  const counts: [number, number][] = [];
  for (const query of queries) {
    expect((await app.query(query)).errors).toBeUndefined();
    counts.push([compiled, runs]);
  }
  return counts;
};

test('An operation is compiled when it comes the second time, and runs so from then on', async () => {
  await start();
  expect(await countsAfter('{ __typename }', '{ __typename }', '{ __typename }')).toEqual([[0, 0], [1, 1], [1, 2]]);
});

test('With JIT=false no operation is compiled', async () => {
  await start({ JIT: 'false' });
  expect(await countsAfter('{ __typename }', '{ __typename }', '{ __typename }')).toEqual([[0, 0], [0, 0], [0, 0]]);
});

test('No more operations are compiled where that has taken too much of the time', async () => {
  await start();
  const { now } = performance;
  jest.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + aheadMs);
  compilingMs = 60_000;
  expect(await countsAfter('{ a: __typename }', '{ a: __typename }', '{ b: __typename }', '{ b: __typename }')).toEqual([[0, 0], [1, 1], [1, 1], [1, 1]]);
});
