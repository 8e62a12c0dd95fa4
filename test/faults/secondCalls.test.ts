import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../support/until.js';
import { bodyOf, goodBody, numbers, rowOf, StandIn, textOf, well, type Answerer, type Row } from './standIn.js';

// What needs a further call costs the contact that needs it, and delays no other.

const ADDRESSES = 'query ($ids: [ID!]!) { contacts(ids: $ids) { name address { id lines } } }';
const idsOf = (...ids: readonly string[]): string[] => ids.map((id) => `cas360:${id}`);
const linesOf = (id: string): object => ({ id: `cas360:${id}`, lines: [textOf(id)] });

let standIn: StandIn;
beforeAll(async () => {
  standIn = await StandIn.start();
});
beforeEach(() => standIn.reset());
afterAll(() => standIn.stop());

/** Runs with one of its own in its place. */
async function withOwn(settings: Record<string, string>, run: () => Promise<void>): Promise<void> {
  const others = standIn;
  standIn = await StandIn.start(settings);
  try {
    await run();
  } finally {
    await standIn.stop();
    standIn = others;
  }
}

/** For what hangs. */
const HURRIED = { CAS360_TIMEOUT_MS: '4000' };

const jointMember = (id: string, ...representativeIds: number[]): Row => ({ ...rowOf('contacts', id), contactType: 'Joint Member', representativeIds });
const withAddress = (id: string, addressId: number): Row => ({ ...rowOf('contacts', id), addressId });

/** A register of these contacts. Calls that name one of `troubled` end in `trouble`. */
function register(contacts: readonly Row[], trouble: Answerer = well, ...troubled: string[]): void {
  const byId = new Map(contacts.map((row): [string, Row] => [String(row.id), row]));
  standIn.set('contacts', (asked) =>
    asked.ids.some((id) => troubled.includes(id)) ? trouble(asked) : { body: bodyOf('contacts', asked.ids.filter((id) => byId.has(id)).map((id) => byId.get(id)!)) });
}

/** The address of each contact: its object, null, or the code of the error at its place. */
async function addresses(...ids: readonly string[]): Promise<unknown[]> {
  const { data, errors = [] } = await standIn.app.query(ADDRESSES, { ids: idsOf(...ids) });
  const codes = new Map(errors.map(({ path, extensions }) => [path!.join('.'), extensions.code]));
  expect(data.contacts.map(({ name }: { name: string }) => name)).toEqual(ids.map(textOf));
  return ids.map((_, place) => codes.get(`contacts.${place}.address`) ?? data.contacts[place].address);
}

describe('A joint member without an address, beside a contact with one', () => {
  const MEMBER = jointMember('1', 2);
  const OTHER = withAddress('3', 33);

  test('whose first representative hangs costs itself; the other address is asked for meanwhile', () =>
    withOwn(HURRIED, async () => {
      register([MEMBER, OTHER], () => ({ instead: 'hang' }), '2');
      const asked = addresses('1', '3');
      await until('both are asked for', () => standIn.calls('addresses').length === 1 && standIn.calls('contacts').length === 2);
      expect(standIn.calls('contacts').map(({ ids }) => ids)).toEqual([['1', '3'], ['2']]);
      expect(await asked).toEqual(['UPSTREAM_TIMEOUT', linesOf('33')]);
    }));

  test.each<[string, Answerer, unknown]>([
    ['fails', () => ({ status: 403 }), 'UPSTREAM_AUTH_FAILED'],
    ['is refused by a gateway', () => ({ status: 404, body: '<p>' }), 'UPSTREAM_INVALID_RESPONSE'],
    ['comes without a usable id', () => ({ body: '[{"id":"02"}]' }), 'UPSTREAM_INVALID_RESPONSE'],
    ['is not there', () => ({ body: '[]' }), null],
    ['has no address', () => ({ body: bodyOf('contacts', [rowOf('contacts', '2')]) }), null],
    ['has one', () => ({ body: bodyOf('contacts', [withAddress('2', 22)]) }), linesOf('22')],
  ])('whose first representative %s', async (_, trouble, outcome) => {
    register([MEMBER, OTHER], trouble, '2');
    expect(await addresses('1', '3')).toEqual([outcome, linesOf('33')]);
  });

  test('whose first representatives are joint members too uses the address at the end', async () => {
    register([MEMBER, jointMember('2', 4), jointMember('4', 5, 6), withAddress('5', 55), withAddress('6', 66), OTHER]);
    expect(await addresses('1', '3')).toEqual([linesOf('55'), linesOf('33')]);
  });

  test.each([
    ['itself', [jointMember('1', 1)]],
    ['the next one', [MEMBER, jointMember('2', 1)]],
    ['one further on', [MEMBER, jointMember('2', 4), jointMember('4', 5), jointMember('5', 4)]],
  ])('has none where they lead round in a circle to %s', async (_, circle) => {
    register([...circle, OTHER]);
    expect(await addresses('1', '3')).toEqual([null, linesOf('33')]);
  });

  test('that is the first of a chain uses the address at its end, or is an error where the chain is too long', async () => {
    const chain = numbers(101, 30).map((id) => jointMember(id, Number(id) + 1));
    register([...chain, withAddress('131', 31), OTHER]);
    expect(await addresses('111', '3', '101')).toEqual([linesOf('31'), linesOf('33'), 'UPSTREAM_INVALID_RESPONSE']);
  });
});

