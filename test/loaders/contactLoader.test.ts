import { describe, expect, test } from '@jest/globals';
import { ContactsError } from '../../src/errors.js';
import { parseContactId } from '../../src/ids.js';
import type { ContactNeed, NeedsBelow } from '../../src/loaders/needs.js';
import { contactOf, loadersOver, type Stock } from '../support/recordsDouble.js';
import { settle } from '../support/upstreamDouble.js';

const nothing: NeedsBelow = { addresses: [], representatives: [] };
const need = (what: ContactNeed['what'], below = nothing): ContactNeed => ({ what, field: 'contacts', below });
const reference = (id: string) => parseContactId(id)!;

const [pms1, pms2] = ['pms:1', 'pms:2'].map((id) => contactOf(id)) as [ReturnType<typeof contactOf>, ReturnType<typeof contactOf>];
const [cas1, cas2] = ['cas360:1', 'cas360:2'].map((id) => contactOf(id)) as [ReturnType<typeof contactOf>, ReturnType<typeof contactOf>];
const BOTH: Stock = { pms: { 1: pms1, 2: pms2 }, cas360: { 1: cas1, 2: cas2 } };
const malformed = expect.objectContaining({ code: 'BAD_USER_INPUT', source: undefined, facts: { fault: 'contactId' } });
const notConfigured = (source: string) => expect.objectContaining({ code: 'SOURCE_NOT_CONFIGURED', source });

/** The outcomes once all have arrived. */
const arrived = async (list: readonly unknown[] | Promise<readonly unknown[]>): Promise<unknown[]> => Promise.all(await list);

describe('Contacts by their ids', () => {
  test.each<[what: string, ids: unknown[], outcomes: unknown[], asked: string[]]>([
    ['of one system', ['cas360:2', 'cas360:1', 'cas360:2'], [cas2, cas1, cas2], ['cas360 2,1']],
    ['of the other one', ['pms:2', 'pms:1'], [pms2, pms1], ['pms 2,1']],
    ['of both', ['cas360:2', 'pms:2', 'cas360:1', 'pms:1'], [cas2, pms2, cas1, pms1], ['pms 2,1', 'cas360 2,1']],
    ['and some that do not exist', ['cas360:9', 'pms:1'], [null, pms1], ['pms 1', 'cas360 9']],
    ['and some that are malformed', ['cas360:1', 'cas360:x', 5, 'cas360:2'], [cas1, malformed, malformed, cas2], ['cas360 1,2']],
    ['that are all malformed', ['x', null], [malformed, malformed], []],
    ['of which there are none', [], [], []],
  ])('%s come in their order', async (_, ids, outcomes, calls) => {
    const { contacts, asked } = loadersOver(BOTH);
    expect(await arrived(contacts.byIds(ids, need('record')))).toEqual(outcomes);
    expect(asked.map((one) => `${one.resource} ${one.ids.join()}`)).toEqual(calls);
  });

  test.each([['PMS'], ['CAS360']])('of the %s alone arrive without a look at what is needed below them', async (source) => {
    const { contacts } = loadersOver(BOTH);
    const unread: ContactNeed = {
      what: 'record',
      field: 'contacts',
      get below(): NeedsBelow {
        throw new Error('read too early');
      },
    };
    expect(await arrived(contacts.byIds([`${source.toLowerCase()}:1`], unread))).toEqual([source === 'PMS' ? pms1 : cas1]);
  });

  test('cost no call where their ids are enough', () => {
    const { contacts, asked } = loadersOver({ pms: {} });
    expect(contacts.byIds(['pms:7', 'x', 'cas360:8'], need('id'))).toEqual([reference('pms:7'), malformed, notConfigured('CAS360')]);
    expect([contacts.byId('pms:7', need('id')), contacts.byId('cas360:8', need('id'))]).toEqual([reference('pms:7'), notConfigured('CAS360')]);
    expect(asked).toEqual([]);
  });

  test.each([
    ['PMS', ['pms:1', 'cas360:1'], { cas360: { 1: cas1 } }],
    ['CAS360', ['cas360:1', 'pms:1'], { pms: { 1: pms1 } }],
  ])('are errors where the %s is not configured, alone or among others', async (source, ids, stock) => {
    const { contacts } = loadersOver(stock);
    const other = source === 'PMS' ? cas1 : pms1;
    expect(await arrived(contacts.byIds(ids, need('record')))).toEqual([notConfigured(source), other]);
    expect(await arrived(contacts.byIds(ids.slice(0, 1), need('record')))).toEqual([notConfigured(source)]);
  });

  test.each<[ContactNeed['what'], string[]]>([
    ['record', []],
    // The PMS has none.
    ['relationships', ['cas360']],
  ])('%s: come with relationships from %j', async (what, expected) => {
    for (const ids of [['pms:1', 'cas360:1'], ['pms:1'], ['cas360:1']]) {
      const { contacts, asked } = loadersOver(BOTH);
      await arrived(contacts.byIds(ids, need(what)));
      expect(asked).toHaveLength(ids.length);
      for (const { resource, full } of asked) expect(full).toBe(expected.includes(resource));
    }
    const { contacts, asked } = loadersOver(BOTH);
    await Promise.all([contacts.byId('pms:1', need(what)), contacts.byId('cas360:1', need(what))]);
    for (const { resource, full } of asked) expect(full).toBe(expected.includes(resource));
  });

  test('are recorded with the field that waits for them', async () => {
    const { contacts, waits } = loadersOver(BOTH);
    await Promise.all([contacts.byIds(['pms:1'], { ...need('record'), field: 'a' }), contacts.byId('cas360:1', { ...need('record'), field: 'b' }), contacts.record(reference('cas360:2'), 'c')]);
    expect(waits.map(({ source, fields }) => [source, ...fields])).toEqual([['PMS', 'a'], ['CAS360', 'b', 'c']]);
  });
});

