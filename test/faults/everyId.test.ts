import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { allOf, bodyOf, brotli, goodBody, numbers, RESOURCES, rowOf, StandIn, textOf, type Answerer, type Asked, type Reply, type Resource, type Row } from './standIn.js';

// docs/upstream-answers.md says what each kind of answer means. Here are many answers of each kind, in every size.

const INVALID = 'UPSTREAM_INVALID_RESPONSE';
/** One id, a part of a chunk and two and a half chunks. Each id of the PMS is a call: more of them show nothing new. */
const SIZES: Readonly<Record<Resource, readonly number[]>> = { pms: [1, 10], contacts: [1, 60, 250], addresses: [1, 60, 250] };
const REGISTER = ['contacts', 'addresses'] as const;

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start();
});
beforeEach(() => standIn.reset());
afterAll(() => standIn.stop());

interface Expected {
  readonly outcome: unknown;
  /** The ids that it is the outcome of; all others are served. */
  readonly of?: (place: number) => boolean;
  readonly resources?: readonly Resource[];
  readonly first?: string;
  readonly text?: (id: string) => string;
  readonly maxCalls?: number;
}

const SERVED = 'served';

/** Asks for batches of every size, for all resources side by side. No chunk may cost more than 20 calls. */
async function expectEverywhere(answer: Answerer, { outcome, of = () => true, resources = RESOURCES, first = '1001', text = textOf, maxCalls = 20 }: Expected): Promise<void> {
  await allOf(
    resources.map(async (resource) => {
      for (const size of SIZES[resource]) {
        standIn.set(resource, answer);
        const ids = Array.from({ length: size }, (_, n) => String(BigInt(first) + BigInt(n)));
        const expected = ids.map((id, place) => (of(place) && outcome !== SERVED ? outcome : text(id)));
        expect({ resource, size, outcomes: await standIn.outcomes(resource, ids) }).toEqual({ resource, size, outcomes: expected });
        expect(standIn.calls(resource).length).toBeLessThanOrEqual(maxCalls * (resource === 'pms' ? size : Math.ceil(size / 100)));
      }
    }),
  );
}

const rows = ({ resource, ids }: Asked): Row[] => ids.map((id) => rowOf(resource, id));
const body = (make: (asked: Asked) => string | Uint8Array, headers: Record<string, string> = {}): Answerer => (asked) => ({ body: make(asked), headers });
const rowsAs = (make: (asked: Asked) => (Row | string | null)[]): Answerer => body((asked) => bodyOf(asked.resource, make(asked)));

/** One contact of each chunk, and of the smallest batch the only one. */
const isHit = (place: number): boolean => place % 100 === 0;
const isHitId = (id: unknown): boolean => isHit(Number(id) - 1001);
const hit = (change: (row: Row) => Row | string | null): Answerer => rowsAs((asked) => rows(asked).map((row) => (isHitId(row.id) ? change(row) : row)));
const whenHit = (reply: Reply): Answerer => (asked) => (asked.ids.some(isHitId) ? reply : { body: goodBody(asked) });

const ODD_IDS: [string, string][] = [
  ['null', 'null'],
  ['an empty text', '""'],
  ['with a zero before it', '"01001"'],
  ['a fraction', '1001.5'],
  ['below zero', '-1001'],
  ['padded', '" 1001 "'],
  ['with a line break', '"1001\\n"'],
  ['with a fraction in a text', '"1001.0"'],
  ['in full-width digits', '"１００１"'],
  ['in hexadecimal', '"0x3e9"'],
  ['a truth', 'true'],
  ['in a list', '[1001]'],
  ['in an object', '{"id":1001}'],
  ['with the system before it', '"cas360:1001"'],
  ['above every number', '1e999'],
];

describe('One row whose id is', () => {
  test.each(ODD_IDS)('%s costs itself: it is an error', (_, id) =>
    expectEverywhere(hit((row) => JSON.stringify(row).replace(/"id":\d+/, `"id":${id}`)), { outcome: INVALID, of: isHit }));

  test('missing, or under another key, costs itself', async () => {
    for (const key of ['ID', 'Id', 'contactId', '_id']) await expectEverywhere(hit(({ id, ...row }) => ({ ...row, [key]: id })), { outcome: INVALID, of: isHit });
  });
});

