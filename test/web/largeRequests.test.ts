import { connect, type AddressInfo, type Socket } from 'node:net';
import type { ApolloServer } from '@apollo/server';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { fastify, type FastifyError, type FastifyInstance } from 'fastify';
import type { Deadline } from '../../src/deadline.js';
import type { Context } from '../../src/graphql/context.js';
import { limitBodies } from '../../src/web/bodies.js';
import { LargeRequests, type Leave } from '../../src/web/largeRequests.js';
import { operationRoutes } from '../../src/web/operations.js';
import { refuseFor } from '../../src/web/replies.js';
import { until } from '../support/until.js';

const TIMEOUT_MS = 1_000;
const MOST_WAIT_MS = 500;
const MEASURED_MS = 50;

/** The body of a request for so many contacts. It has a comma less than ids. */
const bodyOf = (ids: number): string => JSON.stringify({ variables: { ids: Array.from({ length: ids }, (_, i) => `cas360:${1_000_000 + i}`) } });

/** Requests by name, and what became of them. */
function admission(state = { isBusy: true, isOver: false }) {
  const requests = new LargeRequests({ timeoutMs: TIMEOUT_MS, isOver: () => state.isOver, workShare: () => (state.isBusy ? 0.8 : 0.79) });
  const begun: string[] = [];
  const refused: string[] = [];
  const leaves = new Map<string, Leave>();
  const enter = (name: string, ids: number, body = bodyOf(ids)): void =>
    requests.enter(
      body,
      (leave) => {
        begun.push(name);
        leaves.set(name, leave);
      },
      () => refused.push(name),
    );
  const leave = async (name: string): Promise<void> => {
    leaves.get(name)!();
    await jest.advanceTimersByTimeAsync(0);
  };
  const ticks: Leave[] = [];
  for (let n = 0; n < 20; n++) requests.enter(bodyOf(65), (tick) => ticks.push(tick), () => {});
  /** Lets time pass in which a request leaves every 25 ms. None of them makes room where 2,000 items of others are under way. */
  const passWithProgress = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 25) {
      ticks.pop()!();
      await jest.advanceTimersByTimeAsync(Math.min(25, left));
    }
  };
  const endTicks = (): void => ticks.splice(0).forEach((tick) => tick());
  return { requests, state, enter, leave, begun, refused, passWithProgress, endTicks };
}