describe('One contact', () => {
  test('that has arrived is here at once', async () => {
    const { contacts, asked } = loadersOver(BOTH);
    await arrived(contacts.byIds(['cas360:1', 'cas360:2'], need('record')));
    expect([contacts.byId('cas360:2', need('record')), contacts.record(reference('cas360:1'), 'c')]).toEqual([cas2, cas1]);
    expect(contacts.byReferences([reference('cas360:1')], need('id'))).toEqual([reference('cas360:1')]);
    expect(asked).toHaveLength(1);
  });

  test('with a malformed id is an error', () => {
    expect(loadersOver(BOTH).contacts.byId('pms:x', need('record'))).toEqual(malformed);
  });

  test('is loaded without relationships where its record is needed, whatever else is', async () => {
    const { contacts, asked } = loadersOver(BOTH);
    expect(await contacts.record(reference('cas360:1'), 'c')).toBe(cas1);
    expect(asked).toEqual([{ resource: 'cas360', ids: ['1'], full: false }]);
  });
});

describe('In a list of both systems', () => {
  const withRepresentatives = contactOf('cas360:1', { representatives: [reference('cas360:5')] });
  const below: NeedsBelow = { ...nothing, representatives: [need('record')] };
  const IDS = ['pms:2', 'cas360:1', 'x', 'cas360:9', 'pms:1'];

  /** The PMS answers when told. */
  const stage = () => {
    const gate = Promise.withResolvers<unknown>();
    const loaders = loadersOver({ pms: BOTH.pms!, cas360: { 1: withRepresentatives }, held: { pms: gate.promise } });
    return { ...loaders, contacts: loaders.contacts, answer: () => gate.resolve(null) };
  };

  test('contacts that need further calls do not wait for the other system', async () => {
    const { contacts, answer } = stage();
    const list = await contacts.byIds(IDS, need('record', below));
    expect(list.map((one) => one instanceof Promise)).toEqual([true, false, false, false, true]);
    expect(list.slice(1, 4)).toEqual([withRepresentatives, malformed, null]);
    answer();
    expect(await arrived(list)).toEqual([pms2, withRepresentatives, malformed, null, pms1]);
  });

  test('all arrive together where none needs further calls', async () => {
    const { contacts, answer } = stage();
    let isHere = false;
    const list = Promise.resolve(contacts.byIds(IDS, need('record'))).finally(() => (isHere = true));
    await settle();
    expect(isHere).toBe(false);
    answer();
    expect(await list).toEqual([pms2, withRepresentatives, malformed, null, pms1]);
  });

  test('the first who answers may know nothing', async () => {
    const down = new ContactsError('UPSTREAM_UNAVAILABLE', 'CAS360');
    const gate = Promise.withResolvers<unknown>();
    const { contacts } = loadersOver({ pms: { 1: pms1 }, cas360: { 1: down }, held: { pms: gate.promise } });
    const list = contacts.byIds(['pms:1', 'cas360:1', 'cas360:9'], need('record', below));
    await settle();
    gate.resolve(null);
    expect(await list).toEqual([pms1, down, null]);
  });
});
