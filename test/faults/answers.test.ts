import { readFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { AnswerDrift } from '../../src/loaders/reconcile.js';
import { until } from '../support/until.js';
import { Scrape } from '../telemetry/support/metrics.js';
import { NO_ROUTE } from '../upstream/support/noRoute.js';
import { allOf, bodyOf, goodBody, numbers, RESOURCES, rowOf, StandIn, textOf, well, type Answerer, type Asked, type Reply, type Resource, type Row } from './standIn.js';

/** The ids that a row of the table is about: all, or one of them. */
type About = 'all' | 'one';

interface Case {
  readonly about: About;
  /** The ways of the upstream that the row names. */
  readonly ways: readonly Answerer[];
  /** Which ids the row is about, where these are neither all nor that one. */
  readonly left?: (ids: readonly string[]) => ReadonlySet<string>;
  readonly sizes?: readonly number[];
}

const ONE = '1001';
const SIZES: Readonly<Record<Resource, readonly number[]>> = { pms: [5, 1], contacts: [100, 1], addresses: [100, 1] };

const rows = ({ resource, ids }: Asked): Row[] => ids.map((id) => rowOf(resource, id));
const all = (...ways: Answerer[]): Case => ({ about: 'all', ways });
/** The same for calls that ask for that one. */
const one = (...ways: Answerer[]): Case => ({ about: 'one', ways: ways.map((way) => (asked) => (asked.ids.includes(ONE) ? way : well)(asked)) });
/** The first call for an id that has one fails. */
const once = (...ways: Answerer[]): Case => ({ about: 'all', ways: ways.map((way) => (asked) => (asked.call === 1 ? way : well)(asked)) });
const among = (one: Case): Case => ({ ...one, sizes: [100] });
const alone = (one: Case): Case => ({ ...one, sizes: [1] });
const statuses = (...codes: number[]): Answerer[] => codes.map((status) => () => ({ status, body: '{"message":"trouble"}' }));
const body = (make: (asked: Asked) => string | Uint8Array, headers: Record<string, string> = {}): Answerer => (asked) => ({ headers, body: make(asked) });
const page = (count: number): Answerer => body((asked) => bodyOf(asked.resource, rows(asked).slice(0, count)));
/** The row of that one, changed. */
const oneRow = (change: (row: Row) => Row | string | null): Answerer => body((asked) => bodyOf(asked.resource, rows(asked).map((row) => (row.id === Number(ONE) ? change(row) : row))));
const everyRow = (change: (row: Row) => Row | string): Answerer => body((asked) => bodyOf(asked.resource, rows(asked).map(change)));
const added = (more: (asked: Asked) => (Row | string)[]): Answerer => body((asked) => bodyOf(asked.resource, [...more(asked), ...rows(asked).reverse()]));
const spoilt = (text: string): Answerer => oneRow((row) => JSON.stringify(row).replace('Jörg', text));
const pages404: Answerer[] = ['<html><h1>404</h1></html>', '', '404', '{"message":'].map((text) => () => ({ status: 404, headers: { 'content-type': 'text/html' }, body: text }));
const noRoutes404: Answerer[] = Object.values(NO_ROUTE).slice(0, 3).map((json) => () => ({ status: 404, body: JSON.stringify(json) }));
const cut = (): Reply => ({ instead: 'cut' });
const broken = (asked: Asked): Reply => ({ body: goodBody(asked), instead: 'break' });
const without = (count: number) => (ids: readonly string[]): ReadonlySet<string> => new Set(ids.slice(count));
const IDS = [null, '', 'null', '01001', 1001.5, -1001, [1001], { id: 1001 }];

/** Each row of the table by its first column. */
const CASES: Readonly<Record<string, Case>> = {
  '200 with a row for every id': all(well),
  '200, rows in another order, with rows that nobody asked for among them': all(added(({ resource }) => [rowOf(resource, '7'), rowOf(resource, '8')])),
  '200, a row twice, with its keys in another order or its id as a text': all(
    added((asked) => rows(asked).map((row) => Object.fromEntries(Object.entries(row).reverse()))),
    added((asked) => rows(asked).map((row) => ({ ...row, id: String(row.id) }))),
  ),
  '200, two rows with one id that contradict each other': one(added(({ resource }) => [rowOf(resource, ONE, 'Somebody else')])),
  '200, at most 20 rows a page': all(page(20)),
  '200, pages so short that 20 calls do not bring all rows: the ids that are left': { ...all(page(2)), left: without(40) },
  '200, one row of several is missing and comes with the next answer': among(once(body((asked) => bodyOf(asked.resource, rows(asked).slice(1))))),
  '200, one row of several is missing from every answer': one(body(({ resource, ids }) => bodyOf(resource, ids.filter((id) => id !== ONE).map((id) => rowOf(resource, id))))),
  '200, an empty list': all(body(() => '[]')),
  '200, one row has no id, or one that is not a whole number': one(...IDS.map((id) => oneRow((row) => ({ ...row, id })))),
  '200, every row has no id, or one that is not a whole number': all(...IDS.map((id) => everyRow((row) => ({ ...row, id }))), everyRow(({ id: _, ...row }) => row)),
  '200, one row bears the id of another': one(oneRow((row) => ({ ...row, id: 77 }))),
  '200, the same first rows whatever is asked: the ids that are not among them': { ...all(body(({ resource }) => bodyOf(resource, numbers(1001, 20).map((id) => rowOf(resource, id))))), left: without(20) },
  '200, one row makes the body unreadable: `NaN`, a raw line break, a bare quote': one(oneRow((row) => JSON.stringify(row).replace(/\}$/, ',"x":NaN}')), spoilt('Jö\nrg'), spoilt('Jö"rg')),
  '200, one row makes the body too large: above 1 MiB (PMS) or 8 MiB (CAS 360)': one((asked) => oneRow((row) => ({ ...row, x: 'x'.repeat(asked.resource === 'pms' ? 1_048_577 : 8_388_609) }))(asked)),
  '200, every body is unreadable: no JSON, cut off, or no list where a list is due': all(body(() => '<html></html>'), body((asked) => goodBody(asked).slice(0, -1)), body(() => '{"rows":[]}')),
  '200, the body is unreadable once, in a call for several ids': among(once(body(() => ''))),
  '200, the body is unreadable once, in a call for one id': alone(once(body(() => ''))),
  '200, the connection breaks off within the body, once': once(broken),
  '200, the connection breaks off within the body, one': one(broken),
  '200, the connection breaks off within the body, every time': all(broken),
  '200 in ISO-8859-1 or UTF-16, and says so': all(
    body((asked) => Buffer.from(goodBody(asked), 'latin1'), { 'content-type': 'application/json; charset=ISO-8859-1' }),
    body((asked) => Buffer.from(goodBody(asked), 'utf16le'), { 'content-type': 'application/json; charset=UTF-16' }),
  ),
  '200, bytes that do not fit their character set, or fit two (Latin-1 aside)': all(
    body((asked) => Buffer.from(goodBody(asked), 'latin1')),
    body(goodBody, { 'content-type': 'application/json; charset=Shift_JIS' }),
  ),
  '200 in gzip, whatever `content-encoding` says': all(...['gzip', 'x-gzip', 'none', '', 'UTF-8', 'br'].map((encoding) => body((asked) => gzipSync(goodBody(asked)), { 'content-encoding': encoding }))),
  '200 in another encoding, such as `br`, or gzip twice': all(
    body((asked) => brotliCompressSync(goodBody(asked)), { 'content-encoding': 'br' }),
    body((asked) => gzipSync(gzipSync(goodBody(asked))), { 'content-encoding': 'gzip, gzip' }),
  ),
  '404 with JSON, one': one(...statuses(404)),
  '404 with JSON, every': all(...statuses(404)),
  '404 without JSON (a gateway\'s page, an empty body, a bare number), one': one(...pages404),
  '404 without JSON (a gateway\'s page, an empty body, a bare number), every': all(...pages404),
  '404 with JSON that names a missing route, every': all(...noRoutes404),
  '400, 410, 413, 414, 422 or 431, one': one(...statuses(400, 410, 413, 414, 422, 431)),
  '400, 410, 413, 414, 422 or 431, every': all(...statuses(400, 410, 413, 414, 422, 431)),
  'any other 4xx, one': one(...statuses(402, 408, 409, 451)),
  'any other 4xx, every': all(...statuses(402, 405, 408, 418, 451)),
  '3xx, or 2xx but 200': all(...statuses(301, 307, 201, 202, 206)),
  '401 once': once(...statuses(401)),
  '401, every': all(...statuses(401)),
  '403, one': one(...statuses(403)),
  '403 to every call': all(...statuses(403)),
  '429 to every call': all(...statuses(429)),
  '500 once, in a call for several ids': among(once(...statuses(500))),
  '500 once, in a call for one id': alone(once(...statuses(500))),
  '500, one': one(...statuses(500)),
  '500, every': all(...statuses(500)),
  '502, 503 or 504 once': once(...statuses(502, 503, 504)),
  '502, 503 or 504, every': all(...statuses(502, 503, 504)),
  'any other 5xx': all(...statuses(501, 505, 507, 599)),
  'the connection is cut once': once(cut),
  'the connection is cut, every time': all(cut),
  'no answer before the deadline': all(() => ({ instead: 'hang' })),
};

