/** @needs chromium */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';
import { openGraphiql } from './support/graphiqlApp.js';
import type { GraphiqlPage } from './support/graphiqlPage.js';

jest.setTimeout(90_000);

let app: TestApp;
let graphiql: GraphiqlPage;
let stop: () => Promise<void>;
/** What the tests make the browser complain of. */
const provoked: string[] = [];
const BAD_REQUEST = 'said Failed to load resource: the server responded with a status of 400 (Bad Request)';

beforeAll(async () => {
  ({ app, graphiql, stop } = await openGraphiql());
}, 300_000);
beforeEach(() => app.reset());
afterEach(async () => {
  await until('the browser has complained', () => graphiql.faults.length >= provoked.length);
  expect(graphiql.faults).toEqual(provoked);
});
afterAll(() => stop());

const startOver = (): Promise<void> => graphiql.startOver({ width: 1024, height: 768 });
const council = 'query Council { contact(id: "cas360:54") { name } }';
const madeCalls = (): number => app.sandbox.pms.calls.length + app.sandbox.cas360.calls.length;
const steps = async (): Promise<(string | null)[]> => Promise.all((await graphiql.steps.getByRole('button').all()).map((step) => step.getAttribute('aria-label')));
const comparison = async (): Promise<string[][]> => {
  await graphiql.panel.getByRole('table', { name: 'Plan' }).waitFor();
  return graphiql.panel.getByRole('row').evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
};
const stale = (): Promise<string[]> => graphiql.panel.getByText(/^Out of date/).allInnerTexts();

describe('before a run, the panel shows', () => {
  beforeEach(startOver);

  test('each step in the order in which it can begin, and runs nothing', async () => {
    await graphiql.plan();
    expect(await graphiql.summary.innerText()).toMatch(/^BothSystems\s+Tab 1, planned, not run\s+Planned: 2 to 3 calls: 1 PMS contacts, 1 CAS 360 contacts, 0 to 1 CAS 360 addresses; up to \d+ in rare cases$/);
    expect((await steps()).slice(0, 3)).toEqual([
      'Step 1: PMS, contacts, 1 id, 1 call, at once',
      expect.stringMatching(/^Step 2: CAS 360, contacts, 2 ids, 1 call, up to \d+ in rare cases, at once$/),
      expect.stringMatching(/^Step 3: CAS 360, addresses, 0 to 2 ids, 0 to 1 calls, up to \d+ in rare cases, after step 2$/),
    ]);
    expect(await graphiql.steps.nth(3).innerText()).toMatch(/Only if a Joint Member has no address of its own/);
    expect(madeCalls()).toBe(0);
    expect(await graphiql.rows.count()).toBe(0);
  });

  test('the ids of each chunk, and what leads to what, in an opened row', async () => {
    const ids = Array.from({ length: 101 }, (_, n) => `cas360:${1001 + n}`);
    await graphiql.write('query Chunks($ids: [ID!]!) { contacts(ids: $ids) { address { city } relationships { type } } }', { ids });
    await graphiql.plan();
    const first = graphiql.steps.first();
    expect(await first.innerText()).toMatch(/101 ids\s+2 calls\s+relationships\s*2 chunks/);
    await first.getByRole('button').click();
    const facts = await first.getByRole('definition').allInnerTexts();
    expect(facts.map((fact) => fact.split('\n').length)).toContain(2);
    expect(facts.flatMap((fact) => fact.split(/,\s|\n/)).filter((word) => /^1[01]\d\d$/.test(word))).toHaveLength(101);
    expect(facts).toEqual(expect.arrayContaining(['at once', 'asked for', expect.stringMatching(/^steps? 2/)]));
  });

  test('by the keys, from every editor, although the panel was closed', async () => {
    await graphiql.page.getByRole('button', { name: 'Hide Upstream calls' }).click();
    for (const editor of ['.graphiql-query-editor', '.graphiql-editor-tool']) {
      await graphiql.page.locator(`${editor} .graphiql-editor:not(.hidden) textarea`).focus();
      await graphiql.page.keyboard.press('Control+Shift+Enter');
      await graphiql.steps.first().waitFor();
      await graphiql.page.getByRole('button', { name: 'Hide Upstream calls' }).click();
    }
  });

  test('although its width was dragged to nothing', async () => {
    const { mouse } = graphiql.page;
    const bar = (await graphiql.page.locator('.graphiql-main > .graphiql-horizontal-drag-bar').boundingBox())!;
    await mouse.move(bar.x + bar.width / 2, bar.y + bar.height / 2);
    await mouse.down();
    await mouse.move(60, bar.y + bar.height / 2, { steps: 5 });
    await mouse.up();
    await graphiql.page.getByRole('button', { name: 'Show Upstream calls' }).waitFor();
    await graphiql.plan();
    expect((await graphiql.panel.boundingBox())!.x).toBeGreaterThan(0);
  });

  test('that nothing is needed', async () => {
    await graphiql.write('query Nothing { contact(id: "cas360:54") { id source } }');
    await graphiql.plan();
    expect(await graphiql.summary.innerText()).toMatch(/No upstream call is needed\.$/);
    expect(await graphiql.steps.count()).toBe(0);
    await graphiql.run();
    await graphiql.summary.getByText('Planned 0; made 0.').waitFor();
    expect(await graphiql.panel.getByRole('table').count()).toBe(0);
  });

  test('of several operations, the one at the cursor, which the keys would run', async () => {
    await graphiql.write('query One { contact(id: "cas360:54") { name } } query Two { contact(id: "pms:4711") { name } }');
    await graphiql.page.getByRole('tab', { name: 'One' }).waitFor();
    await graphiql.page.keyboard.press('Control+Shift+Enter');
    await graphiql.summary.getByText('Two', { exact: true }).waitFor();
    expect(await steps()).toEqual(['Step 1: PMS, contacts, 1 id, 1 call, at once']);
    await graphiql.page.keyboard.press('Control+Home');
    await graphiql.plan();
    await graphiql.summary.getByText('One', { exact: true }).waitFor();
    expect(await steps()).toEqual(['Step 1: CAS 360, contacts, 1 id, 1 call, at once']);
  });
});

