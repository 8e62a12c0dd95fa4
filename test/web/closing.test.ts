import { createServer as createHttpServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { until } from '../support/until.js';

/** The clock of the closing, and what happens once it has come so far. */
let nowMs = 0;
let happens: (atMs: number) => unknown = () => {};

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const sleep = async (ms: number): Promise<void> => {
  nowMs += ms;
  await happens(nowMs);
  await turnOfTheLoop();
};
jest.unstable_mockModule('node:timers/promises', () => ({ setImmediate: turnOfTheLoop, setTimeout: sleep }));
const { closeInOrder } = await import('../../src/web/closing.js');

afterEach(() => {
  jest.restoreAllMocks();
  nowMs = 0;
  happens = () => {};
});

const appOver = (server: object): FastifyInstance => ({ server }) as FastifyInstance;
const standStill = (): void => void jest.spyOn(performance, 'now').mockImplementation(() => nowMs);

/** Closes while so many requests are under way at each time; tells when connections and operations were told to end. */
async function closed(underWayAt: (ms: number, isOver: boolean) => number): Promise<string[]> {
  const told: string[] = [];
  let isOver = false;
  const server = createHttpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  jest.spyOn(server, 'closeAllConnections').mockImplementation(() => void told.push(`connections ${nowMs}`));
  happens = () => server.listening && told.push('still listening');
  standStill();
  await closeInOrder(appOver(server), {
    connections: {
      get underWay() {
        return underWayAt(nowMs, isOver);
      },
    },
    endOperations: () => {
      isOver = true;
      told.push(`operations ${nowMs}`);
    },
  });
  return told;
}

test.each<[string, (ms: number, isOver: boolean) => number, string[]]>([
  ['nothing', () => 0, ['connections 100']],
  ['a request that is answered after three seconds', (ms) => Number(ms < 3_000), ['connections 3050']],
  ['a request that arrives between two looks', (ms) => Number(ms === 100 || ms === 200), ['connections 300']],
  ['requests that take turns', (ms) => Number(ms % 100 === 0 && ms < 1_000), ['connections 1000']],
  ['a request that is answered once operations are told to end', (_ms, isOver) => Number(!isOver), ['operations 6500', 'connections 6600']],
  ['a request that is never answered', () => 1, ['operations 6500', 'connections 8500']],
  ['a request that is answered just in time', (ms) => Number(ms < 6_450), ['connections 6500']],
])('Closing with %s under way', async (_what, underWayAt, expected) => {
  expect(await closed(underWayAt)).toEqual(expected);
});

test('Connections that were pending or idle when the closing began are served, and then ended; later ones are refused', async () => {
  let underWay = 0;
  const server = createHttpServer((_request, response) => {
    underWay++;
    response.once('close', () => underWay--);
    response.end('served');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const came = { idle: '', early: '', late: '' };
  const open = (when: keyof typeof came) => connect(port, '127.0.0.1').on('data', (text) => (came[when] += String(text))).on('error', (error: NodeJS.ErrnoException) => (came[when] = error.code!));

  const request = 'GET / HTTP/1.1\r\nhost: here\r\n\r\n';
  const idle = open('idle');
  idle.write(request);
  await until('its first request is answered', () => came.idle.endsWith('served') && underWay === 0);
  came.idle = '';

  await turnOfTheLoop();
  const early = open('early');
  // The system has connected it by then, and the server has not been told of it.
  await new Promise((resolve) => process.nextTick(resolve));
  happens = async (atMs) => {
    if (atMs !== 50) return;
    open('late');
    for (const socket of [idle, early]) socket.write(request);
    await until('all have heard', () => Object.values(came).every((text) => text !== ''));
  };
  const areEnded = Promise.all([idle, early].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  standStill();
  const closing = closeInOrder(appOver(server), {
    connections: {
      get underWay() {
        return underWay;
      },
    },
    endOperations: () => {},
  });
  await closing;
  jest.restoreAllMocks();
  await areEnded;
  const served = expect.stringMatching(/^HTTP\/1.1 200[^]*served$/);
  expect(came).toEqual({ idle: served, early: served, late: 'ECONNREFUSED' });
});