describe('Rows whose ids are', () => {
  test.each<[string, (id: unknown) => string]>([
    ['texts', (id) => `"${String(id)}"`],
    ['numbers with an empty fraction', (id) => `${String(id)}.0`],
    ['numbers with an exponent', (id) => `${Number(id) / 1_000}e3`],
  ])('%s are served', (_, idOf) => expectEverywhere(rowsAs((asked) => rows(asked).map((row) => JSON.stringify(row).replace(/"id":\d+/, `"id":${idOf(row.id)}`))), { outcome: SERVED }));

  test('above 2^53 are served, each under its own', () =>
    expectEverywhere(
      rowsAs(({ resource, ids }) => ids.map((id) => JSON.stringify(rowOf(resource, id)).replace(/"id":\d+/, `"id":${id}`))),
      { outcome: SERVED, first: '9007199254740990' },
    ));

  test('above 2^53 and rounded by an exponent are nobody’s', () =>
    expectEverywhere(
      rowsAs(({ resource, ids }) => ids.map((id) => JSON.stringify(rowOf(resource, id)).replace(/"id":\d+/, `"id":${id}e0`))),
      { outcome: INVALID, first: '9007199254740994' },
    ));

  test.each(['null', '"01001"', '1001.5', '7', '{}'])('all %s are errors, never null', (id) =>
    expectEverywhere(body((asked) => goodBody(asked).replaceAll(/"id":\d+/g, `"id":${id}`)), { outcome: INVALID }));
});

describe('Pages', () => {
  test.each([7, 20, 33, 99])('of at most %i rows lose nobody, in the fewest calls', (count) =>
    expectEverywhere(rowsAs((asked) => rows(asked).slice(0, count)), { outcome: SERVED, resources: REGISTER, maxCalls: Math.ceil(100 / count) }));

  test('of one row are followed for 20 calls a chunk', () =>
    expectEverywhere(rowsAs((asked) => rows(asked).slice(0, 1)), { outcome: INVALID, of: (place) => place % 100 >= 20, resources: REGISTER }));

  test.each([400, 1_000])('of at most %i bytes lose nobody', (bytes) =>
    expectEverywhere(
      rowsAs((asked) => {
        let left = bytes;
        return rows(asked).filter((row) => (left -= JSON.stringify(row).length) > 0);
      }),
      { outcome: SERVED, resources: REGISTER },
    ));

  test('of the last rows, in another order, lose nobody', () =>
    expectEverywhere(rowsAs((asked) => rows(asked).reverse().slice(0, 30)), { outcome: SERVED, resources: REGISTER, maxCalls: 4 }));

  test('that are cut in the middle of a row lose nobody if shorter answers fit', () =>
    expectEverywhere(body((asked) => goodBody(asked).slice(0, 1_200)), { outcome: SERVED, resources: REGISTER }));

  test('that begin with a row of nothing, or end with one, lose nobody', async () => {
    for (const odd of [null, '{}', '[]', '""', '0']) await expectEverywhere(rowsAs((asked) => [odd, ...rows(asked), odd]), { outcome: SERVED, resources: REGISTER, maxCalls: 1 });
  });

  test('of all rows that there are, whatever is asked, lose nobody', () =>
    expectEverywhere(rowsAs(({ resource }) => numbers(901, 1_000).map((id) => rowOf(resource, id))), { outcome: SERVED, resources: REGISTER, maxCalls: 1 }));

  test('of one row twenty thousand times are read', () =>
    expectEverywhere((asked) => ({ body: asked.ids.length === 1 ? bodyOf(asked.resource, Array<Row>(20_000).fill(rowOf(asked.resource, asked.ids[0]!))) : goodBody(asked) }), { outcome: SERVED, resources: REGISTER, maxCalls: 1 }));
});

describe('The same row twice', () => {
  const again = (change: (row: Row) => Row): Answerer => rowsAs((asked) => rows(asked).flatMap((row) => [row, change(row)]));

  test.each<[string, (row: Row) => Row]>([
    ['with its keys in another order', (row) => Object.fromEntries(Object.entries(row).reverse())],
    ['with its id as a text', (row) => ({ ...row, id: String(row.id) })],
    ['with keys that say nothing', (row) => ({ ...row, skype: null, careOf: '', representativeIds: [], state: 'null' })],
    ['with a key that nobody reads', (row) => ({ ...row, etag: String(Math.random()) })],
  ])('%s is served', (_, change) => expectEverywhere(again(change), { outcome: SERVED, resources: REGISTER, maxCalls: 1 }));

  test.each<[string, (row: Row) => Row]>([
    ['another text', (row) => ({ ...row, name: 'Somebody else', streetLine1: 'Elsewhere' })],
    ['a value more', (row) => ({ ...row, email: 'x@example.com', careOf: 'x' })],
    ['nothing but its id', ({ id }) => ({ id })],
  ])('with %s contradicts itself: an error', (_, change) =>
    expectEverywhere(rowsAs((asked) => rows(asked).flatMap((row) => (isHitId(row.id) ? [row, change(row)] : [row]))), { outcome: INVALID, of: isHit, resources: REGISTER, maxCalls: 1 }));
});