describe('of an operation that is refused, the panel says that nothing would run, and why', () => {
  beforeEach(startOver);

  test('for a field that does not exist', async () => {
    provoked.push(BAD_REQUEST);
    await graphiql.write('query Wrong { contact(id: "cas360:54") { nam } }');
    await graphiql.plan();
    expect(await graphiql.summary.innerText()).toMatch(/Nothing would run: the operation is refused\. .*"nam"/);
    expect(await graphiql.steps.count()).toBe(0);
  });

  test('for a limit', async () => {
    provoked.push(BAD_REQUEST);
    await graphiql.write(`query Many { ${Array.from({ length: 11 }, (_, n) => `a${n}: contact(id: "cas360:54") { name }`).join(' ')} }`);
    await graphiql.plan();
    expect(await graphiql.summary.innerText()).toMatch(/Nothing would run: the operation is refused\. .*10/);
  });

  test('for variables that are no JSON, which are not sent', async () => {
    await graphiql.chooseTab('ManyContacts');
    await graphiql.page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) textarea').focus();
    await graphiql.page.keyboard.press('Control+A');
    await graphiql.page.keyboard.insertText('{ "ids": ');
    await graphiql.plan();
    expect(await graphiql.summary.innerText()).toMatch(/Nothing would run: the operation is refused\. The variables are invalid JSON/);
  });
});

test('says so when no plan comes', async () => {
  await startOver();
  await graphiql.page.route('**/graphql', (route) => route.abort(), { times: 1 });
  provoked.push('said Failed to load resource: net::ERR_FAILED');
  await graphiql.plan();
  expect(await graphiql.summary.innerText()).toMatch(/No answer came\.$/);
});

