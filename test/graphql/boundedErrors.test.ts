import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { errorsIn, idsFrom, PLAIN, startTestApp, type Answer, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
beforeEach(() => app.reset());
afterAll(() => app.stop());

const codesOf = ({ errors = [] }: Answer): string[] => errors.map(({ extensions }) => extensions.code);
const placesOf = ({ errors = [] }: Answer): string[] => errors.map(({ path = [] }) => path.join('.'));
/** Interpreted at first, then compiled. */
const SIGHTS = [1, 2, 3];
const CONTACTS = 'query ($ids: [ID!]!) { contacts(ids: $ids) { id name dateOfBirth } }';

describe('An answer has at most 1,000 errors', () => {
  test('and says so if there were more', async () => {
    const ids = (count: number): string[] => Array.from({ length: count }, () => 'malformed');
    for (const sight of SIGHTS) {
      const all = await app.query('query ($ids: [ID!]!) { contacts(ids: $ids) { id } }', { ids: ids(1_000) });
      expect([sight, new Set(codesOf(all)), all.errors!.length]).toEqual([sight, new Set(['BAD_USER_INPUT']), 1_000]);
      const more = await app.query('query ($ids: [ID!]!, $one: [ID!]!) { a: contacts(ids: $ids) { id } b: contacts(ids: $one) { id } }', { ids: ids(1_000), one: ['malformed', 'cas360:54'] });
      expect(codesOf(more).slice(0, 1_000)).toEqual(Array.from({ length: 1_000 }, () => 'BAD_USER_INPUT'));
      expect(more.errors!.slice(1_000)).toEqual([
        { message: 'The answer has more than 1,000 errors. The others are left out, and their fields are null. Ask for less at once, or resolve these errors first.', extensions: { code: 'ERRORS_TRUNCATED', retryable: false } },
      ]);
      expect(more.data.b).toEqual([null, { id: 'cas360:54' }]);
    }
  });

  test('among them that of a list which may not be null', async () => {
    const variables = { all: Array.from({ length: 1_500 }, () => 7), ids: Array.from({ length: 1_001 }, () => 'pms:1') };
    for (const sight of SIGHTS) {
      const answer = await app.query('query ($all: [_Any!]!, $ids: [ID!]!) { _entities(representations: $all) { __typename } contacts(ids: $ids) { name } }', variables);
      expect([sight, answer.data, answer.errors!.length, new Set(codesOf(answer))]).toEqual([sight, null, 1_001, new Set(['BAD_USER_INPUT', 'ERRORS_TRUNCATED'])]);
      expect(answer.errors!.filter(({ extensions }) => extensions.limit === 'MAX_IDS').map(({ path }) => path)).toEqual([['contacts']]);
    }
  });

  test('whatever kind of thing failed', async () => {
    app.sandbox.cas360.faults.set([{ on: 'addresses', status: 403 }]);
    const query = `query ($ids: [ID!]!, $all: [_Any!]!) { contacts(ids: $ids) { id address { city } } _entities(representations: $all) { __typename } }`;
    for (const sight of SIGHTS) {
      const answer = await app.query(query, { ids: idsFrom('cas360', 1_001, 600), all: Array.from({ length: 600 }, () => ({ __typename: 'Nothing' })) });
      expect([sight, answer.errors!.length, codesOf(answer).at(-1)]).toEqual([sight, 1_001, 'ERRORS_TRUNCATED']);
      expect(new Set(codesOf(answer))).toEqual(new Set(['UPSTREAM_AUTH_FAILED', 'BAD_USER_INPUT', 'ERRORS_TRUNCATED']));
    }
  });
});

describe('A null for a condition, which would be an error of each object,', () => {
  test.each(['@skip(if: $v)', '@include(if: $v)'])('is refused before anything is asked: %s', async (condition) => {
    const ids = ['pms:4711', 'cas360:54'];
    const forms = [`nationality { code ${condition} }`, `address { ... ${condition} { city } }`, `...f } } fragment f on Contact { nationality { code ${condition}`];
    for (const form of forms) {
      const query = `query ($v: Boolean = true, $ids: [ID!]!) { contacts(ids: $ids) { id ${form} } }`;
      for (const sight of SIGHTS) {
        app.sandbox.pms.resetCalls();
        const { data, errors } = await app.query(query, { ids, v: null });
        expect([sight, data, errors!.map(({ message, extensions: { code } }) => [message, code])]).toEqual([
          sight,
          undefined,
          [['A variable in @skip or @include is null. Give it true or false, or leave it out to use its default.', 'BAD_USER_INPUT']],
        ]);
        expect(app.sandbox.pms.calls).toEqual([]);
        for (const variables of [{ ids }, { ids, v: true }, { ids, v: false }]) expect((await app.query(query, variables)).errors).toBeUndefined();
      }
    }
  });

  test('but not that of another variable, or of an argument', async () => {
    const query = 'query ($v: Boolean, $w: Boolean = true) { contact(id: "cas360:54") { relationships(current: $v) { type @skip(if: $w) startDate } } }';
    for (const sight of SIGHTS) expect([sight, (await app.query(query, { v: null })).errors]).toEqual([sight, undefined]);
  });
});

describe('A guarded field without its scope is told of once', () => {
  test('however many contacts there are, at the first of them', async () => {
    for (const sight of SIGHTS) {
      const answer = await app.query(CONTACTS, { ids: ['malformed', ...idsFrom('cas360', 1_001, 400), 'pms:4711'] });
      expect([sight, placesOf(answer).sort()]).toEqual([sight, ['contacts.0', 'contacts.1.dateOfBirth']]);
      expect(answer.data.contacts.slice(1).every(({ dateOfBirth }: { dateOfBirth: unknown }) => dateOfBirth === null)).toBe(true);
      expect(answer.errors!.find(({ path }) => path!.length === 3)).toEqual({
        message: 'Contact.dateOfBirth needs the scope contact:identity, which the request does not carry. Send a token with this scope, or leave the field out.',
        locations: [{ line: 1, column: 54 }],
        path: ['contacts', 1, 'dateOfBirth'],
        extensions: { code: 'FORBIDDEN', retryable: false, coordinate: 'Contact.dateOfBirth', scope: 'contact:identity' },
      });
    }
  });

  test('at the first contact, though a later one was there first', async () => {
    // Addresses are fetched for the contacts of the register as soon as these have come.
    app.sandbox.pms.faults.set([{ latencyMs: 100 }]);
    for (const sight of SIGHTS) {
      const answer = await app.query('query ($ids: [ID!]!) { contacts(ids: $ids) { name address { city } cognitoId } }', { ids: ['pms:1', 'pms:4711', 'cas360:54'] });
      expect([sight, placesOf(answer)]).toEqual([sight, ['contacts.1.cognitoId']]);
    }
  });

  test('for each field of the operation, wherever it stands', async () => {
    const query = '{ a: contact(id: "pms:4711") { ...f salesAccount { contact { ...f } } } b: contacts(ids: ["pms:4711", "pms:5001"]) { ...f ...f x: cognitoId } } fragment f on Contact { cognitoId doorAccess { keyCardCode } }';
    for (const sight of SIGHTS) {
      const answer = await app.query(query);
      expect([sight, errorsIn(answer).map((error) => (error as { at: string }).at)]).toEqual([
        sight,
        ['a.cognitoId', 'a.doorAccess', 'a.salesAccount.contact.cognitoId', 'a.salesAccount.contact.doorAccess', 'b.0.cognitoId', 'b.0.doorAccess', 'b.0.x'],
      ]);
    }
  });

  test('to each caller anew, and to none who has the scope', async () => {
    const ids = ['pms:4711', 'pms:5001'];
    for (const sight of SIGHTS) {
      const [refused, served] = await Promise.all([app.query(CONTACTS, { ids }), app.query(CONTACTS, { ids }, await app.bearer('contact:identity'))]);
      expect([sight, placesOf(refused), served.errors, served.data.contacts[0].dateOfBirth]).toEqual([sight, ['contacts.0.dateOfBirth'], undefined, '1990-05-01']);
    }
  });
});

test('An answer that takes many turns of the event loop is the same, interpreted and compiled', async () => {
  const fields = 'id source sourceId name title firstName lastName gender email phone address { id } relationships { type company { id } }';
  const ids = [...idsFrom('cas360', 1_001, 300), ...Array.from({ length: 700 }, () => 'cas360:54')];
  const one = await app.query(`query ($ids: [ID!]!) { contacts(ids: $ids) { ${fields} } }`, { ids: ids.slice(0, 301) });
  const expected = [...one.data.contacts, ...Array.from({ length: 699 }, () => one.data.contacts[300])];
  for (const sight of SIGHTS) {
    // With more than 50,000 fields, it is written in pieces too.
    const { data, errors } = await app.query(`query ($ids: [ID!]!) { ${Array.from({ length: 5 }, (_, n) => `l${n}: contacts(ids: $ids) { ${fields} }`).join(' ')} }`, { ids }, PLAIN);
    expect([sight, errors]).toEqual([sight, undefined]);
    expect(Object.values(data).every((list) => JSON.stringify(list) === JSON.stringify(expected))).toBe(true);
  }
});

test('Where many long answers are asked for at once, some are refused, and short ones are served', async () => {
  // Nobody has this id: its fields count, since they are asked for, but take no time.
  const ids = Array.from({ length: 1_000 }, () => 'cas360:9');
  const long = (n: number): Promise<Answer> => app.query(`query Long${n} ($ids: [ID!]!) { ${Array.from({ length: 10 }, (_, list) => `l${list}: contacts(ids: $ids) { id source sourceId name email phone title gender skype uuid }`).join(' ')} }`, { ids }, PLAIN);
  // A million fields are under way at most, and each of these has 100,010.
  const askAll = (count: number): { refused: Answer[]; answers: Promise<Answer[]> } => {
    const refused: Answer[] = [];
    const ask = async (n: number): Promise<Answer> => {
      const answer = await long(n);
      if (answer.status === 503) refused.push(answer);
      return answer;
    };
    return { refused, answers: Promise.all(Array.from({ length: count }, (_, n) => ask(n))) };
  };
  const letGo = app.sandbox.cas360.hold();
  const { refused, answers } = askAll(12);
  const short = app.query('{ contacts(ids: ["cas360:54"]) { name } }');
  await until('the others are refused', () => refused.length >= 3);
  letGo();
  expect((await short).errors).toBeUndefined();
  await answers;
  expect(refused).toHaveLength(3);
  for (const answer of refused) expect([codesOf(answer), answer.headers.get('retry-after'), answer.data]).toEqual([['OVERLOADED'], '1', undefined]);
  // What was under way is no more, so nine have room side by side.
  const letGoAgain = app.sandbox.cas360.hold();
  const again = askAll(10);
  await until('another is refused', () => again.refused.length > 0);
  letGoAgain();
  const served = (await again.answers).filter((answer) => !again.refused.includes(answer));
  expect(served.map(({ status, errors }) => [status, errors])).toEqual(Array.from({ length: 9 }, () => [200, undefined]));
});

test('A refused field is told of at its first item, also where an alias means another field of another type', async () => {
  const representations = [{ __typename: 'Address', id: 'cas360:15' }, { __typename: 'Contact', id: 'cas360:54' }, { __typename: 'Contact', id: 'pms:4711' }];
  for (const sight of SIGHTS) {
    const answer = await app.query('query ($all: [_Any!]!) { _entities(representations: $all) { ... on Address { x: city } ... on Contact { x: cognitoId } } }', { all: representations });
    expect([sight, placesOf(answer)]).toEqual([sight, ['_entities.1.x']]);
  }
});
