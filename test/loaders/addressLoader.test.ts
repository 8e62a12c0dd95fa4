import { describe, expect, test } from '@jest/globals';
import { ContactsError } from '../../src/errors.js';
import { parseContactId } from '../../src/ids.js';
import { MAX_HOLDERS } from '../../src/loaders/addressLoader.js';
import type { AddressNeed } from '../../src/loaders/needs.js';
import type { Address, Contact } from '../../src/model.js';
import { contactOf, loadersOver, type Stock } from '../support/recordsDouble.js';

const record: AddressNeed = { what: 'record', field: 'contacts.address' };
const id: AddressNeed = { what: 'id', field: 'contacts.address' };
const addressOf = (of: string): Address => ({ __typename: 'Address', id: of, lines: [] }) as unknown as Address;
const referenceTo = (of: string) => ({ __typename: 'Address', id: of }) as const;
const holder = (of: string) => parseContactId(of)!;

const address = addressOf('cas360:15');
const inPms = addressOf('pms:1/5');
const down = new ContactsError('UPSTREAM_UNAVAILABLE', 'CAS360');
const notConfigured = expect.objectContaining({ code: 'SOURCE_NOT_CONFIGURED', source: 'CAS360' });

describe('The address of a contact', () => {
  test('that is here costs no call', () => {
    const { addresses, asked } = loadersOver({ pms: {} });
    expect(addresses.ofContact(contactOf('pms:1', { address: inPms }), record)).toBe(inPms);
    expect(asked).toEqual([]);
  });

  test('in the register costs a call, but not where its id is enough', async () => {
    const { addresses, asked, waits } = loadersOver({ cas360: {}, addresses: { 15: address } });
    const contact = contactOf('cas360:1', { address: referenceTo('cas360:15') });
    expect(addresses.ofContact(contact, id)).toEqual(referenceTo('cas360:15'));
    expect(asked).toEqual([]);
    expect(await addresses.ofContact(contact, record)).toBe(address);
    expect(asked).toEqual([{ resource: 'addresses', ids: ['15'], full: false }]);
    expect(waits.map(({ fields }) => [...fields])).toEqual([['contacts.address']]);
  });

  test('in a register that is not configured is an error', () => {
    const { addresses } = loadersOver({});
    for (const need of [id, record]) expect(addresses.ofContact(contactOf('cas360:1', { address: referenceTo('cas360:15') }), need)).toEqual(notConfigured);
  });

  test('without one and without representatives is null', () => {
    expect(loadersOver({ cas360: {}, addresses: {} }).addresses.ofContact(contactOf('cas360:1'), record)).toBeNull();
  });
});

