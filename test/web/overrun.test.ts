import { EventEmitter } from 'node:events';
import type { ApolloServer } from '@apollo/server';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import type { Context } from '../../src/graphql/context.js';
import type { Deadline } from '../../src/deadline.js';
import { Deadlines } from '../../src/web/deadlines.js';
import { operationRoutes } from '../../src/web/operations.js';
import { bodyReader } from '../support/bodyReader.js';

const TIMEOUT_MS = 8_000;
const GRACE_MS = 3_000;

beforeEach(() => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => void jest.useRealTimers());

test('Once operations are told to end, those under way and those that come later are over at once', async () => {
  const app = bodyReader(TIMEOUT_MS);
  const deadlines = [Promise.withResolvers<Deadline>(), Promise.withResolvers<Deadline>()];
  let count = 0;
  const endAll = operationRoutes(app, {
    server: { executeHTTPGraphQLRequest: () => new Promise<never>(() => {}) } as unknown as ApolloServer<Context>,
    callers: async () => new Set<string>(),
    createContext: (_scopes, deadline) => {
      deadlines[count++]!.resolve(deadline);
      return { answer: { abandon: () => {}, end: () => {} } } as unknown as Context;
    },
    timeoutMs: TIMEOUT_MS,
    maxQueryCharacters: 100,
    maxQueryLines: 10,
    onOverrun: () => {},
  });
  const ask = () => app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ __typename }' } });
  const answers = [ask()];
  const first = await deadlines[0]!.promise;
  expect([first.signal.aborted, first.endsAtMs]).toEqual([false, performance.now() + TIMEOUT_MS]);
  endAll();
  expect(first.signal.aborted).toBe(true);
  answers.push(ask());
  const second = await deadlines[1]!.promise;
  expect(second.endsAtMs).toBe(performance.now());
  await jest.advanceTimersByTimeAsync(0);
  expect(second.signal.aborted).toBe(true);
  await jest.advanceTimersByTimeAsync(GRACE_MS);
  for (const { statusCode } of await Promise.all(answers)) expect(statusCode).toBe(503);
  // They are over: nothing of them is left.
  endAll();
  expect(jest.getTimerCount()).toBe(0);
  await app.close();
});

test('An answer that is still being read 3 seconds after the deadline is left alone', async () => {
  const onOverrun = jest.fn();
  const reply = { sent: false, raw: Object.assign(new EventEmitter(), { headersSent: false, writableFinished: false }) };
  const deadlines = new Deadlines(TIMEOUT_MS, onOverrun);
  deadlines.begin(reply as unknown as FastifyReply, performance.now(), () => {});
  reply.raw.headersSent = true;
  await jest.advanceTimersByTimeAsync(TIMEOUT_MS + GRACE_MS);
  expect(onOverrun).not.toHaveBeenCalled();
  reply.raw.emit('close');
});

test('An operation that is still at work 3 seconds after its deadline is answered with OVERLOADED, once, and told of', async () => {
  const app = bodyReader(TIMEOUT_MS);
  const hangs = new Promise<never>(() => {});
  const begun = Promise.withResolvers<undefined>();
  const onOverrun = jest.fn();
  const signals: string[] = [];
  operationRoutes(app, {
    server: { executeHTTPGraphQLRequest: () => hangs } as unknown as ApolloServer<Context>,
    callers: async () => new Set<string>(),
    createContext: (_scopes, { signal }) => {
      begun.resolve(undefined);
      signal.addEventListener('abort', () => signals.push(signal.reason!.message));
      return { answer: { abandon: () => {}, end: () => {} } } as unknown as Context;
    },
    timeoutMs: TIMEOUT_MS,
    maxQueryCharacters: 100,
    maxQueryLines: 10,
    onOverrun,
  });
  const answer = app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ __typename }' } });
  await begun.promise;
  await jest.advanceTimersByTimeAsync(TIMEOUT_MS - 1);
  expect(signals).toHaveLength(0);
  await jest.advanceTimersByTimeAsync(1);
  expect(signals).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(GRACE_MS - 1);
  expect(onOverrun).not.toHaveBeenCalled();
  await jest.advanceTimersByTimeAsync(1);
  const { statusCode, headers, body } = await answer;
  expect(statusCode).toBe(503);
  expect(headers['retry-after']).toBe('1');
  expect(JSON.parse(body)).toMatchObject({ errors: [{ extensions: { code: 'OVERLOADED' } }] });
  await jest.advanceTimersByTimeAsync(60_000);
  expect(onOverrun).toHaveBeenCalledTimes(1);
  await app.close();
});
