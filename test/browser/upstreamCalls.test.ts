/** @needs chromium */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Gatherer } from '../../src/loaders/gatherer.js';
import type { GraphiqlPage, ShownCall } from './support/graphiqlPage.js';
import type { TestApp } from '../support/testApp.js';
import { openGraphiql } from './support/graphiqlApp.js';
import { until } from '../support/until.js';

jest.setTimeout(90_000);

let app: TestApp;
let graphiql: GraphiqlPage;
let stop: () => Promise<void>;
/** What the tests make the browser complain of. */
const provoked: string[] = [];

beforeAll(async () => {
  ({ app, graphiql, stop } = await openGraphiql());
  await graphiql.startOver();
}, 300_000);
beforeEach(() => {
  for (const system of systems()) {
    system.resetCalls();
    system.faults.clear();
  }
});
afterEach(async () => {
  jest.restoreAllMocks();
  await until('the browser has complained', () => graphiql.faults.length >= provoked.length);
  expect(graphiql.faults).toEqual(provoked);
});
afterAll(() => stop());

const systems = () => [app.sandbox.pms, app.sandbox.cas360];

/** What the sandbox got, in the words of the panel. */
function countedCalls(): ShownCall[] {
  const counted = (source: string, { calls }: ReturnType<typeof systems>[number]): ShownCall[] =>
    calls.map(({ kind, ids, relationships, status }) => ({
      source,
      resource: kind === 'contact' ? 'contacts' : kind,
      kind: 'sent',
      ids,
      relationships,
      outcome: String(status),
    }));
  return inOrder([...counted('PMS', app.sandbox.pms), ...counted('CAS360', app.sandbox.cas360)]);
}

/** Systems do not wait for each other: the order of their calls is nobody's promise. */
const inOrder = (calls: readonly ShownCall[]): ShownCall[] => calls.toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));

describe('the panel shows the calls that the systems got', () => {
  test('of new tokens too', async () => {
    for (const system of systems()) system.revokeTokens();
    await graphiql.openExample('BothSystems');
    await graphiql.run();
    expect(inOrder(await graphiql.shownCalls())).toEqual(countedCalls());
    expect(countedCalls().filter(({ resource }) => resource === 'token')).toHaveLength(2);
  });

  test.each([
    ['BothSystems', '3 calls: 2 CAS 360, 1 PMS; 3 contacts, 2 addresses'],
    ['ManyContacts', '1 call: 1 CAS 360; 8 contacts'],
    ['Relationships', '2 calls: 2 CAS 360; 2 contacts'],
    ['JointMember', '3 calls: 3 CAS 360; 4 contacts, 2 addresses'],
    ['SalesAccount', '1 call: 1 PMS; 1 contact'],
    ['PartialAnswer', '2 calls: 2 CAS 360; 2 contacts'],
    ['Entities', '2 calls: 1 CAS 360, 1 PMS; 2 contacts'],
    ['GuardedIdentity', '2 calls: 1 CAS 360, 1 PMS; 2 contacts'],
  ])('of the example %s', async (name, totals) => {
    await graphiql.openExample(name);
    await graphiql.run();
    expect(inOrder(await graphiql.shownCalls())).toEqual(countedCalls());
    expect(await graphiql.summary.innerText()).toMatch(new RegExp(`^${name}\\s+Tab \\d+, run \\d+ at \\S+\\s+${totals}`));
  });

  test('of 102 contacts with relationships, in whole chunks; the system that has none is not asked for them', async () => {
    const ids = Array.from({ length: 101 }, (_, n) => String(1001 + n));
    await graphiql.openTab();
    const variables = { ids: [...ids.map((id) => `cas360:${id}`), 'pms:4711'] };
    await graphiql.write('query Many($ids: [ID!]!) { contacts(ids: $ids) { name relationships { type } } }', variables);
    expect((await graphiql.run()).data.contacts).toHaveLength(102);
    const shown = await graphiql.shownCalls();
    expect(inOrder(shown)).toEqual(countedCalls());
    expect(shown.flatMap((call) => call.ids).toSorted()).toEqual([...ids, '4711'].toSorted());
    expect(shown.map(({ source, relationships }) => relationships === (source === 'CAS360'))).not.toContain(false);
    expect(await graphiql.summary.innerText()).toContain(`${shown.length} calls: ${shown.length - 1} CAS 360, 1 PMS; 102 contacts`);
    expect(await graphiql.panel.innerText()).toMatch(/relationships.*and \d+ more/);
  });

  test('of a retry, each attempt for itself', async () => {
    app.sandbox.cas360.faults.set([{ on: 'contacts', status: 503, times: 1 }]);
    await graphiql.openTab();
    await graphiql.write('query Retried { contact(id: "cas360:54") { name } }');
    await graphiql.run();
    const shown = await graphiql.shownCalls();
    expect(shown.map(({ outcome }) => outcome)).toEqual(['503', '200']);
    expect(inOrder(shown)).toEqual(countedCalls());
    expect(await graphiql.rows.nth(1).innerText()).toContain('attempt 2');
  });

  test('of none, for what the id alone tells', async () => {
    await graphiql.openTab();
    await graphiql.write('query Nothing { contact(id: "cas360:54") { id source } }');
    await graphiql.run();
    expect(await graphiql.summary.innerText()).toMatch(/^Nothing\s+Tab \d+, run \d+ at \S+\s+No upstream call was needed\./);
    expect(await graphiql.rows.count()).toBe(0);
    expect(countedCalls()).toEqual([]);
  });

  test('of another operation, where that one served this', async () => {
    const letGo = app.sandbox.cas360.hold();
    const requested = jest.spyOn(Gatherer.prototype, 'request');
    await graphiql.openTab();
    await graphiql.write('query Joining { contact(id: "cas360:54") { name } }');
    const other = fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ contact(id: \\"cas360:54\\") { name } }"}',
    });
    await until('the other call has come', () => app.sandbox.cas360.calls.length > 0);
    const run = graphiql.run();
    await until('this one waits too', () => requested.mock.calls.length === 2);
    letGo();
    await Promise.all([run, other]);
    expect(countedCalls()).toHaveLength(1);
    expect(await graphiql.shownCalls()).toEqual([{ ...countedCalls()[0], kind: 'joined' }]);
    expect(await graphiql.rows.first().innerText()).toContain('joined');
  });
});