describe('Large requests', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test('go in the order of their arrival, while fewer than 2,000 items are under way', async () => {
    const { enter, leave, begun, endTicks } = admission();
    endTicks();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) enter(name, 667);
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    await leave('c');
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
    await leave('a');
    await leave('b');
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    enter('g', 667);
    expect(begun.at(-1)).toBe('g');
  });

  test('make room once each, however often they say that they leave', async () => {
    const { enter, leave, begun, endTicks } = admission();
    endTicks();
    for (const name of ['a', 'b', 'c', 'd']) enter(name, 1_001);
    await leave('a');
    await leave('a');
    await leave('a');
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  test('let small ones pass: fewer than 64 items, or a text too short for so many', () => {
    const { enter, begun } = admission();
    enter('large', 3_000);
    enter('waits', 65);
    enter('small', 64);
    expect(begun).toEqual(['large', 'small']);
    enter('short', 0, ','.repeat(511));
    enter('long', 0, ','.repeat(512));
    expect(begun).toEqual(['large', 'small', 'short']);
  });

  test('go alone, whatever their size', async () => {
    const { enter, leave, begun } = admission();
    enter('a', 65);
    enter('huge', 50_000);
    enter('b', 65);
    expect(begun).toEqual(['a', 'huge']);
    await leave('huge');
    expect(begun).toEqual(['a', 'huge', 'b']);
  });

  test('do not wait for a slow system: while the event loop has time to spare, 2,000 items more may go every 50 ms', async () => {
    const { state, enter, begun, passWithProgress } = admission();
    enter('a', 3_000);
    for (const name of ['b', 'c', 'd', 'e']) enter(name, 1_500);
    await passWithProgress(4 * MEASURED_MS);
    expect(begun).toEqual(['a']);
    state.isBusy = false;
    await passWithProgress(MEASURED_MS);
    expect(begun).toEqual(['a', 'b', 'c']);
    await passWithProgress(MEASURED_MS);
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('nor where other work keeps the event loop busy: 2,000 items more go whenever none has left for 50 ms', async () => {
    const { enter, leave, begun } = admission();
    enter('a', 3_000);
    for (const name of ['b', 'c', 'd', 'e']) enter(name, 1_500);
    await jest.advanceTimersByTimeAsync(MEASURED_MS - 1);
    expect(begun).toEqual(['a']);
    await jest.advanceTimersByTimeAsync(1);
    expect(begun).toEqual(['a', 'b', 'c']);
    await leave('b');
    await jest.advanceTimersByTimeAsync(MEASURED_MS);
    expect(begun).toEqual(['a', 'b', 'c']);
    await jest.advanceTimersByTimeAsync(MEASURED_MS);
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('are refused when they have waited for half of an operation\'s time, and take no room afterwards', async () => {
    const { requests, enter, leave, begun, refused, passWithProgress } = admission();
    enter('a', 2_001);
    enter('b', 2_001);
    await passWithProgress(MOST_WAIT_MS / 2);
    enter('c', 2_001);
    await passWithProgress(MOST_WAIT_MS / 2 - 1);
    expect(refused).toEqual([]);
    expect(requests.waiting).toBe(2);
    await jest.advanceTimersByTimeAsync(1);
    expect(refused).toEqual(['b']);
    expect(requests.waiting).toBe(1);
    await leave('a');
    expect(begun).toEqual(['a', 'c']);
    expect(requests.waiting).toBe(0);
    await jest.advanceTimersByTimeAsync(10 * MOST_WAIT_MS);
    expect(refused).toEqual(['b']);
  });

  test('are refused while 64 million characters of others wait; a single longer one waits', async () => {
    const { enter, leave, begun, refused } = admission();
    const long = (characters: number): string => `${bodyOf(100)}${' '.repeat(characters - bodyOf(100).length)}`;
    enter('a', 3_000);
    enter('whole', 0, long(80_000_000));
    enter('b', 100);
    expect([begun, refused]).toEqual([['a'], ['b']]);
    await leave('a');
    expect(begun).toEqual(['a', 'whole']);
    enter('c', 3_000);
    enter('half', 0, long(33_554_432));
    enter('other', 0, long(33_554_432));
    enter('d', 100);
    expect(refused).toEqual(['b', 'd']);
  });

  test('all go when the service stops', async () => {
    const { state, enter, begun, passWithProgress } = admission();
    for (const name of ['a', 'b', 'c', 'd']) enter(name, 3_000);
    expect(begun).toEqual(['a']);
    state.isOver = true;
    enter('e', 3_000);
    expect(begun).toEqual(['a', 'e']);
    await passWithProgress(MEASURED_MS);
    expect(begun).toEqual(['a', 'e', 'b', 'c', 'd']);
  });

  test('each begin once or are refused once, never out of order, and with little more than 2,000 items while others leave', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('enter' as const), ids: fc.integer({ min: 65, max: 3_000 }) }),
      fc.record({ kind: fc.constant('leave' as const), which: fc.nat(20) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 300 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { enter, leave, begun, refused, endTicks } = admission();
        endTicks();
        await jest.advanceTimersByTimeAsync(0);
        const sizes = new Map<string, number>();
        const left = new Set<string>();
        let hasWaited = false;
        for (const [n, one] of steps.entries()) {
          const underWay = (): string[] => begun.filter((name) => !left.has(name));
          if (one.kind === 'enter') {
            sizes.set(String(n), one.ids - 1);
            enter(String(n), one.ids);
          } else if (one.kind === 'wait') {
            hasWaited = true;
            await jest.advanceTimersByTimeAsync(one.ms);
          } else {
            const name = underWay()[one.which];
            if (name === undefined) continue;
            left.add(name);
            await leave(name);
          }
          const items = underWay().slice(0, -1).reduce((sum, name) => sum + sizes.get(name)!, 0);
          if (!hasWaited) expect(items).toBeLessThan(2_000);
          expect(begun).toEqual(begun.toSorted((a, b) => Number(a) - Number(b)));
        }
        for (let last = -1; last !== begun.length; ) {
          last = begun.length;
          for (const name of begun) await leave(name);
        }
        expect([...begun, ...refused].sort()).toEqual([...sizes.keys()].sort());
        await jest.advanceTimersByTimeAsync(MEASURED_MS);
        expect(jest.getTimerCount()).toBe(0);
      }),
    );
  });
});