const doc = readFileSync('docs/upstream-answers.md', 'utf8');
/** The cells of a table whose rows have this many, without its head. */
const tableOf = (cells: number): string[][] => doc.split('\n').filter((line) => line.startsWith('| ')).map((line) => line.slice(2, -2).split(' | ')).filter((row) => row.length === cells && row[0] !== '---').slice(1);
const TABLE = tableOf(6).map(([answer, pms, contacts, addresses, pmsCalls, chunkCalls]) => ({ answer: answer!, outcomes: { pms, contacts, addresses }, calls: { pms: pmsCalls, contacts: chunkCalls, addresses: chunkCalls } }));
const ALONE = 'null if halving asks for it alone, else UPSTREAM_INVALID_RESPONSE';

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start();
});
beforeEach(() => standIn.reset());

async function restart(): Promise<void> {
  await standIn.stop();
  standIn = await StandIn.start();
}

afterAll(() => standIn.stop());

/** Puts the first of 100 ids where halving takes the most calls to find it. */
const dearest = ([first, ...others]: readonly string[]): string[] => [...others.slice(0, 80), first!, ...others.slice(80)];

/** Checks the outcome of each id. Returns the most calls that there were for an id of the PMS or for a chunk. */
async function mostCalls(server: StandIn, resource: Resource, told: string, { about, ways, left, sizes = SIZES[resource] }: Case): Promise<number> {
  let most = 0;
  for (const way of ways) {
    for (const size of sizes) {
      server.set(resource, resource === 'pms' ? eachOnItsOwn(way) : way);
      const ids = about === 'one' ? dearest(numbers(1001, size)) : numbers(1001, size);
      const outcomes = await server.outcomes(resource, ids);
      const calls = server.calls(resource);
      const alone = new Set(calls.filter((call) => call.ids.length === 1).flatMap((call) => call.ids));
      const concerned = left?.(ids) ?? new Set(about === 'one' ? [ONE] : ids);
      expect(outcomes).toEqual(ids.map((id) => (concerned.has(id) ? outcomeOf(told, id, alone) : textOf(id))));
      most = Math.max(most, ...(resource === 'pms' ? callsPerId(calls) : [calls.length]));
    }
  }
  return most;
}

