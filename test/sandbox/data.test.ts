import { describe, expect, test } from '@jest/globals';
import { cas360Data } from '../../sandbox/data/cas360.js';
import { pmsData } from '../../sandbox/data/pms.js';
import { Caller } from './caller.js';
import { OpenApi } from './openApi.js';

const caller = new Caller();

const chunks = (ids: Iterable<string>, size: number): string[][] => {
  const all = [...ids];
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));
};

describe('everything the sandbox serves follows the OpenAPI documents', () => {
  test.each(['false', 'true'])('every CAS 360 contact, relationships=%s', async (relationships) => {
    const valid = new OpenApi('cas360').strictly('ContactRecord');
    const { contacts } = caller.sandbox.cas360.data;
    const faults: unknown[] = [];
    let served = 0;
    for (const ids of chunks(contacts.keys(), 500)) {
      const { body } = await caller.cas360(`/contacts/${ids}?relationships=${relationships}`);
      for (const row of body) {
        if (!valid(row)) faults.push([row, valid.errors]);
        if ('relationships' in row !== (relationships === 'true')) faults.push([row, 'relationships']);
        if ('type' in row !== (row.contactType === 'Other Entity')) faults.push([row, 'type']);
        served++;
      }
    }
    expect(faults).toEqual([]);
    expect(served).toBe(contacts.size);
    expect(served).toBeGreaterThanOrEqual(2500);
  });

  test('every CAS 360 address', async () => {
    const valid = new OpenApi('cas360').strictly('AddressRecord');
    const { addresses } = caller.sandbox.cas360.data;
    const faults: unknown[] = [];
    let served = 0;
    for (const ids of chunks(addresses.keys(), 500)) {
      const { body } = await caller.cas360(`/addresses/${ids}`);
      for (const row of body) {
        if (!valid(row)) faults.push([row, valid.errors]);
        if ('unitFlat' in row !== /^(SINGAPORE|SG)$/.test(row.country)) faults.push([row, 'unitFlat']);
        served++;
      }
    }
    expect(faults).toEqual([]);
    expect(served).toBe(addresses.size);
  });

  test('every PMS contact, of which each thirtieth is served as it is', async () => {
    const valid = new OpenApi('pms').strictly('ContactRecord');
    const { contacts } = caller.sandbox.pms.data;
    expect(contacts.size).toBeGreaterThanOrEqual(1500);
    const faults = [...contacts.values()].flatMap((contact) => (valid(contact) ? [] : [[contact, valid.errors]]));
    expect(faults).toEqual([]);
    const some = chunks(contacts.keys(), 30).map(([id]) => id!);
    for (const { body } of await Promise.all(some.map((id) => caller.contact(id)))) expect(body).toEqual(contacts.get(String(body.id)));
  });
});

describe('the data', () => {
  test('holds the two rows that the CAS 360 description shows, key for key', async () => {
    const { body } = await caller.cas360('/contacts/54,555742?relationships=false');
    // Copied from the description's sample answer.
    const sample = JSON.parse(
      '[{"id":54,"name":"Fancy Southern Africa Cat Council","contactType":"Company","email":"","mobile":"","phone1":null,"phone2":null,"taxNumber":null,"businessNumber":null,"companyNumber":"111111114","addressId":15,"representativeIds":null,"incorporationDate":null,"placeOfIncorporation":"AUSTRALIA","firstName":null,"middleName":null,"lastName":null,"title":null,"sex":null,"birthday":null,"birthPlace":null,"birthState":null,"birthCountry":null,"skype":null,"nationality":null},{"id":555742,"name":"Anne Smith","contactType":"People","email":"anne@bgglcorp.com.au","mobile":"","phone1":null,"phone2":null,"taxNumber":null,"businessNumber":null,"companyNumber":null,"addressId":172509,"representativeIds":null,"incorporationDate":null,"placeOfIncorporation":null,"firstName":"Anne","middleName":null,"lastName":"Smith","title":null,"sex":null,"birthday":"1958-07-02","birthPlace":"Phillip Island","birthState":"VIC","birthCountry":"AUSTRALIA","skype":null,"nationality":null}]',
    );
    expect(body).toHaveLength(2);
    expect(body).toEqual(expect.arrayContaining(sample));
    expect(caller.sandbox.cas360.data.addresses.has('15')).toBe(true);
    expect(caller.sandbox.cas360.data.addresses.has('172509')).toBe(true);
  });

  test('is the same for the same seed and other for another', () => {
    expect(cas360Data(7)).toEqual(cas360Data(7));
    expect(pmsData(7)).toEqual(pmsData(7));
    expect(cas360Data(7).contacts.get('1001')).not.toEqual(cas360Data(8).contacts.get('1001'));
  });

  test('refers to nothing that is not there', () => {
    const { contacts, addresses, relationships } = cas360Data(1);
    for (const { addressId, representativeIds, contactType } of contacts.values()) {
      if (addressId !== null) expect(addresses.has(String(addressId))).toBe(true);
      expect(addressId === null && contactType !== 'Joint Member').toBe(false);
      expect(representativeIds !== null).toBe(contactType === 'Joint Member');
      for (const id of representativeIds ?? []) {
        expect(contacts.get(String(id))?.contactType ?? 'nobody').not.toMatch(/Joint Member|nobody/);
      }
    }
    for (const id of relationships.keys()) expect(contacts.has(id)).toBe(true);
  });

  test('holds every case that a reader has to tell apart', () => {
    const { contacts, relationships } = cas360Data(1);
    const rows = [...contacts.values()];
    const held = [...relationships.values()].flat();
    const joint = rows.filter(({ contactType }) => contactType === 'Joint Member');
    expect(new Set(rows.map(({ type }) => type))).toEqual(new Set([undefined, 'TRUST', 'SMSF', 'PARTNERSHIP', 'OTHER']));
    expect(new Set(joint.map(({ representativeIds }) => representativeIds?.length))).toEqual(new Set([2, 3]));
    expect(new Set(joint.map(({ addressId }) => addressId === null))).toEqual(new Set([true, false]));
    expect(new Set(held.map(({ parentId }) => typeof parentId))).toEqual(new Set(['string', 'number']));
    expect(held.some(({ endDate }) => endDate === null) && held.some(({ endDate }) => endDate! < '2025')).toBe(true);
    expect(rows.some(({ id }) => !relationships.has(String(id)))).toBe(true);
    expect(new Set(rows.map(({ addressId }) => addressId)).size).toBeLessThan(rows.length - joint.length);

    const guests = [...pmsData(1).contacts.values()];
    const accounts = guests.map(({ contactSalesAccount }) => contactSalesAccount);
    expect(new Set(accounts.map((account) => account && account.company === null))).toEqual(new Set([true, false, null, undefined]));
  });

  test('has PMS contact 4711 with every key that the document has', () => {
    const keysOf = (value: object, before = ''): string[] =>
      Object.entries(value).flatMap(([key, inner]) => [
        before + key,
        ...(typeof inner === 'object' && inner !== null ? keysOf(inner, `${before}${key}.`) : []),
      ]);
    const iris = pmsData(1).contacts.get('4711');
    expect(keysOf(iris ?? {}).toSorted()).toEqual(new OpenApi('pms').keys('ContactRecord').toSorted());
    expect(JSON.stringify(iris)).not.toMatch(/null|""/);
  });
});
