/** @needs redis-server */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { LONG_RUN } from '../support/longRun.js';
import { RedisServer } from '../support/redisServer.js';
import { ms, quantile, report } from '../support/figures.js';
import { firstIds, startStand, type Stand } from '../support/stand.js';

const STOPS = LONG_RUN ? 50 : 2;
const PIPELINED = 20;

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

const HEAD = 'POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n';
const post = (query: string): string => {
  const body = JSON.stringify({ query });
  return `${HEAD}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
};

/** A connection whose caller may be as slow as it likes. */
class Peer {
  readonly socket: Socket;
  text = '';

  constructor(url: string, isReading = true) {
    this.socket = connect(Number(new URL(url).port), '127.0.0.1');
    this.socket.on('error', () => {});
    if (isReading) this.socket.on('data', (piece) => (this.text += String(piece)));
  }

  /** The bodies of the answers that came whole. */
  get answers(): string[] {
    const bodies: string[] = [];
    for (let rest = this.text; ;) {
      const end = rest.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(rest.slice(0, end))?.[1] ?? NaN);
      const bytes = Buffer.from(rest.slice(end + 4));
      if (end < 0 || !(bytes.length >= length)) return bodies;
      bodies.push(bytes.subarray(0, length).toString());
      rest = bytes.subarray(length).toString();
    }
  }
}

/** Every kind of caller at once; returns those whose requests were sent whole, with how many. */
function callers(stand: Stand, peers: Peer[]): Map<Peer, number> {
  const { url } = stand.subgraph;
  const [id] = firstIds(stand.sandbox, 'cas360', 1);
  const ids = firstIds(stand.sandbox, 'cas360', 500);
  const open = (isReading?: boolean): Peer => peers[peers.push(new Peer(url, isReading)) - 1]!;
  const small = `{ contact(id: "${id}") { id name } }`;
  const large = `{ contacts(ids: ${JSON.stringify(ids)}) { id name emailAddresses { address } address { id lines city country { code name } } } }`;

  const slowSender = open();
  slowSender.socket.write(`${HEAD}content-length: 100000\r\n\r\n{"query":"`);
  const slowHead = open();
  slowHead.socket.write('POST /graphql HT');
  const dripping = setInterval(() => {
    for (const { socket } of [slowSender, slowHead]) socket.write('x');
  }, 200).unref();
  for (const { socket } of [slowSender, slowHead]) socket.once('close', () => clearInterval(dripping));

  const slowReader = open(false);
  for (let n = 0; n < PIPELINED; n++) slowReader.socket.write(post(large));

  open();

  const idle = open();
  idle.socket.write(post(small));
  const reader = open();
  reader.socket.write(post(large));
  const hanging = open();
  hanging.socket.write(post(`{ contact(id: "pms:4711") { name } other: contact(id: "${id}") { name } }`));
  const pipeliner = open();
  pipeliner.socket.write(post(small).repeat(PIPELINED));
  return new Map([[idle, 1], [reader, 1], [hanging, 1], [pipeliner, PIPELINED]]);
}

test.each(['with', 'without'])(`%s Redis, ${STOPS} stops end in time, whatever callers do, and lose no request`, async (how) => {
  const took: number[] = [];
  for (let n = 0; n < STOPS; n++) {
    const stand = await startStand({ REQUEST_TIMEOUT_MS: '60000', ...(how === 'with' && { REDIS_URL: redis.url }) });
    const peers: Peer[] = [];
    try {
      stand.sandbox.pms.faults.set([{ hang: true }]);
      stand.sandbox.cas360.faults.set([{ latencyMs: 200 }]);
      const sent = callers(stand, peers);
      // Before the upstreams answer, while they do, and after.
      await sleep(50 + (n * 97) % 500);
      const toldAt = performance.now();
      const exit = await stand.subgraph.end();
      took.push(performance.now() - toldAt);
      await sleep(50);
      expect([exit, stand.subgraph.output.text]).toEqual([0, expect.not.stringMatching(/failed or took too long|nobody listened/)]);
      for (const [peer, count] of sent) {
        expect(peer.answers).toHaveLength(count);
        for (const answer of peer.answers) expect(JSON.parse(answer)).toHaveProperty('data');
      }
    } finally {
      for (const { socket } of peers) socket.destroy();
      await stand.stop();
    }
  }
  report(`stops ${how} Redis`, { stops: STOPS, median: ms(quantile(took, 0.5)), slowest: ms(quantile(took, 1)) });
  expect(quantile(took, 1)).toBeLessThan(15_000);
}, STOPS * 30_000);
