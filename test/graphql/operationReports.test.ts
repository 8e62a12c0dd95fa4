import { afterEach, expect, jest, test } from '@jest/globals';
import { operationReports } from '../../src/graphql/plugins/operationReports.js';

afterEach(() => void jest.restoreAllMocks());

interface Sent {
  readonly reported: unknown[][];
  readonly traced: unknown[];
  readonly result: object;
}

/** Answers an operation after 2.5 s. */
async function sent(result: object, { kind = 'single', status, operationName = 'Name', ...observers }: Record<string, unknown> & { status?: number } = {}): Promise<Sent> {
  const reported: unknown[][] = [];
  const traced: unknown[] = [];
  const now = jest.spyOn(performance, 'now').mockReturnValue(1_000);
  const request = await operationReports((...words) => void reported.push(words)).requestDidStart!({} as never);
  now.mockReturnValue(3_500);
  const trace = { traceparent: '00-1', end: (summary: unknown) => traced.push(summary) };
  await request!.willSendResponse!({ response: { body: { kind, singleResult: result }, http: { status } }, operationName, contextValue: { observers: { trace, waits: [], ...observers } } } as never);
  return { reported, traced, result };
}

const error = (code: unknown): object => ({ message: 'x', extensions: { code } });

test.each<[object, string, string | null, string | undefined]>([
  [{ data: {} }, 'ok', 'Name', undefined],
  [{ data: {}, errors: [] }, 'ok', 'Name', undefined],
  [{ data: {}, errors: [error('A'), error('B')] }, 'partial', 'Name', 'A'],
  [{ data: {}, errors: [error(7)] }, 'partial', 'Name', undefined],
  [{ data: {}, errors: [{ message: 'x' }] }, 'partial', 'Name', undefined],
  [{ data: null, errors: [error('A')] }, 'failed', 'Name', 'A'],
  [{ data: null }, 'failed', 'Name', undefined],
  [{ data: null, errors: [error('BAD_USER_INPUT'), error('LIMIT_EXCEEDED')] }, 'refused', 'Name', 'BAD_USER_INPUT'],
  [{ data: null, errors: [error('BAD_USER_INPUT'), error('A')] }, 'failed', 'Name', 'BAD_USER_INPUT'],
  [{ errors: [error('A')] }, 'refused', null, 'A'],
])('%j is reported as %s', async (result, outcome, name, errorCode) => {
  const { reported, traced } = await sent({ ...result });
  expect(reported).toEqual([[name, outcome, 2.5, '00-1']]);
  expect(traced).toEqual([{ name, outcome, status: 200, errorCode, waits: [] }]);
});

test('An operation without a name, with another status than 200, is reported so', async () => {
  const { reported, traced } = await sent({ data: {} }, { operationName: null, status: 503 });
  expect([reported[0]![0], traced]).toEqual([null, [expect.objectContaining({ name: null, status: 503 })]]);
});

test('An operation that is not recorded has no trace, and lists no calls', async () => {
  const { reported, traced, result } = await sent({ data: {} }, { waits: undefined, showsCalls: true });
  expect([reported.length, traced, result]).toEqual([1, [], { data: {} }]);
});

test.each([true, false])('An answer lists its upstream calls only if it is to (%s)', async (showsCalls) => {
  const { result } = await sent({ data: {}, extensions: { other: 1 } }, { showsCalls, trace: undefined });
  expect(result).toEqual({ data: {}, extensions: { other: 1, ...(showsCalls && { upstreamCalls: expect.anything() }) } });
});

test.each([{ isPlanned: true }, { kind: 'incremental' }])('Nothing is reported of an answer like %j', async (options) => {
  expect(await sent({ data: {} }, options)).toMatchObject({ reported: [], traced: [] });
});