describe('404 for one id', () => {
  const reply = (text: string | Uint8Array, type = 'application/json', headers = {}): Answerer => whenHit({ status: 404, body: text, headers: { 'content-type': type, ...headers } });

  test.each<[string, Answerer]>([
    ['JSON', reply('{"message":"no such contact"}')],
    ['problem+json', reply('{"title":"Not Found","status":404}', 'application/problem+json')],
    ['JSON that is called HTML', reply('{}', 'text/html')],
    ['JSON in gzip', reply(gzipSync('{"message":"gone"}'), 'application/json', { 'content-encoding': 'gzip' })],
    ['JSON in UTF-16', reply(Buffer.from('{"message":"gone"}', 'utf16le'))],
  ])('with %s is null', (_, answer) => expectEverywhere(answer, { outcome: null, of: isHit }));

  test.each<[string, Answerer]>([
    ['a page', reply('<!doctype html><title>404</title>', 'text/html; charset=utf-8')],
    ['a page that is called JSON', reply('<h1>Not Found</h1>')],
    ['an empty body', reply('')],
    ['text', reply('404 page not found', 'text/plain')],
    ['a number', reply('404', 'text/plain')],
    ['truncated JSON', reply('{"message":"no such con')],
    ['gzip without its end', reply(gzipSync('{"message":"gone"}').subarray(0, -6), 'application/json', { 'content-encoding': 'gzip' })],
    ['JSON in an encoding that we did not ask for', reply(brotli('{"message":"gone"}'), 'application/json', { 'content-encoding': 'br' })],
  ])('with %s is an error', (_, answer) => expectEverywhere(answer, { outcome: INVALID, of: isHit }));
});

describe('One row', () => {
  const raw = (put: string): Answerer => hit((row) => JSON.stringify(row).replace('Jörg', put));

  test.each([
    ['NaN', '","x":NaN,"y":"'],
    ['Infinity', '","x":-Infinity,"y":"'],
    ['undefined', '","x":undefined,"y":"'],
    ['a raw line break', 'Jö\nrg'],
    ['a raw tab', 'J\törg'],
    ['a raw NUL', 'J\u0000rg'],
    ['a bare quote', 'Jö"rg'],
    ['a backslash', 'C:\\users'],
    ['a comma too many', '","x":[1,],"y":"'],
    ['a number with a zero before it', '","x":007,"y":"'],
  ])('with %s costs itself', (_, put) => expectEverywhere(raw(put), { outcome: INVALID, of: isHit }));

  test('with a byte that is not UTF-8 costs itself', () =>
    expectEverywhere(
      body((asked) => {
        const bytes = Buffer.from(bodyOf(asked.resource, rows(asked).map((row) => (isHitId(row.id) ? JSON.stringify(row).replace('Jörg', 'J\u0001rg') : row))));
        return Buffer.from(bytes.map((byte) => (byte === 1 ? 0xf6 : byte)));
      }),
      { outcome: INVALID, of: isHit },
    ));

  test('of 9 MB costs itself, and a 404 of 9 MB is an error', async () => {
    const large = `","x":"${'x'.repeat(9_000_000)}`;
    for (const resource of RESOURCES) {
      standIn.set(resource, () => ({ status: 404, body: `{"${large}"}` }));
      expect(await standIn.outcomes(resource, ['1001'])).toEqual([INVALID]);
      for (const size of [1, 10]) {
        standIn.set(resource, hit((row) => JSON.stringify(row).replace('Müller', large)));
        expect(await standIn.outcomes(resource, numbers(1001, size))).toEqual(numbers(1001, size).map((id, place) => (isHit(place) ? INVALID : textOf(id))));
      }
    }
  });

  test.each([
    ['an escaped NUL', 'J\u0000rg'],
    ['an emoji', 'J\u{1f43e}rg'],
    ['a mark from right to left', 'J\u202erg'],
    ['a line separator', 'J\u2028rg'],
  ])('with %s is served as it is', (_, name) => {
    const text = (id: string): string => (isHitId(id) ? `${name} ${id}` : textOf(id));
    return expectEverywhere(rowsAs(({ resource, ids }) => ids.map((id) => rowOf(resource, id, text(id)))), { outcome: SERVED, text });
  });

  test('with half a character in a text costs that text, because some routers refuse the whole answer', () => {
    const cut = hit((row) => JSON.stringify({ ...row, lastName: 'Vale', streetLine2: 'Vale' }).replace('Müller', 'M\\ud83d'));
    return expectEverywhere(cut, { outcome: 'Vale', of: isHit });
  });

  test('that is nested far too deep under a key that nobody reads is served', () =>
    expectEverywhere(hit((row) => JSON.stringify(row).replace(/\}$/, `,"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)), { outcome: SERVED }));

  test('that is nested far too deep under a key that we read costs that value', () =>
    expectEverywhere(hit((row) => JSON.stringify(row).replace(/\}$/, `,"nationality":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)), { outcome: SERVED }));
});

