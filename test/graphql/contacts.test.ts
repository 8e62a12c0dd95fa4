import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { errorsIn, everyField, idsFrom, startTestApp, type TestApp } from '../support/testApp.js';

let app: TestApp;
let bothScopes: { authorization: string };

beforeAll(async () => {
  app = await startTestApp();
  bothScopes = await app.bearer('contact:identity', 'contact:access');
});
beforeEach(() => app.reset());
afterAll(() => app.stop());

const byIds = (ids: string[], fields: string) => app.query(`query ($ids: [ID!]!) { contacts(ids: $ids) { ${fields} } }`, { ids });

/** A contact with every field that there is, by a caller who may see all of them. */
const whole = async (id: string) => {
  const { data, errors } = await app.query(`query ($id: ID!) { contact(id: $id) { ${everyField()} } }`, { id }, bothScopes);
  expect(errors).toBeUndefined();
  return data.contact;
};

/** The first joint member of the sandbox that has an address of its own, or has none. */
const jointMember = (withAddress: boolean) =>
  [...app.sandbox.cas360.data.contacts.values()].find(
    ({ contactType, addressId }) => contactType === 'Joint Member' && (addressId !== null) === withAddress,
  )!;

describe('which contacts are answered', () => {
  test('the company register knows its cat council', async () => {
    const { data, errors } = await app.query('{ contact(id: "cas360:54") { name } }');
    expect(errors).toBeUndefined();
    expect(data).toEqual({ contact: { name: 'Fancy Southern Africa Cat Council' } });
  });

  test('both systems in one query, in the order asked for', async () => {
    const { data, errors } = await byIds(['cas360:555742', 'pms:4711', 'cas360:54'], 'id source sourceId contactType name');
    expect(errors).toBeUndefined();
    expect(data.contacts).toEqual([
      { id: 'cas360:555742', source: 'CAS360', sourceId: '555742', contactType: 'PERSON', name: 'Anne Smith' },
      { id: 'pms:4711', source: 'PMS', sourceId: '4711', contactType: 'PERSON', name: 'Iris Maeve Vale' },
      { id: 'cas360:54', source: 'CAS360', sourceId: '54', contactType: 'COMPANY', name: 'Fancy Southern Africa Cat Council' },
    ]);
  });

  test('hundreds of both keep their places', async () => {
    const ids = idsFrom('cas360', 1001, 240).flatMap((id, n) => (n % 8 === 0 ? [id, `pms:${5001 + n}`] : [id])).reverse();
    const { data, errors } = await byIds(ids, 'id email');
    expect(errors).toBeUndefined();
    expect(data.contacts.map(({ id }: { id: string }) => id)).toEqual(ids);
    expect(data.contacts.find(({ id }: { id: string }) => id === 'pms:5009').email).toBe('contact5009@example.test');
  });

  test('an id that stands twice is answered twice', async () => {
    const { data } = await byIds(['cas360:54', 'pms:4711', 'cas360:54', 'pms:4711'], 'name');
    const [council, iris] = [{ name: 'Fancy Southern Africa Cat Council' }, { name: 'Iris Maeve Vale' }];
    expect(data.contacts).toEqual([council, iris, council, iris]);
  });

  test('no ids, no contacts, no call', async () => {
    expect((await byIds([], 'name')).data).toEqual({ contacts: [] });
    expect(app.calls()).toEqual({ pms: 0, cas360: 0, addresses: 0 });
  });

  test('null where there is none, without an error', async () => {
    const { data, errors } = await byIds(['pms:1', 'cas360:54', 'cas360:9', 'pms:4711', 'cas360:9223372036854775807'], 'id name');
    expect(errors).toBeUndefined();
    expect(data.contacts.map((contact: { id: string } | null) => contact && contact.id)).toEqual([null, 'cas360:54', null, 'pms:4711', null]);
  });

  test.each(['pms:1', 'cas360:9', 'pms:9223372036854775807'])('there is no contact %s', async (id) => {
    const { data, errors } = await app.query('query ($id: ID!) { contact(id: $id) { name } }', { id });
    expect(errors).toBeUndefined();
    expect(data).toEqual({ contact: null });
  });

  test('a thousand ids are answered, one more is refused, counted as given', async () => {
    expect((await byIds(Array<string>(1_000).fill('cas360:54'), 'id')).data.contacts).toHaveLength(1_000);
    const { data, ...answer } = await byIds(Array<string>(1_001).fill('cas360:54'), 'name');
    expect(data).toBeNull();
    expect(errorsIn({ data, ...answer })).toEqual([{ at: 'contacts', code: 'BAD_USER_INPUT', retryable: false, limit: 'MAX_IDS' }]);
    expect(app.calls().cas360).toBe(0);
  });
});

