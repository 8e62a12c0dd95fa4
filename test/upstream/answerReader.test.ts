import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { send, type RawAnswer } from '../../src/upstream/answerReader.js';
import type { CallOptions } from '../../src/upstream/connection.js';
import { CountedAborter } from '../support/countedAborter.js';

type Handler = Required<Dispatcher.DispatchHandler>;

/** A pool that leaves it to the test what happens to the call that was sent last. */
class FakePool {
  readonly sent: CallOptions[] = [];
  readonly aborted: unknown[] = [];
  options!: CallOptions;
  handler!: Handler;
  readonly controller = { abort: (reason: Error) => void this.aborted.push(reason) } as Dispatcher.DispatchController;

  dispatch(options: CallOptions, handler: Dispatcher.DispatchHandler): boolean {
    this.sent.push({ ...options, carried: { ...options.carried } });
    this.options = options;
    this.handler = handler as Handler;
    return true;
  }

  /** The connection has received so many bytes before. */
  begin(bytesRead?: number): { bytesRead: number } {
    const socket = { bytesRead: bytesRead ?? 0 };
    if (bytesRead !== undefined) this.options.carried.connection = { socket } as never;
    this.handler.onRequestStart(this.controller, undefined);
    return socket;
  }

  start(status: number, headers = {}): void {
    this.handler.onResponseStart(this.controller, status, headers, '');
  }

  data(...chunks: readonly (string | Buffer)[]): void {
    for (const chunk of chunks) this.handler.onResponseData(this.controller, Buffer.from(chunk));
  }

  end(): void {
    this.handler.onResponseEnd(this.controller, {});
  }

  fail(code?: string): void {
    this.handler.onResponseError(this.controller, Object.assign(new Error('of the network'), { code }));
  }
}