describe('A character set', () => {
  const declared = (charset: string) => ({ 'content-type': `application/json; charset=${charset}` });
  const latin = (asked: Asked): Buffer => Buffer.from(goodBody(asked), 'latin1');
  const utf16 = (asked: Asked): Buffer => Buffer.from(goodBody(asked), 'utf16le');
  const BOM = Buffer.from([0xff, 0xfe]);
  const ofText = (name: string, hex: string): [Answerer, (id: string) => string] => [
    body(({ resource, ids }) => Buffer.concat(bodyOf(resource, ids.map((id) => rowOf(resource, id, `@ ${id}`))).split('@').flatMap((part, i) => [...(i > 0 ? [Buffer.from(hex, 'hex')] : []), Buffer.from(part)]))),
    (id) => `${name} ${id}`,
  ];

  test.each<[string, Answerer]>([
    ['ISO-8859-1', body(latin, declared('ISO-8859-1'))],
    ['windows-1252', body(latin, declared('"windows-1252"'))],
    ['ISO-8859-15', body(latin, declared('iso-8859-15'))],
    ['UTF-16', body(utf16, declared('utf-16'))],
    ['UTF-16LE', body((asked) => Buffer.concat([BOM, utf16(asked)]), declared('UTF-16LE'))],
    ['UTF-16BE', body((asked) => Buffer.concat([BOM, utf16(asked)]).swap16(), declared('utf-16be'))],
    ['UTF-8 with a byte order mark', body((asked) => `\ufeff${goodBody(asked)}`, declared('utf8'))],
  ])('that is declared and sent is read: %s', (_, answer) => expectEverywhere(answer, { outcome: SERVED }));

  test.each(['ISO-8859-1', 'windows-1252', 'utf-16', 'us-ascii', 'utf8mb4', 'ISO-8859-1, UTF-8', ''])('that is declared and not sent does no harm: %j', (charset) =>
    expectEverywhere(body(goodBody, declared(charset)), { outcome: SERVED }));

  test.each<[string, Answerer]>([
    ['Latin-1 without a word', body(latin)],
    ['Latin-1 that is called UTF-8', body(latin, declared('utf-8'))],
    ['Latin-1 under a name that nobody has heard', body(latin, declared('latin-something'))],
    ['UTF-8 that is called Shift_JIS', body(goodBody, declared('Shift_JIS'))],
    ['UTF-8 that is called GBK', body(goodBody, declared('gbk'))],
    ['UTF-32', body((asked) => Buffer.from(new Uint32Array(Array.from(goodBody(asked), (letter) => letter.codePointAt(0)!)).buffer), declared('utf-32'))],
    ['half of UTF-16', body((asked) => utf16(asked).subarray(0, -1), declared('utf-16'))],
  ])('that cannot be told is an error, never a broken name: %s', (_, answer) => expectEverywhere(answer, { outcome: INVALID }));

  test.each(['ISO-8859-1', 'windows-1252'])('that is declared as %s and is UTF-8, but for a name cut inside a character, costs that row alone', (charset) => {
    const cut = (row: Row): string => JSON.stringify({ ...row, title: 'Ren@' });
    const broken = body((asked) => {
      const parts = bodyOf(asked.resource, rows(asked).map((row) => (isHitId(row.id) ? cut(row) : row))).split('@');
      return Buffer.concat(parts.flatMap((part, i) => [...(i > 0 ? [Buffer.from('c3', 'hex')] : []), Buffer.from(part)]));
    }, declared(charset));
    return expectEverywhere(broken, { outcome: INVALID, of: isHit });
  });

  test.each([
    ['Shift_JIS', '山田', '8e5293 63'],
    ['GBK', '山田', 'c9bd ccef'],
    ['Big5', '山田', 'a473 a5d0'],
    ['EUC-KR', '김', 'b1e8'],
    ['windows-1252', 'O’Neil €', '4f924e65696c2080'],
    ['windows-1251', 'Иван', 'c8e2e0ed'],
  ])('of other letters is read: %s', (charset, name, hex) => {
    const [answer, text] = ofText(name, hex.replaceAll(' ', ''));
    return expectEverywhere((asked) => ({ ...answer(asked), headers: declared(charset) }), { outcome: SERVED, text });
  });
});