describe('after a run, the panel shows the plan beside the calls', () => {
  beforeEach(startOver);

  test('that were made to each endpoint', async () => {
    await graphiql.run();
    expect(await comparison()).toEqual([
      ['Calls', 'planned', 'made'],
      ['PMS contacts', '1', '1'],
      ['CAS 360 contacts', '1', '1'],
      ['CAS 360 addresses', '0 to 1', '1'],
    ]);
    expect(await graphiql.summary.innerText()).toMatch(/^BothSystems\s+Tab 1, run 1 at [\d:]+\s+3 calls: .*\s+Planned 2 to 3; made 3\.$/);
    expect(await graphiql.steps.count()).toBeGreaterThan(2);
  });

  test('of a plan that was there before, without asking for it again', async () => {
    await graphiql.plan();
    const asked: string[] = [];
    graphiql.page.on('request', (request) => request.method() === 'POST' && asked.push(request.headers()['x-upstream-calls'] ?? ''));
    await graphiql.run();
    expect((await comparison())[1]).toEqual(['PMS contacts', '1', '1']);
    expect(asked).toEqual(['true']);
  });

  test('of a plan that was asked for while the run was under way', async () => {
    const held = Promise.withResolvers<undefined>();
    await graphiql.page.route('**/graphql', async (route) => {
      if (route.request().headers()['x-upstream-calls'] === 'true') await held.promise;
      await route.continue();
    });
    await graphiql.write(council);
    await graphiql.begin();
    await graphiql.page.getByRole('button', { name: 'Plan the upstream calls' }).click();
    await graphiql.summary.getByText('planned, not run').waitFor();
    held.resolve(undefined);
    await graphiql.summary.getByText('Planned 1; made 1.').waitFor();
    await graphiql.page.unrouteAll();
  });

  test('and names the rare case that it met', async () => {
    await graphiql.openExample('PartialAnswer');
    await graphiql.run();
    expect((await comparison()).at(-1)).toEqual(['CAS 360 contacts', '1, up to 2 in rare cases', '2']);
  });

  test('and a retry, which no plan foresees', async () => {
    app.sandbox.cas360.faults.set([{ on: 'contacts', status: 503, times: 1 }]);
    await graphiql.write(council);
    await graphiql.run();
    expect((await comparison()).at(-1)).toEqual(['CAS 360 contacts', '1', '2 (1 retry)']);
  });
});

describe('what is shown is marked as out of date', () => {
  beforeAll(startOver);
  beforeEach(async () => {
    await graphiql.write(council);
    await graphiql.run();
    await until('nothing is marked', async () => (await stale()).length === 0);
  });

  test('when the query has changed, until it is as it was; layout and comments do not count', async () => {
    await graphiql.page.getByRole('button', { name: 'Prettify query' }).click();
    await graphiql.page.locator('.graphiql-query-editor .view-line').nth(4).waitFor();
    expect(await stale()).toEqual([]);
    await graphiql.write(council.replace('name', 'email'));
    await until('it is marked', async () => (await stale())[0] === 'Out of date: the query has changed since.');
    await graphiql.screenshot('stale');
    await graphiql.write(`# Again\n${council}`);
    await until('the mark is gone', async () => (await stale()).length === 0);
  });

  test('when the variables have changed', async () => {
    await graphiql.write(council, { id: 1 });
    await until('it is marked', async () => (await stale())[0] === 'Out of date: the variables have changed since.');
  });

  test('when another token is sent', async () => {
    await graphiql.chooseToken('contact:identity');
    await until('it is marked', async () => (await stale())[0] === 'Out of date: the headers have changed since.');
  });

  test('when another tab is in front; a plan is marked too', async () => {
    await graphiql.chooseTab('ManyContacts');
    await until('it is marked', async () => (await stale())[0] === 'Out of date: another tab is in front.');
    expect(await graphiql.summary.innerText()).toMatch(/^Council\s+Tab 1, run \d+ at/);
    await graphiql.plan();
    expect(await stale()).toEqual([]);
    await graphiql.chooseTab('Council');
    await until('it is marked', async () => (await stale())[0] === 'Out of date: another tab is in front.');
    expect(await graphiql.summary.innerText()).toMatch(/^ManyContacts\s+Tab 2, planned, not run/);
  });

  test('when its tab was closed', async () => {
    // Tabs slide into their places: a click on a button that moves under the mouse is lost.
    await graphiql.page.locator('.graphiql-tab-active .graphiql-tab-close').press('Enter');
    await graphiql.page.getByRole('tab', { name: 'Council' }).waitFor({ state: 'detached' });
    await until('it is marked', async () => (await stale())[0] === 'Out of date: another tab is in front.');
    expect(await graphiql.summary.innerText()).toMatch(/^Council\s+A closed tab, run \d+ at/);
  });
});
