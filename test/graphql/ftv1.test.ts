import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { MAX_TRACED_FIELDS } from '../../src/graphql/plugins/inlineTraces.js';
import { idsFrom, startTestApp, type TestApp } from '../support/testApp.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

const FTV1 = { 'apollo-federation-include-trace': 'ftv1' };
const bodyFor = async (headers: Record<string, string>) => JSON.parse((await app.query('{ contact(id: "cas360:54") { name } }', {}, headers)).text);

test('a router that asks for a trace gets one beside the answer; others get none', async () => {
  const plain = await bodyFor({});
  expect(plain).toEqual({ data: { contact: { name: 'Fancy Southern Africa Cat Council' } } });
  // Several times: a document that is seen again may be executed in another way.
  for (let time = 0; time < 3; time++) {
    const traced = await bodyFor(FTV1);
    expect(traced).toEqual({ ...plain, extensions: { ftv1: expect.stringMatching(/^[\w+/]{20,}=*$/) } });
  }
  expect(await bodyFor({ 'apollo-federation-include-trace': 'another' })).toEqual(plain);
});

const JOINT = 'cas360:49100';
/** Of one item: 37 items and two other fields are as many fields as a trace can have. */
const SELECTED = 'id '.repeat((MAX_TRACED_FIELDS - 2) / 37);

test.each([
  ['the operation asks for too many', 'query ($ids: [ID!]!) { __typename contacts(ids: $ids)', '} }', '} x: __typename }'],
  ['a list in the answer is too long', `{ contact(id: "${JOINT}") { representatives`, '} } }', '} id } }'],
])('An answer has a trace up to a number of fields, and beyond it no field is timed (%s)', async (_what, before, end, oneMore) => {
  const { contacts } = app.sandbox.cas360.data;
  const ids = idsFrom('cas360', 1_001, 37);
  contacts.set('49100', { ...contacts.get('40001')!, id: 49_100, representativeIds: ids.map((id) => Number(id.slice('cas360:'.length))) });
  const asked = async (query: string) => {
    // Apollo Server reads this clock twice for each field.
    const clock = jest.spyOn(process, 'hrtime');
    const { errors, extensions = {} } = JSON.parse((await app.query(query, { ids }, FTV1)).text);
    const readings = clock.mock.calls.length;
    clock.mockRestore();
    return { errors, traced: Object.keys(extensions), readings };
  };
  const largest = await asked(`${before} { ${SELECTED} ${end}`);
  expect(largest).toEqual({ traced: ['ftv1'], readings: expect.any(Number) });
  const beyond = await asked(`${before} { ${SELECTED} ${oneMore}`);
  expect(beyond).toEqual({ traced: [], readings: expect.any(Number) });
  expect(beyond.readings).toBeLessThan(20);
  expect(largest.readings).toBeGreaterThan(70);
});