describe('every field', () => {
  test('of a guest of the property management system', async () => {
    const row = app.sandbox.pms.data.contacts.get('4711')!;
    const { industry, referrer, marketSegment } = row as Required<typeof row>;
    const ireland = { code: 'IE', alpha3: 'IRL', numeric: '372' };
    expect(await whole('pms:4711')).toEqual({
      id: 'pms:4711',
      source: 'PMS',
      sourceId: '4711',
      uuid: row.uuid,
      contactType: 'PERSON',
      name: 'Iris Maeve Vale',
      title: 'MS',
      firstName: 'Iris',
      middleNames: 'Maeve',
      lastName: 'Vale',
      gender: 'FEMALE',
      email: 'iris@example.test',
      phone: '+353 20 910 4711',
      emailAddresses: [{ address: 'iris@example.test', nickname: 'Iris', primary: true }],
      phoneNumbers: [{ number: '+353 20 910 4711', kind: 'PRIMARY', primary: true }],
      skype: null,
      preferredContactMethod: row.preferredContactMethod,
      status: 'ACTIVE',
      nationality: { ...ireland, name: 'Irish' },
      address: {
        id: 'pms:4711/51',
        lines: ['1 Quay', 'Second floor', 'Back door'],
        careOf: null,
        city: 'Cork',
        state: null,
        postCode: 'T12',
        country: { ...ireland, name: 'Ireland' },
        nickname: 'Home',
        primary: true,
      },
      employment: {
        jobTitle: row.jobTitle,
        department: row.department,
        companyName: row.companyName,
        industry: { id: String(industry!.id), code: null, name: industry!.name },
      },
      marketing: {
        optOut: false,
        lifecycleStage: 'LEAD',
        leadSource: row.source,
        referrer: { id: String(referrer!.id), code: referrer!.code, name: referrer!.name },
        marketSegment: { id: String(marketSegment!.id), code: null, name: marketSegment!.name },
      },
      guest: { role: 'GUEST', lastBookingRole: 'NONE', preferences: row.preferences },
      salesAccount: {
        id: 'pms:902',
        accountCode: 'C-000902',
        externalId: 'EXT-902',
        exportedDate: '2025-03-31T18:30:00',
        exportStatus: 'EXPORTED',
        contact: { id: 'pms:4711' },
        company: { id: 'pms:77' },
        companyName: 'Paper Wombat Press',
      },
      representatives: null,
      registration: null,
      relationships: null,
      dateOfBirth: '1990-05-01',
      placeOfBirth: null,
      identityDocuments: { passportNumber: row.passportNumber, socialSecurityNumber: row.socialSecurityNumber, taxNumber: null },
      verification: {
        idChecked: row.idCheck,
        identityConfirmedDate: row.identityConfirmedDate,
        identityConfirmedReference: row.identityConfirmedReference,
        creditCheckOk: row.creditCheckOk,
        creditCheckDate: row.creditCheckDate!.slice(0, 10),
      },
      doorAccess: {
        saltoIdentifier: 'salto-4711',
        saltoAssignedTagId: row.saltoAssignedTagId,
        saltoRegistrationStatus: row.saltoRegistrationStatus,
        saltoKeysLastUpdated: row.saltoKeysLastUpdated,
        keyCardCode: row.keyCardCode,
      },
      cognitoId: row.cognitoId,
    });
  });

  const australia = { code: 'AU', alpha3: 'AUS', numeric: '036', name: 'Australia' };
  const onlyInThePms = {
    uuid: null,
    preferredContactMethod: null,
    status: null,
    employment: null,
    marketing: null,
    guest: null,
    salesAccount: null,
    verification: null,
    doorAccess: null,
    cognitoId: null,
  };
  const unknown = {
    title: null,
    middleNames: null,
    gender: null,
    phone: null,
    phoneNumbers: null,
    skype: null,
    nationality: null,
    identityDocuments: null,
  };

  test('of a company in the register', async () => {
    expect(await whole('cas360:54')).toEqual({
      ...onlyInThePms,
      ...unknown,
      id: 'cas360:54',
      source: 'CAS360',
      sourceId: '54',
      contactType: 'COMPANY',
      name: 'Fancy Southern Africa Cat Council',
      firstName: null,
      lastName: null,
      email: null,
      emailAddresses: null,
      address: {
        id: 'cas360:15',
        lines: ['Unit 9', '9 Whisker Street'],
        careOf: null,
        city: 'MELBOURNE',
        state: 'VIC',
        postCode: '3000',
        country: australia,
        nickname: null,
        primary: null,
      },
      representatives: [],
      registration: {
        companyNumber: '111111114',
        businessNumber: null,
        entityType: null,
        incorporationDate: null,
        placeOfIncorporation: australia,
      },
      relationships: [],
      dateOfBirth: null,
      placeOfBirth: null,
    });
  });

  test('of a person in the register', async () => {
    const company = { id: 'cas360:7f3c0e52-1b1d-4c55-9a54-2d6a6a2f0054' };
    const seat = { parentType: 'Company', parentId: company.id.slice('cas360:'.length), company, startDate: '2015-07-01' };
    expect(await whole('cas360:555742')).toEqual({
      ...onlyInThePms,
      ...unknown,
      id: 'cas360:555742',
      source: 'CAS360',
      sourceId: '555742',
      contactType: 'PERSON',
      name: 'Anne Smith',
      firstName: 'Anne',
      lastName: 'Smith',
      email: 'anne@bgglcorp.com.au',
      emailAddresses: [{ address: 'anne@bgglcorp.com.au', nickname: null, primary: true }],
      address: {
        id: 'cas360:172509',
        lines: ['12 Penguin Parade'],
        careOf: null,
        city: 'Cowes',
        state: 'VIC',
        postCode: '3922',
        country: australia,
        nickname: null,
        primary: null,
      },
      representatives: [],
      registration: null,
      relationships: [
        { ...seat, type: 'Director', endDate: null, current: true },
        { ...seat, type: 'Secretary', endDate: '2019-06-30', current: false },
        { type: 'TRUSTEE', parentType: 'Trust', parentId: '8001', company: null, startDate: '2018-02-14', endDate: null, current: true },
      ],
      dateOfBirth: '1958-07-02',
      placeOfBirth: { place: 'Phillip Island', state: 'VIC', country: australia },
    });
  });

  test.each([
    ['current: true', ['Director', 'TRUSTEE']],
    ['current: false', ['Secretary']],
    ['current: null', ['Director', 'Secretary', 'TRUSTEE']],
  ])('relationships(%s) are %j', async (argument, types) => {
    const { data } = await app.query(`{ contact(id: "cas360:555742") { relationships(${argument}) { type } } }`);
    expect(data.contact.relationships.map(({ type }: { type: string }) => type)).toEqual(types);
  });

  test('a guest has no relationships, whichever are asked for', async () => {
    const { data, errors } = await app.query('{ contact(id: "pms:4711") { a: relationships(current: true) { type } b: relationships(current: false) { type } } }');
    expect(errors).toBeUndefined();
    expect(data.contact).toEqual({ a: null, b: null });
  });

  test('the contact of a sales account is the one that holds it, whole', async () => {
    const { data } = await app.query('{ contact(id: "pms:4711") { salesAccount { contact { name address { city } salesAccount { id } } } } }');
    expect(data.contact.salesAccount.contact).toEqual({ name: 'Iris Maeve Vale', address: { city: 'Cork' }, salesAccount: { id: 'pms:902' } });
  });
});

