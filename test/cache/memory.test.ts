import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { operations } from '../graphql/drawnOperations.js';
import { LONG_RUN } from '../support/longRun.js';
import { errorsIn, startTestApp, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';

let off: TestApp;
let on: TestApp;

beforeAll(async () => {
  // Caching is off unless it is asked for.
  [off, on] = await Promise.all([startTestApp(), startTestApp({ CACHE_TTL_SECONDS: '3600' })]);
});
beforeEach(() => {
  off.reset();
  on.reset();
});
afterAll(() => Promise.all([off.stop(), on.stop()]));

const none = { pms: 0, cas360: 0, addresses: 0 };
const lookups = async (app: TestApp): Promise<string[]> => (await (await fetch(`${app.url}/metrics`)).text()).split('\n').filter((line) => line.startsWith('contacts_cache_lookups_total{'));

describe('Without a cache', () => {
  test('everything is asked for each time, and nothing is looked up', async () => {
    for (let n = 0; n < 3; n++) await off.query('{ a: contact(id: "pms:4711") { name } b: contact(id: "cas360:54") { name address { city } } }');
    expect(off.calls()).toEqual({ pms: 3, cas360: 3, addresses: 3 });
    expect(await lookups(off)).toEqual([]);
  });
});

describe('With a cache', () => {
  test('no answer is another one, the first time or the second', async () => {
    const as = { off: await off.bearer('contact:identity'), on: await on.bearer('contact:identity') };
    await fc.assert(
      fc.asyncProperty(operations, fc.boolean(), async ({ query, variables }, isKnown) => {
        const plain = await off.query(query, { ...variables }, isKnown ? as.off : {});
        for (let n = 0; n < 2; n++) {
          const cached = await on.query(query, { ...variables }, isKnown ? as.on : {});
          expect([cached.status, cached.data, errorsIn(cached)]).toEqual([plain.status, plain.data, errorsIn(plain)]);
        }
      }),
      { numRuns: LONG_RUN ? 2_000 : 50 },
    );
    expect(on.calls().cas360).toBeLessThan(off.calls().cas360);
  }, 120_000);

  test('what it has costs no call, each contact in its place', async () => {
    const numbers = [1_101, 1_102, 1_103, 1_104];
    const ask = (ids: string[]) => on.query('query ($ids: [ID!]!) { contacts(ids: $ids) { id name address { city } } }', { ids });
    await ask([`cas360:${numbers[1]}`, `cas360:${numbers[3]}`, 'pms:5011']);
    on.reset();
    const ids = ['pms:5012', ...numbers.map((number) => `cas360:${number}`), 'cas360:66', 'pms:5011', `cas360:${numbers[1]}`];
    const { data, errors } = await ask(ids);
    expect(errors).toBeUndefined();
    expect(data.contacts.map((contact: { id: string } | null) => contact?.id)).toEqual(ids.map((id) => (id === 'cas360:66' ? undefined : id)));
    // One of PMS, and one in bulk that lacks the absent one, which is asked for once more.
    expect(on.calls()).toMatchObject({ pms: 1, cas360: 2 });
    expect(on.sandbox.cas360.calls.find(({ kind }) => kind === 'contacts')?.ids.sort()).toEqual(['1101', '1103', '66']);
    on.reset();
    await ask(ids.filter((id) => id !== 'cas360:66'));
    expect(on.calls()).toEqual(none);
  });

  test('guarded fields are guarded, whoever read the contact first', async () => {
    const query = '{ contact(id: "pms:5021") { name dateOfBirth cognitoId } }';
    const { dateOfBirth, cognitoId } = on.sandbox.pms.data.contacts.get('5021')!;
    expect((await on.query(query, {}, await on.bearer('contact:identity'))).data.contact).toMatchObject({ dateOfBirth, cognitoId: null });
    on.reset();
    const anonymous = await on.query(query);
    expect(anonymous.data.contact).toMatchObject({ dateOfBirth: null, cognitoId: null });
    expect(errorsIn(anonymous).map((error) => [(error as { at: string }).at, (error as { code: string }).code])).toEqual([['contact.cognitoId', 'FORBIDDEN'], ['contact.dateOfBirth', 'FORBIDDEN']]);
    expect((await on.query(query, {}, await on.bearer('contact:access'))).data.contact).toMatchObject({ dateOfBirth: null, cognitoId });
    expect(on.calls()).toEqual(none);
  });

  test('errors and absences are not kept', async () => {
    on.sandbox.cas360.faults.set([{ ids: ['1201'], status: 403, times: 1 }, { omit: ['1202'] }]);
    const ask = () => on.query('{ a: contact(id: "cas360:1201") { id name } }');
    const askOmitted = () => on.query('{ b: contact(id: "cas360:1202") { id name } }');
    expect(errorsIn(await ask())).toHaveLength(1);
    expect((await askOmitted()).data.b).toBeNull();
    on.reset();
    expect([(await ask()).data.a.id, (await askOmitted()).data.b.id]).toEqual(['cas360:1201', 'cas360:1202']);
    expect(on.calls().cas360).toBe(2);
  });

  test('look-ups are counted, by what was found', async () => {
    const fresh = await startTestApp({ CACHE_TTL_SECONDS: '3600' });
    try {
      for (let n = 0; n < 3; n++) await fresh.query('{ contacts(ids: ["cas360:1001", "cas360:1002", "pms:4711"]) { name } }');
      expect((await lookups(fresh)).sort()).toEqual([
        'contacts_cache_lookups_total{source="CAS360",resource="contacts",outcome="hit"} 4',
        'contacts_cache_lookups_total{source="CAS360",resource="contacts",outcome="miss"} 2',
        'contacts_cache_lookups_total{source="PMS",resource="contacts",outcome="hit"} 2',
        'contacts_cache_lookups_total{source="PMS",resource="contacts",outcome="miss"} 1',
      ]);
    } finally {
      await fresh.stop();
    }
  });

  test('a contact that changes is seen as it is, once the time is over', async () => {
    const brief = await startTestApp({ CACHE_TTL_SECONDS: '1' });
    try {
      const ask = async () => (await brief.query('{ contact(id: "cas360:54") { name } }')).data.contact.name as string;
      await ask();
      brief.sandbox.cas360.faults.set([{ ids: ['54'], patch: { name: 'Plain Cat Council' } }]);
      await until('the new name is served', async () => (await ask()) === 'Plain Cat Council');
      expect(brief.calls().cas360).toBe(2);
    } finally {
      await brief.stop();
    }
  });
});
