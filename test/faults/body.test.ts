import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, test } from '@jest/globals';
import { goodBody, message, startProxied, type Proxied } from './proxied.js';
import { batch, CANARY, expectBatches, expectEach, numberOf, plant, SYSTEMS, type Outcome, type System } from './truth.js';

let proxied: Proxied;

beforeAll(async () => {
  proxied = await startProxied();
});
afterEach(() => proxied.reset());
afterAll(() => proxied.stop());

/** One id, a few and, of the register, more than a chunk. Each id of the PMS is a call: more of them show nothing new. */
const SIZES = { pms: [1, 5], cas360: [1, 5, 120] };

type Make = (good: string) => Buffer;
type Row = [what: string, make: Make, outcome: Outcome, system?: System];

const body = (make: (good: string) => string | Buffer, headers: Record<string, string> = {}): Make => (good) => message(make(good), headers);
const json = (text: string): Make => body(() => text);
const encoded = (encoding: string, make: (good: string) => Buffer): Make => body(make, { 'content-encoding': encoding });
const deep = (inside: string): string => `${'['.repeat(100_000)}${inside}${']'.repeat(100_000)}`;
const chunked = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const raw = (make: (good: string) => string): Make => (good) => Buffer.from(make(good));

/** Good answers in forms that are odd and allowed. More character sets and encodings are in everyId.test.ts and answers.test.ts. */
const ODD: Row[] = [
  ['called HTML', body((good) => good, { 'content-type': 'text/html' }), 'right'],
  ['without a type', body((good) => good, { 'content-type': '' }), 'right'],
  ['with a byte order mark', body((good) => `\u{FEFF}${good}`), 'right'],
  ['between blanks', body((good) => `\r\n\t ${good} \n`), 'right'],
  ['in UTF-16', body((good) => Buffer.from(good, 'utf16le')), 'right'],
  ['in UTF-16 with a byte order mark, and says so', body((good) => Buffer.from(`\u{FEFF}${good}`, 'utf16le').swap16(), { 'content-type': 'application/json; charset=utf-16' }), 'right'],
  ['in gzip that is not called so', body((good) => gzipSync(good)), 'right'],
  ['called gzip', encoded('gzip', (good) => Buffer.from(good)), 'right'],
  ['of an encoding that nobody knows', encoded('canary', (good) => Buffer.from(good)), 'right'],
  ['in chunks', raw((good) => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunked(good.slice(0, 7))}${chunked(good.slice(7))}0\r\n\r\n`), 'right'],
  ['after early hints', (good) => Buffer.concat([Buffer.from('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'), message(good)]), 'right'],
  ['below 8 kB of headers', body((good) => good, { 'x-noise': 'CANARY'.repeat(1_300) }), 'right'],
  ['of HTTP/1.0', (good) => message(good, { connection: 'close', 'content-length': '' }, 'HTTP/1.0 200 OK'), 'right'],
  ['with a prototype', body((good) => good.replaceAll(/\{"id":/g, '{"__proto__":{"name":"CANARY","id":1},"constructor":{"name":"CANARY"},"id":')), 'right'],
  ['with keys that come twice', body((good) => good.replaceAll(/\{"id":/g, '{"id":7,"name":"CANARY","lastName":"CANARY","id":')), 'right'],
];

/** Answers that cannot be read, or are not what was asked for. */
const UNREADABLE: Row[] = [
  ['nothing', json(''), 'UPSTREAM_INVALID_RESPONSE'],
  ['JSON without its end', body((good) => good.slice(0, -1)), 'UPSTREAM_INVALID_RESPONSE'],
  ['JSON and more', body((good) => `${good}${CANARY}`), 'UPSTREAM_INVALID_RESPONSE'],
  ['JSON twice', body((good) => good + good), 'UPSTREAM_INVALID_RESPONSE'],
  ['HTML', body(() => `<html>${CANARY}</html>`, { 'content-type': 'text/html' }), 'UPSTREAM_INVALID_RESPONSE'],
  ['NaN', json('[{"id":NaN}]'), 'UPSTREAM_INVALID_RESPONSE'],
  ['Infinity', json('{"id":-Infinity}'), 'UPSTREAM_INVALID_RESPONSE'],
  ['null', json('null'), 'UPSTREAM_INVALID_RESPONSE'],
  ['a number', json('1001'), 'UPSTREAM_INVALID_RESPONSE'],
  ['a text', json(`"${CANARY}"`), 'UPSTREAM_INVALID_RESPONSE'],
  ['an error', json(`{"error":"${CANARY}","id":null}`), 'UPSTREAM_INVALID_RESPONSE'],
  ['an object around it', body((good) => `{"data":${good}}`), 'UPSTREAM_INVALID_RESPONSE'],
  ['a list around it', body((good) => `[${good}]`), 'UPSTREAM_INVALID_RESPONSE', 'pms'],
  ['an empty list', json('[]'), 'UPSTREAM_INVALID_RESPONSE', 'pms'],
  ['an empty list', json('[]'), 'none', 'cas360'],
  ['a list of nothing', json('[null,null,{},[],"CANARY",1001]'), 'UPSTREAM_INVALID_RESPONSE', 'cas360'],
  ['lists, 10^5 deep', json(deep('')), 'UPSTREAM_INVALID_RESPONSE', 'pms'],
  ['lists, 10^5 deep', json(deep('')), 'UPSTREAM_INVALID_RESPONSE', 'cas360'],
  ['lists, 10^5 deep, with a long number', json(deep('12345678901234567890')), 'UPSTREAM_INVALID_RESPONSE', 'pms'],
  ['an object, 10^5 deep, with a long number', json(`{"a":${deep('12345678901234567890')}}`), 'UPSTREAM_INVALID_RESPONSE'],
  ['half of its gzip', encoded('gzip', (good) => gzipSync(good).subarray(0, -20)), 'UPSTREAM_INVALID_RESPONSE'],
  ['deflate', encoded('deflate', deflateSync), 'UPSTREAM_INVALID_RESPONSE'],
  ['Zstandard', encoded('zstd', zstdCompressSync), 'UPSTREAM_INVALID_RESPONSE'],
  ['more than 1 MiB', body((good) => good + ' '.repeat(1_048_576)), 'UPSTREAM_INVALID_RESPONSE', 'pms'],
  ['more than 8 MiB', body((good) => good + ' '.repeat(8_388_608)), 'UPSTREAM_INVALID_RESPONSE', 'cas360'],
];

/** Answers that are not HTTP: of the network, not of the upstream. */
const NO_HTTP: Row[] = [
  ['less than the 200 MB that it announces', body((good) => good, { 'content-length': '200000000' }), 'UPSTREAM_UNAVAILABLE'],
  ['no HTTP', raw(() => `${CANARY}\r\n\r\n`), 'UPSTREAM_UNAVAILABLE'],
  ['TLS', () => Buffer.from('15030300020228', 'hex'), 'UPSTREAM_UNAVAILABLE'],
  ['40 kB of headers', body((good) => good, { 'x-noise': 'CANARY'.repeat(7_000) }), 'UPSTREAM_UNAVAILABLE'],
  ['two lengths', raw((good) => `HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: ${good.length}\r\n\r\n${good}`), 'UPSTREAM_UNAVAILABLE'],
  ['a length and chunks', raw((good) => `HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n${chunked(good)}0\r\n\r\n`), 'UPSTREAM_UNAVAILABLE'],
  ['chunks without lengths', raw((good) => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${good}`), 'UPSTREAM_UNAVAILABLE'],
  ['leave to go on, unasked', (good) => Buffer.concat([Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'), message(good)]), 'UPSTREAM_UNAVAILABLE'],
];

const cases = (rows: Row[]) =>
  rows.flatMap(([what, make, outcome, only]) => SYSTEMS.filter((system) => (only ?? system) === system).map((system) => ({ what, make, outcome, system })));

async function expectFor({ what, make, outcome, system }: ReturnType<typeof cases>[number]): Promise<void> {
  const { app, proxies } = proxied;
  await proxies[system].set({ say: (request) => make(goodBody(app, request)), end: true });
  // Each half of an answer that is too large is asked for in its turn.
  const sizes = what.includes('8 MiB') ? [1, 5] : SIZES[system];
  await expectBatches(app, system, () => outcome, sizes);
}

describe('a good answer', () => test.each(cases(ODD))('$what, of $system', expectFor));
describe('an answer of', () => {
  test.each(cases(UNREADABLE))('$what, of $system, is $outcome', expectFor);
  test.each(cases(NO_HTTP))('$what, of $system, is $outcome', expectFor);
});

describe('one row of the register', () => {
  test.each(['NaN', 'line-break', 'quote'])('that is spoilt costs itself and no other: %s', async (spoiltRow) => {
    const { app } = proxied;
    for (const size of [1, 60, 100, 450]) {
      const ids = batch('cas360', size);
      const spoilt = new Set([0, 137, 299, 449].flatMap((place) => ids[place] ?? []));
      plant(app, 'cas360', { on: 'contacts', spoiltRow, ids: [...spoilt].map(numberOf) });
      await expectEach(app, ids, (id) => (spoilt.has(id) ? 'UPSTREAM_INVALID_RESPONSE' : 'right'));
    }
  });
});

describe('414 for more than 30 ids', () => {
  test.each([50, 500])('of %i is halved until all are served', async (size) => {
    const { app, proxies } = proxied;
    const refusal = message(CANARY, {}, 'HTTP/1.1 414 URI Too Long');
    await proxies.cas360.set({ say: (request) => ((/\/contacts\/([\d,]+)/.exec(request)?.[1] ?? '').split(',').length > 30 ? refusal : undefined) });
    await expectEach(app, batch('cas360', size), () => 'right');
  });
});