describe('the panel', () => {
  test('tells the fields that waited, and everything else, when a row is opened; and keeps it open in the next run', async () => {
    await graphiql.openExample('JointMember');
    await graphiql.run();
    const addresses = graphiql.rows.filter({ hasText: 'addresses' }).first();
    await addresses.getByRole('button').click();
    await addresses.getByRole('definition').first().waitFor();
    expect(await addresses.locator('dl').innerText()).toMatch(/Fields that waited\s+contact\.(representatives\.)?address\b.*Outcome\s+200\s+Time\s+\S+ ms to \S+ ms/s);
    await graphiql.run();
    expect(await graphiql.panel.locator('[aria-expanded=true]').count()).toBe(1);
  });

  test('says so when a query was refused before it ran', async () => {
    provoked.push('said Failed to load resource: the server responded with a status of 400 (Bad Request)');
    await graphiql.openTab();
    await graphiql.write('query Refused { nobody }');
    await graphiql.run();
    expect(await graphiql.summary.innerText()).toMatch(/^Refused\s+Tab \d+, run \d+ at \S+\s+Refused before it ran: no upstream call was made\.$/);
  });

  test('says so when no answer came', async () => {
    await graphiql.page.route('**/graphql', (route) => route.fulfill({ status: 502, body: 'a proxy between' }), { times: 1 });
    provoked.push('said Failed to load resource: the server responded with a status of 502 (Bad Gateway)');
    await graphiql.page.locator('.graphiql-execute-button').click();
    await graphiql.summary.getByText('No answer came.').waitFor();
  });

  test('leaves the answer as production would give it', async () => {
    await graphiql.openTab();
    await graphiql.write('query Plain { contact(id: "cas360:54") { contactType } }');
    const { extensions } = await graphiql.run();
    expect(extensions.upstreamCalls).toHaveLength(1);
    expect(JSON.parse(await graphiql.textOf('.result-window', /COMPANY.*\}\s*$/s))).toEqual({ data: { contact: { contactType: 'COMPANY' } } });
  });
});
