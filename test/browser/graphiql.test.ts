/** @needs chromium */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startChromium } from './support/chromium.js';
import { contrastsIn } from './support/contrast.js';
import { GraphiqlPage } from './support/graphiqlPage.js';
import type { TestApp } from '../support/testApp.js';
import { startGraphiqlApp } from './support/graphiqlApp.js';

jest.setTimeout(30_000);

let app: TestApp;
let browser: Browser;
let graphiql: GraphiqlPage;

beforeAll(async () => {
  [app, browser] = await Promise.all([startGraphiqlApp(), startChromium()]);
}, 300_000);
beforeEach(async () => {
  for (const { faults } of [app.sandbox.pms, app.sandbox.cas360]) faults.clear();
  graphiql = await GraphiqlPage.open(browser, app.url);
});
afterEach(async () => {
  await graphiql.page.close();
  expect(graphiql.faults).toEqual([]);
});
afterAll(async () => {
  await browser.close();
  await app.stop();
});

const cards =
  'query Cards($ids: [ID!]!) { contacts(ids: $ids) { name address { city country { code } } relationships(current: true) { type parentType } } }';
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
    expect(await graphiql.textOf('.graphiql-query-editor', /^# One query/)).toMatch(/^# One query, both systems\./);
    expect(await graphiql.summary.innerText()).toBe('Run a query to see what it asks of the two systems.');
    const { data } = await graphiql.run();
    expect(data.contacts.map(({ name }: { name: string }) => name)).toEqual(['Iris Maeve Vale', 'Fancy Southern Africa Cat Council', 'Anne Smith']);
    expect(await graphiql.textOf('.result-window', /Iris Maeve Vale/)).toContain('Iris Maeve Vale');
  });

  test('brings back, on the next visit, what was open, but no token', async () => {
    await graphiql.chooseTab('GuardedIdentity');
    await graphiql.run();
    await graphiql.page.getByRole('button', { name: 'Show History' }).click();
    // GraphiQL writes down a moment later which tab is in front.
    await graphiql.page.waitForFunction(() => JSON.parse(localStorage.getItem('contacts:graphiql:tabState') ?? '{}').activeTabIndex === 7);
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

describe('a token', () => {
  test('is in the headers of the guarded examples', async () => {
    for (const [tab, scope] of [['GuardedIdentity', 'contact:identity'], ['GuardedAccess', 'contact:access']]) {
      await graphiql.chooseTab(tab!);
      await graphiql.page.getByRole('button', { name: 'Headers' }).click();
      const [, claims] = /"Bearer [^.]+\.([^.]+)/.exec(await graphiql.textOf('.graphiql-editor-tool', /"Bearer /))!;
      expect(JSON.parse(Buffer.from(claims!, 'base64url').toString()).scope).toBe(scope);
    }
  });

  test('opens guarded fields of any query when it is chosen, and none once it is taken out', async () => {
    const choose = async (name: string): Promise<void> => {
      await graphiql.page.getByRole('button', { name: 'Ready-made tokens' }).click();
      await graphiql.page.getByRole('menuitem', { name }).click();
    };
    const forbidden = [expect.objectContaining({ extensions: expect.objectContaining({ code: 'FORBIDDEN', retryable: false }) })];
    await graphiql.write(guardedQuery);
    expect((await graphiql.run()).errors).toEqual(forbidden);
    await choose('contact:identity');
    expect(await graphiql.run()).toMatchObject({ data: { contact: { name: 'Anne Smith', dateOfBirth: expect.stringMatching(/^\d{4}-/) } } });
    await choose('contact:access');
    expect((await graphiql.run()).errors).toEqual(forbidden);
    await choose('No token');
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

describe.each(['light', 'dark'] as const)('in the %s', (colorScheme) => {
  test('every text of the panel is readable', async () => {
    await graphiql.page.emulateMedia({ colorScheme });
    app.sandbox.pms.faults.set([{ latencyMs: 70 }]);
    app.sandbox.cas360.faults.set([{ on: 'contacts', status: 503, times: 1 }, { latencyMs: 40 }]);
    await graphiql.write(cards, { ids: ['pms:4711', 'cas360:54', 'cas360:555742'] });
    await graphiql.page.getByRole('button', { name: 'Prettify query' }).click();
    await graphiql.page.locator('.graphiql-query-editor .view-line').nth(14).waitFor();
    await graphiql.run();
    await graphiql.page.keyboard.press('Control+Home');
    await graphiql.rows.filter({ hasText: 'addresses' }).getByRole('button').click();
    await graphiql.page.mouse.move(1, 1);
    await graphiql.screenshot(colorScheme);
    const contrasts = await contrastsIn(graphiql.panel);
    expect(contrasts.map(({ text }) => text)).toEqual(expect.arrayContaining(['Upstream calls', '503', '200', 'relationships', 'attempt 2', 'Ids']));
    expect(contrasts[0]!.ratio).toBeGreaterThanOrEqual(4.5);
  });
});