/** The same where nothing answers: each size has an app with a deadline of its own, and all wait side by side. */
async function mostCallsInVain(resources: readonly Resource[], toldOf: (resource: Resource) => string, one: Case): Promise<number[]> {
  const most = await allOf(
    [0, 1].map(async (n) => {
      const hurried = await StandIn.start({ REQUEST_TIMEOUT_MS: '6000' });
      try {
        // Tokens are in hand: the deadline is for calls.
        for (const resource of RESOURCES) await until(`there is a token for ${resource}`, async () => (await hurried.outcomes(resource, [ONE]))[0] === textOf(ONE));
        return await allOf(resources.map((resource) => mostCalls(hurried, resource, toldOf(resource), { ...one, sizes: [SIZES[resource][n]!] })));
      } finally {
        await hurried.stop();
      }
    }),
  );
  return resources.map((_, i) => Math.max(...most.map((each) => each[i]!)));
}

describe('docs/upstream-answers.md', () => {
  test('has a row for each case of this test, and no other', () => {
    expect(TABLE.map(({ answer }) => answer)).toEqual(Object.keys(CASES));
  });

  test.each(TABLE)('$answer', async ({ answer, outcomes, calls }) => {
    const one = CASES[answer]!;
    const told = RESOURCES.filter((resource) => outcomes[resource] !== '-');
    const mostFor = (resource: Resource): Promise<number> => mostCalls(standIn, resource, outcomes[resource]!, one);
    // Afresh, with the whole budget of second attempts.
    if (/^50[2-4]|cut|breaks/.test(answer)) await restart();
    const startedAtMs = performance.now();
    let most: number[] = [];
    if (answer.startsWith('401')) {
      // It brings a new token, but not again soon after another one did. Contacts and addresses have the same.
      for (const resource of told) {
        await restart();
        most.push(await mostFor(resource));
      }
    } else if (answer.startsWith('no answer')) most = await mostCallsInVain(told, (resource) => outcomes[resource]!, one);
    else most = await allOf(told.map(mostFor));
    // Where the budget of second attempts runs out, a fast machine makes fewer: the budget grows by one in two seconds.
    const isBudgeted = /breaks off .* every time/.test(answer);
    const grownBy = isBudgeted ? Math.floor((performance.now() - startedAtMs) / 2_000) : 0;
    const surplus = told.map((resource, i) => most[i]! - Number(calls[resource]));
    expect(told.filter((_, i) => surplus[i]! < (isBudgeted ? -2 : 0) || surplus[i]! > grownBy).map((resource) => [resource, calls[resource], most])).toEqual([]);
  });

  test('has a row for each kind of drift, and each is counted by what the row says', async () => {
    const trouble: Record<AnswerDrift, Answerer> = {
      cut_page: page(20),
      unmatched_rows: oneRow((row) => ({ ...row, id: null })),
      contradictory_rows: added(({ resource }) => [rowOf(resource, ONE, 'Somebody else')]),
      unreadable_answer: body(() => 'no JSON'),
      foreign_404: pages404[0]!,
      passing_500: once(...statuses(500)).ways[0]!,
    };
    expect(tableOf(3).map(([kind]) => kind)).toEqual(Object.keys(trouble).map((kind) => `\`${kind}\``));
    const counted = async (kind: string): Promise<number[]> => {
      const scrape = await Scrape.of(standIn.app.url);
      return ['contacts', 'addresses'].map((resource) => scrape.value('contacts_upstream_answer_drift_total', { source: 'CAS360', resource, kind }));
    };
    for (const [kind, way] of Object.entries(trouble)) {
      const before = await counted(kind);
      for (const resource of ['contacts', 'addresses'] as const) {
        standIn.set(resource, way);
        await standIn.outcomes(resource, numbers(1001, 60));
      }
      const after = await counted(kind);
      expect(after.every((count, i) => count > before[i]!)).toBe(true);
    }
  });
});

/** Each id of the PMS is a call of its own: "once" means once for each. */
function eachOnItsOwn(way: Answerer): Answerer {
  const calls = new Map<string, number>();
  return (asked) => {
    const id = asked.ids[0]!;
    calls.set(id, (calls.get(id) ?? 0) + 1);
    return way({ ...asked, call: calls.get(id)! });
  };
}

function callsPerId(calls: readonly Asked[]): number[] {
  return [...Map.groupBy(calls, ({ ids }) => ids[0]).values()].map((own) => own.length);
}

function outcomeOf(told: string, id: string, alone: ReadonlySet<string>): unknown {
  if (told === ALONE) return alone.has(id) ? null : 'UPSTREAM_INVALID_RESPONSE';
  if (told === 'served') return textOf(id);
  return told === 'null' ? null : told;
}
