import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { AnswerBudget } from '../../src/graphql/limits/answerBudget.js';
import { Cas360Contact } from '../../src/mapping/cas360.js';
import { createLog } from '../../src/telemetry/log.js';
import { Endpoint } from '../../src/upstream/endpoint.js';
import { idsFrom, startTestApp } from '../support/testApp.js';
import { firstIds, startStand, type Stand } from '../support/stand.js';
import { UNHURRIED } from '../support/unhurried.js';

jest.setTimeout(60_000);

/** What a line may hold: the logger's own, and `LogValues`. */
const KEYS = ['level', 'time', 'msg', 'address', 'source', 'reason', 'frames'];

let stand: Stand;
beforeAll(async () => {
  stand = await startStand(UNHURRIED);
});
afterAll(() => stand.stop());

function lines(): Record<string, unknown>[] {
  return stand.subgraph.output.text.split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** How many lines so many operations wrote. */
async function linesOf(operations: readonly Promise<unknown>[]): Promise<number> {
  const before = lines().length;
  await Promise.all(operations);
  // What was printed before this answer has come by then.
  await stand.caller.get('/health/live');
  return lines().length - before;
}

const times = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

function breakDown(): never {
  throw new RangeError('Western Africa');
}

describe('the log', () => {
  test('has no line of operations that do well, that ask for what is not there, or that are refused', async () => {
    const { caller, sandbox } = stand;
    const ids = firstIds(sandbox, 'cas360', 10);
    // Most of these operations come often enough to be compiled.
    const written = await linesOf([
      ...times(50, () => caller.ask('query ($ids: [ID!]!) { contacts(ids: $ids) { name } }', { ids })),
      ...times(20, (n) => caller.ask(`{ contact(id: "cas360:${9_000_000 + n}") { name } }`)),
      ...times(20, () => caller.ask('{ contact(id: "nobody") { name dateOfBirth } }')),
      ...times(20, () => caller.ask('{ nobody }')),
      ...times(20, () => caller.ask('{')),
      ...times(20, (n) => caller.get(`/nowhere/${n}`)),
    ]);
    expect(written).toBe(0);
  });

  test('has at most a line for each operation that fails', async () => {
    const { caller, sandbox } = stand;
    const ids = [...firstIds(sandbox, 'pms', 10), ...firstIds(sandbox, 'cas360', 10)];
    const NAMES = 'query ($ids: [ID!]!) { contacts(ids: $ids) { name address { city } } }';
    for (const system of [sandbox.pms, sandbox.cas360]) {
      system.revokeTokens();
      system.faults.set([{ on: 'token', status: 500 }]);
    }
    const withoutTokens = await linesOf(times(20, () => caller.ask(NAMES, { ids })));
    expect(withoutTokens).toBeGreaterThan(0);
    expect(withoutTokens).toBeLessThanOrEqual(20);
    for (const system of [sandbox.pms, sandbox.cas360]) system.faults.set([{ status: 500 }]);
    expect(await linesOf(times(20, () => caller.ask(NAMES, { ids })))).toBeLessThanOrEqual(20);
  });

  test.each<[string, () => unknown]>([
    ['a model', () => jest.spyOn(Cas360Contact.prototype, 'name', 'get').mockImplementation(breakDown)],
    ['what asks the systems', () => jest.spyOn(Endpoint.prototype, 'getJson').mockImplementation(breakDown)],
  ])('has one line for an operation that meets an error of our own in %s, at many places, and says where it began', async (_where, plant) => {
    const app = await startTestApp({}, { compilingShare: Infinity });
    plant();
    for (const way of ['interpreted', 'compiled', 'compiled before']) {
      const before = app.logged.length;
      const { errors } = await app.query('query ($ids: [ID!]!) { contacts(ids: $ids) { name } }', { ids: idsFrom('cas360', 1_001, 20) });
      expect([way, errors?.map(({ extensions }) => extensions.code)]).toEqual([way, new Array(20).fill('INTERNAL_SERVER_ERROR')]);
      expect([way, ...app.logged.slice(before)]).toEqual([way, expect.stringMatching(/^An operation met an error of our own\. \{"frames":\["RangeError","at /)]);
    }
    await app.stop();
    jest.restoreAllMocks();
    expect(app.logged.join()).not.toContain('Western');
  });

  test('says where an error of our own began that a plan meets', async () => {
    const app = await startTestApp({ GRAPHIQL: 'true' }, { graphiqlFolder: 'dist/graphiql' });
    jest.spyOn(AnswerBudget.prototype, 'fields', 'get').mockImplementation(breakDown);
    const before = app.logged.length;
    const { errors } = await app.query('{ contact(id: "cas360:54") { address { city } } }', {}, { 'x-upstream-calls': 'plan' });
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['INTERNAL_SERVER_ERROR']);
    expect(app.logged.slice(before)).toEqual([expect.stringMatching(/^An operation met an error of our own\. \{"frames":\["RangeError","at /)]);
    await app.stop();
    jest.restoreAllMocks();
  });

  test.each([
    ['neither ROUTER_SECRET nor AUTH_JWKS_URL is', { AUTH_JWKS_URL: undefined }, 1],
    ['only ROUTER_SECRET is', { AUTH_JWKS_URL: undefined, ROUTER_SECRET: 'secret' }, 0],
    ['only AUTH_JWKS_URL is', {}, 0],
  ])('warns at the start that everybody may read, where %s set', async (_which, settings, times) => {
    const app = await startTestApp(settings);
    await app.stop();
    expect(app.logged.filter((line) => line.startsWith('Neither ROUTER_SECRET nor AUTH_JWKS_URL is set: everybody who reaches the port may read'))).toHaveLength(times);
  });

  test('is not kept for a reader who does not read: a line is lost where a mebibyte waits', () => {
    const written: string[] = [];
    jest.spyOn(process.stdout, 'write').mockImplementation((line) => written.push(String(line)) > 0);
    let waiting = 0;
    Object.defineProperty(process.stdout, 'writableLength', { get: () => waiting, configurable: true });
    const log = createLog();
    for (const [bytes, message] of [[0, 'First.'], [1_048_575, 'Second.'], [1_048_576, 'Third.'], [9_999_999, 'Fourth.'], [0, 'Fifth.']] as const) {
      waiting = bytes;
      log.info(message);
    }
    // The stream's own getter is inherited.
    Reflect.deleteProperty(process.stdout, 'writableLength');
    jest.restoreAllMocks();
    expect(written.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['First.', 'Second.', 'Fifth.']);
  });

  test('is JSON, a line each, and holds nothing that is not on the list', () => {
    expect(lines().length).toBeGreaterThan(2);
    for (const line of lines()) {
      expect(Object.keys(line).filter((key) => !KEYS.includes(key))).toEqual([]);
      expect(line).toMatchObject({ level: expect.any(Number), time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/), msg: expect.stringMatching(/\.$/) });
    }
  });
});