describe('The address of a joint member', () => {
  /** Contacts 1 to `count`, of which each but the last uses the address of the next, and the last what it is told. */
  const chain = (count: number, last: Partial<Contact>): Record<string, Contact> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [i + 1, contactOf(`cas360:${i + 1}`, i + 1 < count ? { addressHolder: holder(`cas360:${i + 2}`) } : last)]));
  const ofFirst = async (cas360: NonNullable<Stock['cas360']>, need = record) => {
    const { addresses, asked, waits } = loadersOver({ cas360, addresses: { 15: address } });
    return { outcome: await addresses.ofContact(cas360['1'] as Contact, need), asked, waits };
  };
  const found = { address: referenceTo('cas360:15') };

  test('is that of its representative', async () => {
    const { outcome, asked, waits } = await ofFirst(chain(2, found));
    expect(outcome).toBe(address);
    expect(asked).toEqual([{ resource: 'cas360', ids: ['2'], full: false }, { resource: 'addresses', ids: ['15'], full: false }]);
    expect(waits.map(({ fields }) => [...fields])).toEqual([['contacts.address'], ['contacts.address']]);
  });

  test('costs no call for it where its id is enough', async () => {
    const { outcome, asked } = await ofFirst(chain(2, found), id);
    expect(outcome).toEqual(referenceTo('cas360:15'));
    expect(asked.map(({ resource }) => resource)).toEqual(['cas360']);
  });

  test('is looked for among representatives of representatives, but not for ever', async () => {
    expect((await ofFirst(chain(MAX_HOLDERS + 1, found))).outcome).toBe(address);
    const { outcome, asked } = await ofFirst(chain(MAX_HOLDERS + 2, found));
    expect(outcome).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE', source: 'CAS360' });
    expect(asked).toHaveLength(MAX_HOLDERS);
  });

  test.each<[what: string, Stock['cas360'], unknown]>([
    ['of a representative who does not exist', { 1: chain(2, found)['1']! }, null],
    ['of a representative who cannot be loaded', { 1: chain(2, found)['1']!, 2: down }, down],
    ['of a representative without one', chain(2, {}), null],
    ['who represents itself', chain(1, { addressHolder: holder('cas360:1') }), null],
    ['of a circle', chain(3, { addressHolder: holder('cas360:1') }), null],
    ['of a circle that it is not in', chain(3, { addressHolder: holder('cas360:2') }), null],
  ])('%s', async (_, cas360, expected) => {
    const { outcome, asked } = await ofFirst(cas360!);
    expect(outcome).toBe(expected);
    expect(asked.map(({ ids }) => ids.join())).toEqual([...new Set(asked.map(({ ids }) => ids.join()))]);
  });

  test('leaves together with those of other contacts where its representative is here already', async () => {
    const cas360 = chain(2, found);
    const { addresses, contacts, asked } = loadersOver({ cas360, addresses: { 15: address } });
    await contacts.record(holder('cas360:2'), 'contacts');
    await Promise.all([addresses.ofContact(cas360['1']!, record), addresses.ofContact(contactOf('cas360:3', { address: referenceTo('cas360:16') }), record)]);
    expect(asked.slice(1)).toEqual([{ resource: 'addresses', ids: ['15', '16'], full: false }]);
  });
});

describe('The address with an id', () => {
  test.each([null, 15, '', 'cas360:', 'pms:1', 'pms:1/x', 'xcas360:15'])('%j is malformed', (malformed) => {
    expect(loadersOver({}).addresses.byId(malformed, record)).toMatchObject({ code: 'BAD_USER_INPUT', source: undefined, facts: { fault: 'addressId' } });
  });

  test('of the register costs a call, but not where the id is enough', async () => {
    const { addresses, asked } = loadersOver({ addresses: { 15: address } });
    expect(addresses.byId('cas360:15', id)).toEqual(referenceTo('cas360:15'));
    expect(asked).toEqual([]);
    expect(await addresses.byId('cas360:15', record)).toBe(address);
    expect(await addresses.byId('cas360:16', record)).toBeNull();
    expect(loadersOver({}).addresses.byId('cas360:15', id)).toEqual(notConfigured);
  });

  test('of the PMS is in its contact, if that has it', async () => {
    const { addresses, asked, waits } = loadersOver({ pms: { 1: contactOf('pms:1', { address: inPms }), 2: contactOf('pms:2') } });
    expect(await addresses.byId('pms:1/5', id)).toEqual(referenceTo('pms:1/5'));
    expect(asked).toEqual([]);
    expect(await Promise.all(['pms:1/5', 'pms:1/6', 'pms:2/5', 'pms:9/5'].map((one) => addresses.byId(one, record)))).toEqual([inPms, null, null, null]);
    expect(asked).toEqual([{ resource: 'pms', ids: ['1', '2', '9'], full: false }]);
    expect(waits.map(({ fields }) => [...fields])).toEqual([['contacts.address']]);
    expect(await loadersOver({}).addresses.byId('pms:1/5', id)).toMatchObject({ code: 'SOURCE_NOT_CONFIGURED', source: 'PMS' });
  });
});