describe('A request with a large body', () => {
  // Only these: whoever waits goes when another one leaves, and not because time passes.
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval'] }));
  afterEach(() => void jest.useRealTimers());

  /** `POST /graphql` whose operations end when they are told to. */
  async function service(largeRequests: Pick<LargeRequests, 'enter'> = new LargeRequests({ timeoutMs: TIMEOUT_MS, isOver: () => false, workShare: () => 1 })) {
    const asked: { readonly body: { query: string }; readonly deadline: Deadline; readonly end: () => void }[] = [];
    const app = fastify();
    let latest: Deadline;
    const executeHTTPGraphQLRequest: any = async ({ httpGraphQLRequest: { body } }: any) => {
      const ended = Promise.withResolvers<undefined>();
      asked.push({ body, deadline: latest, end: () => ended.resolve(undefined) });
      await ended.promise;
      return { headers: new Map(), status: 200, body: { kind: 'complete', string: '{"data":null}' } };
    };
    app.setErrorHandler<FastifyError>((error, _request, reply) => refuseFor(error, reply));
    limitBodies(app, { maxBodyObjects: 1e6, maxBodyKeys: 1e6 }, largeRequests);
    let arrived = 0;
    app.addHook('preParsing', async () => {
      arrived++;
    });
    operationRoutes(app, {
      server: { executeHTTPGraphQLRequest } as ApolloServer<Context>,
      callers: async () => new Set<string>(),
      createContext: (_scopes, deadline) => {
        latest = deadline;
        return { answer: { abandon: () => {}, end: () => {} } } as unknown as Context;
      },
      timeoutMs: TIMEOUT_MS,
      maxQueryCharacters: 100,
      maxQueryLines: 10,
      onOverrun: () => {},
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    return { app, asked, port, arrived: () => arrived };
  }

  const large = (name: string, query: unknown = `{ ${name} }`): string => JSON.stringify({ query, variables: { ids: Array.from({ length: 2_001 }, (_, i) => `pms:${i + 1}`) } });
  const send = (app: FastifyInstance, payload: string, { method = 'POST', url = '/graphql' }: { method?: 'POST' | 'PUT' | 'DELETE'; url?: string } = {}) =>
    app.inject({ method, url, payload, headers: { 'content-type': 'application/json' } });

  test.each([
    ['is answered', 200, large('ok'), {}],
    ['is no JSON', 400, `${large('bad')}]`, {}],
    ['has no query', 400, large('none', 1), {}],
    ['has a query that is too long', 400, large('x'.repeat(200)), {}],
    ['comes to an unknown path', 404, large('lost'), { url: '/nowhere' }],
    ['comes with another method', 404, large('lost'), { method: 'PUT' as const }],
    ['comes with DELETE', 404, large('lost'), { method: 'DELETE' as const }],
  ])('that %s takes no room afterwards', async (_what, status, body, target) => {
    const { app, asked } = await service();
    for (let n = 0; n < 3; n++) {
      const answer = send(app, body, target);
      if (status === 200) {
        await until('it is asked', () => asked.length > 0);
        asked.pop()!.end();
      }
      expect((await answer).statusCode).toBe(status);
    }
    const next = send(app, large('next'));
    await until('the next one is asked', () => asked.length > 0);
    asked[0]!.end();
    await next;
    await app.close();
  });

  const requestOf = (body: string): string => `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;

  test('whose caller leaves while it waits never runs, and the next one goes in its place', async () => {
    const { app, asked, port, arrived } = await service();
    const callers: Socket[] = [];
    for (const name of ['first', 'gone', 'second']) {
      const caller = connect(port, '127.0.0.1');
      callers.push(caller);
      caller.write(requestOf(large(name)));
      await until(`${name} has arrived`, () => arrived() === callers.length);
    }
    await until('the first one is asked', () => asked.length === 1);
    callers[1]!.destroy();
    await until('the service knows that its caller has left', () => new Promise<boolean>((resolve) => app.server.getConnections((_error, count) => resolve(count === 2))));
    asked[0]!.end();
    await until('the second one is asked', () => asked.length === 2);
    expect(asked[1]!.body.query).toBe('{ second }');
    asked[1]!.end();
    for (const caller of callers) caller.destroy();
    await app.close();
  });

  test('that waits in vain gets 503 with Retry-After, on a connection that stays open', async () => {
    const { app, asked, port } = await service({ enter: (body, begin, refuse) => (body.includes('small') ? begin(() => {}) : refuse()) });
    const caller = connect(port, '127.0.0.1');
    let text = '';
    caller.setEncoding('latin1').on('data', (some: string) => (text += some));
    caller.write(requestOf(large('waits')));
    await until('it is refused', () => text.includes('OVERLOADED'));
    expect(text).toMatch(/^HTTP\/1\.1 503 /);
    expect(text).toMatch(/^retry-after: 1\r$/im);
    expect(text).not.toMatch(/^connection: close/im);
    caller.write(requestOf(JSON.stringify({ query: '{ small }' })));
    await until('the same connection is served', () => asked.length === 1);
    asked[0]!.end();
    caller.destroy();
    await app.close();
  });

  test('has no more time for having waited', async () => {
    const begins: (() => void)[] = [];
    const { app, asked } = await service({ enter: (_body, begin) => void begins.push(() => begin(() => {})) });
    const before = performance.now();
    const answer = send(app, large('waits'));
    await until('it waits', () => begins.length === 1);
    const arrivedBy = performance.now();
    await until('some time has passed', () => performance.now() > arrivedBy + 20);
    begins[0]!();
    await until('it is asked', () => asked.length === 1);
    expect(asked[0]!.deadline.endsAtMs).toBeGreaterThanOrEqual(before + TIMEOUT_MS);
    expect(asked[0]!.deadline.endsAtMs).toBeLessThanOrEqual(arrivedBy + TIMEOUT_MS);
    asked[0]!.end();
    await answer;
    await app.close();
  });
});