describe('a joint member', () => {
  test('consists of its representatives, the primary one first', async () => {
    const { id, representativeIds } = jointMember(true);
    const { data, errors } = await app.query(`{ contact(id: "cas360:${id}") { contactType representatives { sourceId name lastName } } }`);
    const rows = representativeIds!.map((one) => app.sandbox.cas360.data.contacts.get(String(one))!);
    expect(errors).toBeUndefined();
    expect(data.contact.contactType).toBe('JOINT_MEMBER');
    expect(data.contact.representatives).toEqual(
      rows.map((row) => ({ sourceId: String(row.id), name: row.name ?? expect.stringContaining(row.lastName!), lastName: row.lastName })),
    );
  });

  test('uses the address of its first representative where it has none', async () => {
    const { id, representativeIds } = jointMember(false);
    const { data } = await app.query(`{ joint: contact(id: "cas360:${id}") { address { id city } } first: contact(id: "cas360:${representativeIds![0]}") { address { id city } } }`);
    expect(data.joint.address).toEqual({ id: expect.stringMatching(/^cas360:\d+$/), city: expect.any(String) });
    expect(data.joint).toEqual(data.first);
  });

  test('keeps its own address where it has one', async () => {
    const { id, addressId } = jointMember(true);
    const { data } = await app.query(`{ contact(id: "cas360:${id}") { address { id } } }`);
    expect(data.contact.address.id).toBe(`cas360:${addressId}`);
  });

  test('can be asked whom its representatives represent in turn, which is nobody', async () => {
    const { data, errors } = await app.query(`{ contact(id: "cas360:${jointMember(true).id}") { representatives { representatives { name } } } }`);
    expect(errors).toBeUndefined();
    for (const one of data.contact.representatives) expect(one).toEqual({ representatives: [] });
  });
});