let pool: FakePool;
let signal: CountedAborter;
let answer: RawAnswer | Error | undefined;
beforeEach(() => {
  pool = new FakePool();
  signal = new CountedAborter();
  answer = undefined;
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  send(pool as unknown as Dispatcher, '/x', { accept: 'some' }, signal).then((came) => (answer = came), (error: unknown) => (answer = error as Error));
});
afterEach(() => {
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('An answer', () => {
  test('is asked for with one GET', () => {
    expect(pool.sent).toStrictEqual([{ method: 'GET', path: '/x', headers: { accept: 'some' }, carried: { mustBeNew: false } }]);
  });

  test.each([
    ['in one part', ['12']],
    ['in two parts', ['1', '2']],
    ['in none', []],
    ['in as many parts as are joined at once', Array<string>(1_000).fill('1')],
    ['in more parts', Array.from({ length: 2_345 }, (_, n) => `${n},`)],
  ])('that comes %s is put together, whatever came before', async (_how, parts) => {
    pool.begin();
    pool.start(103, { link: 'x' });
    pool.start(200, { some: 'header' });
    pool.data(...parts);
    pool.end();
    await turn();
    expect(answer).toEqual({ status: 200, headers: { some: 'header' }, body: Buffer.from(parts.join('')) });
    expect([signal.listenerCount, pool.aborted]).toEqual([0, []]);
  });

  test('is there one turn of the event loop after its end: then its connection is free', async () => {
    pool.begin();
    pool.start(200);
    pool.end();
    await new Promise((resolve) => process.nextTick(resolve));
    expect(answer).toBeUndefined();
    await turn();
    expect(answer).toMatchObject({ status: 200 });
  });

  test('with 200 may be of any size and take any time', async () => {
    pool.begin();
    pool.start(200);
    await jest.advanceTimersByTimeAsync(5_000);
    pool.data(Buffer.alloc(70_000), Buffer.alloc(70_000));
    pool.end();
    await turn();
    expect((answer as RawAnswer).body).toHaveLength(140_000);
  });

  test.each([
    ['read up to 64 KiB', 65_536, 65_536, []],
    ['left out above', 65_537, 0, ['too much']],
  ])('with 404 is %s', async (_what, bytes, length, aborted) => {
    pool.begin();
    pool.start(404, { some: 'header' });
    pool.data(Buffer.alloc(65_000), Buffer.alloc(bytes - 65_000));
    if (aborted.length === 0) pool.end();
    else pool.fail();
    await turn();
    expect(answer).toEqual({ status: 404, headers: { some: 'header' }, body: Buffer.alloc(length) });
    expect(pool.aborted.map((error) => (error as Error).message)).toEqual(aborted);
  });

  test.each([201, 204, 302, 429, 500, 503])('with %i is known at once, without its body, which is read so that the connection can be used again', async (status) => {
    pool.begin();
    pool.start(status, { some: 'header' });
    await Promise.resolve();
    expect(answer).toEqual({ status, headers: { some: 'header' }, body: Buffer.alloc(0) });
    pool.data('{}');
    pool.end();
    await jest.advanceTimersByTimeAsync(5_000);
    expect([signal.listenerCount, pool.aborted]).toEqual([0, []]);
  });

  test.each([
    [404, 1_000],
    [503, 100],
  ])('with %i whose body takes longer than %i ms is left, with its connection', async (status, ms) => {
    pool.begin();
    pool.start(status);
    await jest.advanceTimersByTimeAsync(ms - 1);
    expect([(answer as RawAnswer | undefined)?.status, pool.aborted]).toEqual([status === 404 ? undefined : status, []]);
    await jest.advanceTimersByTimeAsync(1);
    expect(answer).toEqual({ status, headers: {}, body: Buffer.alloc(0) });
    expect(pool.aborted).toEqual([new Error('too slow')]);
  });
});

describe('A call whose signal aborts', () => {
  const reason = new Error('too late');

  test('rejects with its reason at once, and leaves the connection', async () => {
    pool.begin();
    signal.abort(reason);
    await Promise.resolve();
    expect([answer, pool.aborted]).toEqual([reason, [reason]]);
  });

  test('before it has a connection leaves it as soon as it has one', async () => {
    signal.abort(reason);
    await Promise.resolve();
    expect(answer).toBe(reason);
    pool.begin();
    expect(pool.aborted).toEqual([reason]);
  });

  test('of the platform does the same, and nothing after the end', async () => {
    const [early, late] = [new AbortController(), new AbortController()];
    const left = send(pool as unknown as Dispatcher, '/x', {}, early.signal);
    pool.begin();
    early.abort(reason);
    await expect(left).rejects.toBe(reason);
    const read = send(pool as unknown as Dispatcher, '/x', {}, late.signal);
    pool.begin();
    pool.start(200);
    pool.end();
    late.abort(new Error('after the end'));
    expect(await read).toMatchObject({ status: 200 });
    expect(pool.aborted).toEqual([reason]);
  });

  test('later has ended', async () => {
    pool.begin();
    pool.start(200);
    pool.end();
    signal.abort(reason);
    await turn();
    expect([answer, pool.aborted]).toMatchObject([{ status: 200 }, []]);
  });
});

describe('A call that the network ends', () => {
  test.each(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])('with %s is sent once more on a new connection, if the one it had was used before', async (code) => {
    pool.begin(100);
    pool.fail(code);
    expect(pool.sent.map(({ carried }) => carried.mustBeNew)).toEqual([false, true]);
    pool.begin(100);
    pool.fail(code);
    await turn();
    expect([pool.sent.length, answer, signal.listenerCount]).toMatchObject([2, { code }, 0]);
  });

  test.each<[string, () => unknown, string | undefined]>([
    ['before it had a connection', () => {}, 'ECONNRESET'],
    ['on one that nobody knows', () => pool.begin(), 'ECONNRESET'],
    ['on a new connection', () => pool.begin(0), 'ECONNRESET'],
    ['after a byte of the answer', () => (pool.begin(100).bytesRead = 101), 'ECONNRESET'],
    ['for another reason', () => pool.begin(100), 'UND_ERR_DESTROYED'],
    ['for a reason without a name', () => pool.begin(100), undefined],
  ])('%s is not sent again', async (_when, begin, code) => {
    begin();
    pool.fail(code);
    await turn();
    expect([pool.sent.length, answer, signal.listenerCount]).toMatchObject([1, { message: 'of the network' }, 0]);
  });

  test('is not sent again for a caller who has left', async () => {
    pool.begin(100);
    signal.abort(new Error('too late'));
    pool.fail('ECONNRESET');
    expect(pool.sent).toHaveLength(1);
  });
});
