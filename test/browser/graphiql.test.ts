/** @needs chromium */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { GraphiqlPage } from './support/graphiqlPage.js';
import type { TestApp } from '../support/testApp.js';
import { openGraphiql } from './support/graphiqlApp.js';

jest.setTimeout(90_000);

let app: TestApp;
let graphiql: GraphiqlPage;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ app, graphiql, stop } = await openGraphiql());
}, 300_000);
beforeEach(async () => {
  for (const { faults } of [app.sandbox.pms, app.sandbox.cas360]) faults.clear();
  await graphiql.startOver();
});
afterEach(() => expect(graphiql.faults).toEqual([]));
afterAll(() => stop());

const guardedQuery = 'query Mine { contact(id: "cas360:555742") { name dateOfBirth } }';
async function tabTo(selector: string): Promise<void> {
  for (let n = 0; n < 60; n++) {
    await graphiql.page.keyboard.press('Tab');
    if (await graphiql.page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
  }
  throw new Error(`The Tab key does not lead to ${selector}`);
}

describe('the page', () => {
  test('opens with the first example and an empty panel, and runs it', async () => {
    expect(await graphiql.textOf('.graphiql-query-editor', /^# One query/)).toMatch(/^# One query, both systems:/);
    expect(await graphiql.summary.innerText()).toBe('Plan or run a query to see what it asks of the two systems.');
    const { data } = await graphiql.run();
    expect(data.contacts.map(({ name }: { name: string }) => name)).toEqual(['Iris Maeve Vale', 'Fancy Southern Africa Cat Council', 'Anne Smith']);
    expect(await graphiql.textOf('.result-window', /Iris Maeve Vale/)).toContain('Iris Maeve Vale');
  });

  test('brings back, on the next visit, what was open, but no token', async () => {
    await graphiql.openExample('GuardedIdentity');
    await graphiql.run();
    await graphiql.page.getByRole('button', { name: 'Show History' }).click();
    // GraphiQL writes down a moment later which tab is in front.
    await graphiql.page.waitForFunction(() => JSON.parse(localStorage.getItem('contacts:graphiql:tabState') ?? '{}').activeTabIndex === 3);
    await graphiql.load();
    expect(await graphiql.textOf('.graphiql-query-editor', /query GuardedIdentity/)).toContain('query GuardedIdentity');
    await graphiql.page.getByRole('region', { name: 'History' }).waitFor();
    expect(await graphiql.page.evaluate(() => JSON.stringify(localStorage))).not.toContain('eyJ');
    expect((await graphiql.run()).errors).toBeUndefined();
  });

  test('prettifies', async () => {
    await graphiql.write('query Ugly{contact(id:"cas360:54"){name,email}}');
    await graphiql.page.getByRole('button', { name: 'Prettify query' }).click();
    await graphiql.page.locator('.graphiql-query-editor .view-line').nth(4).waitFor();
    expect(await graphiql.textOf('.graphiql-query-editor', /^query Ugly \{\n/)).toBe('query Ugly {\n  contact(id: "cas360:54") {\n    name\n    email\n  }\n}');
  });

  test('documents the schema', async () => {
    await graphiql.page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
    const docs = graphiql.page.getByRole('region', { name: 'Documentation Explorer' });
    await docs.getByRole('link', { name: 'Query' }).click();
    await docs.getByRole('link', { name: 'Contact', exact: true }).first().click();
    await docs.getByRole('link', { name: 'relationships' }).waitFor();
  });

  test('puts a query together by clicks', async () => {
    await graphiql.write('query Built { contact(id: "cas360:54") { name } }');
    await graphiql.page.getByRole('button', { name: 'Show GraphiQL Explorer' }).click();
    await graphiql.page.locator('.graphiql-explorer-root').getByText('email', { exact: true }).first().click();
    await graphiql.page.locator('.graphiql-query-editor').getByText('email').waitFor();
    expect((await graphiql.run()).data).toEqual({ contact: { name: 'Fancy Southern Africa Cat Council', email: null } });
  });
});

test('an example opens in the tab where it stands unchanged, else in a new one', async () => {
  await graphiql.openExample('Relationships');
  expect((await graphiql.tabs()).length).toBe(3);
  await graphiql.write('query Mine { contact(id: "cas360:54") { name } }');
  await graphiql.page.getByRole('tab', { name: 'Mine' }).waitFor();
  await graphiql.openExample('Relationships');
  expect((await graphiql.tabs()).map(({ name }) => name)).toEqual(['BothSystems', 'ManyContacts', 'Mine', 'Relationships']);
  expect((await graphiql.run()).data.anne.name).toBe('Anne Smith');
});

describe('below the answer', () => {
  test('stand its time, and its size as production would send it, in the tab that it belongs to', async () => {
    const facts = graphiql.page.getByRole('status', { name: 'Last answer' });
    expect(await facts.innerText()).toBe('No answer in this tab yet.');
    const { extensions: _, ...answer } = await graphiql.run();
    expect((await facts.innerText()).split('\n')).toEqual(['HTTP 200', expect.stringMatching(/^[\d.]+ ms$/), `${JSON.stringify(answer).length} bytes`]);
    await graphiql.chooseTab('ManyContacts');
    await facts.getByText('No answer in this tab yet.').waitFor();
    await graphiql.chooseTab('BothSystems');
    await facts.getByText('HTTP 200').waitFor();
  });

  test('stands nothing of the answer before, if a request cannot be sent', async () => {
    await graphiql.run();
    await graphiql.page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) textarea').focus();
    await graphiql.page.keyboard.insertText('{ "ids": ');
    await graphiql.begin();
    await graphiql.page.getByRole('status', { name: 'Last answer' }).getByText('The request was not sent.').waitFor();
  });
});

describe('a run under way is cancelled, and its answer shown nowhere,', () => {
  test.each([
    ['by the button', () => graphiql.page.getByRole('button', { name: 'Stop query' }).click()],
    ['when another tab comes to the front', () => graphiql.chooseTab('ManyContacts')],
    ['when a tab is added', () => graphiql.openTab()],
  ])('%s', async (_how, cancel) => {
    app.sandbox.cas360.faults.set([{ on: 'contacts', hang: true }]);
    await graphiql.begin();
    await graphiql.page.getByRole('status', { name: 'Last answer' }).getByText('Waiting for the answer.').waitFor();
    const [request] = await Promise.all([graphiql.page.waitForEvent('requestfailed'), cancel()]);
    expect(request.failure()?.errorText).toBe('net::ERR_ABORTED');
    await graphiql.summary.getByText('Stopped before the answer came.').waitFor();
    expect(await graphiql.page.getByRole('status', { name: 'Last answer' }).innerText()).toBe('No answer in this tab yet.');
  });
});

test('the root path leads to it', async () => {
  await graphiql.load('/');
  expect(graphiql.page.url()).toBe(`${app.url}/graphql`);
});

test('the explorer names the variables, and gives one to an argument of its type', async () => {
  await graphiql.write('query Picked($some: [ID!]!, $one: ID!) { contacts(ids: $some) { name } }', { some: ['cas360:54'], one: 'cas360:555742' });
  await graphiql.page.getByRole('button', { name: 'Show GraphiQL Explorer' }).click();
  await graphiql.page.getByText('Variables: $some: [ID!]!, $one: ID!').waitFor();
  const explorer = graphiql.page.locator('.graphiql-explorer-root');
  await explorer.getByText('contact', { exact: true }).click();
  await explorer.locator('.graphiql-explorer-contact').getByText('phone', { exact: true }).click();
  await graphiql.page.locator('.graphiql-query-editor').getByText('phone').waitFor();
  expect(await graphiql.textOf('.graphiql-query-editor', /phone/)).toContain('contact(id: $one)');
  expect((await graphiql.run()).data.contact).toEqual({ phone: null });
});

describe('a token', () => {
  test('that is chosen is shown in the headers, and below the key', async () => {
    expect(await graphiql.sentToken()).toBe('none');
    await graphiql.chooseToken('contact:access');
    expect(await graphiql.textOf('.graphiql-editor-tool', /authorization/)).toContain('"authorization": "Bearer ');
    await graphiql.page.getByRole('button', { name: 'Ready-made tokens. Sent now: contact:access' }).waitFor();
    expect(await graphiql.sentToken()).toBe('access');
    await graphiql.screenshot('token');
    await graphiql.chooseToken('No token');
    await graphiql.page.getByRole('button', { name: 'Ready-made tokens. Sent now: no token' }).waitFor();
  });

  test('is in the headers of the guarded examples', async () => {
    for (const [tab, scope] of [['GuardedIdentity', 'contact:identity'], ['GuardedAccess', 'contact:access']]) {
      await graphiql.openExample(tab!);
      expect(await graphiql.sentToken()).toBe(scope!.replace('contact:', ''));
      await graphiql.page.getByRole('button', { name: 'Headers' }).click();
      const [, claims] = /"Bearer [^.]+\.([^.]+)/.exec(await graphiql.textOf('.graphiql-editor-tool', /"Bearer /))!;
      expect(JSON.parse(Buffer.from(claims!, 'base64url').toString()).scope).toBe(scope);
    }
  });

  test('opens guarded fields of any query when it is chosen, and none once it is taken out', async () => {
    const forbidden = [expect.objectContaining({ extensions: expect.objectContaining({ code: 'FORBIDDEN', retryable: false }) })];
    await graphiql.write(guardedQuery);
    expect((await graphiql.run()).errors).toEqual(forbidden);
    await graphiql.chooseToken('contact:identity');
    expect(await graphiql.run()).toMatchObject({ data: { contact: { name: 'Anne Smith', dateOfBirth: expect.stringMatching(/^\d{4}-/) } } });
    await graphiql.chooseToken('contact:access');
    expect((await graphiql.run()).errors).toEqual(forbidden);
    await graphiql.chooseToken('No token');
    expect((await graphiql.run()).errors).toEqual(forbidden);
  });
});

test('the keyboard alone opens the panel, runs a query and opens a call', async () => {
  const { keyboard } = graphiql.page;
  await tabTo('[aria-label="Hide Upstream calls"]');
  await keyboard.press('Enter');
  await graphiql.panel.waitFor({ state: 'hidden' });
  await keyboard.press('Enter');
  await graphiql.panel.waitFor();
  // Tab stops at an editor, and Enter goes into it.
  await tabTo('.graphiql-query-editor .graphiql-editor');
  await keyboard.press('Enter');
  await keyboard.press('Control+Enter');
  await graphiql.rows.first().waitFor();
  // In an editor, Tab is a character until Ctrl-M makes it a way out.
  await keyboard.press('Control+M');
  await tabTo('.upstream-call');
  await keyboard.press('Enter');
  await graphiql.panel.getByRole('definition').first().waitFor();
  await keyboard.press('Space');
  await graphiql.panel.getByRole('definition').first().waitFor({ state: 'hidden' });
});