describe('Addresses', () => {
  const IDS = numbers(1001, 150);
  const everybody = (): void => register(IDS.map((id) => withAddress(id, Number(id))));

  test.each<[string, Answerer, string]>([
    ['503', () => ({ status: 503 }), 'UPSTREAM_UNAVAILABLE'],
    ['500', () => ({ status: 500 }), 'UPSTREAM_UNAVAILABLE'],
    ['a page', () => ({ body: '<html>' }), 'UPSTREAM_INVALID_RESPONSE'],
    ['no id', () => ({ body: '[{}]' }), 'UPSTREAM_INVALID_RESPONSE'],
  ])('that answer %s cost themselves and no contact', async (_, trouble, code) => {
    everybody();
    standIn.set('addresses', trouble);
    expect(await addresses(...IDS)).toEqual(IDS.map(() => code));
    expect(standIn.calls('contacts')).toHaveLength(2);
  });

  test('that answer 429 cost themselves and no contact', () =>
    // Of its own: what follows a 429 is asked slowly.
    withOwn({}, async () => {
      everybody();
      standIn.set('addresses', () => ({ status: 429 }));
      expect(await addresses(...IDS)).toEqual(IDS.map(() => 'UPSTREAM_RATE_LIMITED'));
      expect(standIn.calls('contacts')).toHaveLength(2);
    }));

  test('of which one is spoilt cost one', async () => {
    everybody();
    standIn.set('addresses', (asked) => ({ body: asked.ids.includes('1042') ? goodBody(asked).replace('Jörg Müller 1042', 'a\nb') : goodBody(asked) }));
    expect(await addresses(...IDS)).toEqual(IDS.map((id) => (id === '1042' ? 'UPSTREAM_INVALID_RESPONSE' : linesOf(id))));
  });

  test('that hang cost themselves', () =>
    withOwn(HURRIED, async () => {
      everybody();
      standIn.set('addresses', () => ({ instead: 'hang' }));
      expect(await addresses(...IDS)).toEqual(IDS.map(() => 'UPSTREAM_TIMEOUT'));
    }));
});

test('A page that is cut loses no representative', async () => {
  const members = numbers(2001, 70);
  const byId = new Map<string, Row>([['1', { ...jointMember('1', ...members.map(Number)), addressId: 9 }]]);
  standIn.set('contacts', (asked) => ({ body: bodyOf('contacts', asked.ids.slice(0, 20).map((id) => byId.get(id) ?? rowOf('contacts', id))) }));
  const { data, errors } = await standIn.app.query('{ contact(id: "cas360:1") { representatives { name } } }');
  expect(errors).toBeUndefined();
  expect(data.contact.representatives).toEqual(members.map((id) => ({ name: textOf(id) })));
  expect(standIn.calls('contacts')).toHaveLength(1 + 4);
});

describe('A contact that is kept in memory', () => {
  let nowMs = Date.parse('2026-03-31T23:59:59.999Z');
  let kept: StandIn;
  beforeAll(async () => {
    kept = await StandIn.start({ CACHE_TTL_SECONDS: '3600' }, { now: () => nowMs });
  });
  afterEach(() => kept.reset());
  afterAll(() => kept.stop());

  test('before midnight in UTC has its role until then, and not after, without another call', async () => {
    const relationships = [{ type: 'Director', endDate: '2026-03-31' }, { type: 'Secretary', endDate: '2026-04-01' }, { type: 'Member', endDate: null }];
    kept.set('contacts', () => ({ body: bodyOf('contacts', [{ ...rowOf('contacts', '1'), relationships }]) }));
    const ask = async (): Promise<unknown> =>
      (await kept.app.query('{ contact(id: "cas360:1") { relationships { type current } now: relationships(current: true) { type } } }')).data.contact;
    const current = (...now: string[]): object => ({
      relationships: relationships.map(({ type }) => ({ type, current: now.includes(type) })),
      now: now.map((type) => ({ type })),
    });
    expect(await ask()).toEqual(current('Director', 'Secretary', 'Member'));
    nowMs++;
    expect(await ask()).toEqual(current('Secretary', 'Member'));
    nowMs += 86_400_000;
    expect(await ask()).toEqual(current('Member'));
    expect(kept.calls('contacts')).toHaveLength(1);
  });

  test('is not one that failed, or that was not there: the next operation asks again', async () => {
    const answers: Answerer[] = [() => ({ status: 500 }), () => ({ body: '[]' }), () => ({ body: '[{"id":null}]' }), well];
    kept.set('contacts', (asked) => answers[asked.call - 1]!(asked));
    const outcomes: unknown[] = [];
    for (let n = 0; n < 5; n++) outcomes.push(...(await kept.outcomes('contacts', ['2'])));
    expect(outcomes).toEqual(['UPSTREAM_UNAVAILABLE', null, 'UPSTREAM_INVALID_RESPONSE', textOf('2'), textOf('2')]);
    expect(kept.calls('contacts')).toHaveLength(4);
  });
});