describe('A content encoding', () => {
  test.each(['UTF-8', 'none', '', 'x-gzip', 'identity', 'gzip, gzip', 'br', 'aws-chunked'])('%j of a body that is as it is does no harm', (encoding) =>
    expectEverywhere(body(goodBody, { 'content-encoding': encoding }), { outcome: SERVED }));

  test.each(['gzip', 'x-gzip', 'GZIP', 'deflate', 'none', ''])('%j of a body in gzip does no harm', (encoding) =>
    expectEverywhere(body((asked) => gzipSync(goodBody(asked)), { 'content-encoding': encoding }), { outcome: SERVED }));

  test.each<[string, (bytes: string) => Buffer]>([
    ['gzip twice', (bytes) => gzipSync(gzipSync(bytes))],
    ['br', brotli],
    ['deflate', (bytes) => deflateSync(bytes)],
    ['zstd', (bytes) => zstdCompressSync(bytes)],
    ['gzip and something after it', (bytes) => Buffer.concat([gzipSync(bytes), Buffer.from('x')])],
  ])('that nobody asked for is an error: %s', (_, make) => expectEverywhere(body((asked) => make(goodBody(asked))), { outcome: INVALID }));
});

describe('500', () => {
  test('once is mended by one call more', () =>
    expectEverywhere((asked) => (asked.call === 1 && asked.ids.length > 1 ? { status: 500 } : { body: goodBody(asked) }), { outcome: SERVED, resources: REGISTER, maxCalls: 2 }));

  test('for one id costs it', () => expectEverywhere(whenHit({ status: 500 }), { outcome: 'UPSTREAM_UNAVAILABLE', of: isHit }));

  test('for ever costs all', () => expectEverywhere(() => ({ status: 500 }), { outcome: 'UPSTREAM_UNAVAILABLE' }));
});

test('Where the time runs out between two calls, what came is served and the rest are errors', async () => {
  const hurried = await StandIn.start({ REQUEST_TIMEOUT_MS: '8000' });
  const ids = numbers(1001, 100);
  const ask = (resource: Resource): Promise<unknown[]> => {
    hurried.set(resource, (asked) => (asked.ids.includes('1041') && asked.ids.length < 100 && !asked.ids.includes('1021') ? { instead: 'hang' } : { body: bodyOf(asked.resource, rows(asked).slice(0, 20)) }));
    return hurried.outcomes(resource, ids);
  };
  try {
    const expected = ids.map((id, place) => (place < 40 ? textOf(id) : 'UPSTREAM_TIMEOUT'));
    expect(await allOf(REGISTER.map(ask))).toEqual(REGISTER.map(() => expected));
  } finally {
    await hurried.stop();
  }
});

test('450 contacts of the PMS, each with trouble of its own, are accounted for', async () => {
  const trouble: [Answerer, unknown][] = [
    [({ resource, ids }) => ({ body: JSON.stringify(rowOf(resource, ids[0]!)) }), SERVED],
    [() => ({ status: 404, body: '{}' }), null],
    [() => ({ status: 404, body: '<p>' }), INVALID],
    [() => ({ body: '{"id":7,"firstName":"Somebody else"}' }), INVALID],
    [() => ({ body: '{"id":NaN}' }), INVALID],
    [() => ({ status: 500 }), 'UPSTREAM_UNAVAILABLE'],
    [() => ({ status: 403 }), 'UPSTREAM_AUTH_FAILED'],
    [() => ({ status: 418 }), INVALID],
  ];
  const of = (id: string): [Answerer, unknown] => trouble[Number(id) % trouble.length]!;
  standIn.set('pms', (asked) => of(asked.ids[0]!)[0](asked));
  const ids = numbers(1001, 450);
  expect(await standIn.outcomes('pms', ids)).toEqual(ids.map((id) => (of(id)[1] === SERVED ? textOf(id) : of(id)[1])));
  expect(standIn.calls('pms')).toHaveLength(450);
});
