/** @needs chromium */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { exampleTabs, nameOf } from '../../src/web/graphiqlTabs.js';
import type { TestApp } from '../support/testApp.js';
import { contrastsIn } from './support/contrast.js';
import { openGraphiql } from './support/graphiqlApp.js';
import type { GraphiqlPage } from './support/graphiqlPage.js';

jest.setTimeout(60_000);

let app: TestApp;
let graphiql: GraphiqlPage;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ app, graphiql, stop } = await openGraphiql());
}, 300_000);
beforeEach(async () => {
  app.reset();
  await graphiql.startOver();
});
afterEach(() => expect(graphiql.faults).toEqual([]));
afterAll(() => stop());

const EXAMPLES = exampleTabs().map(nameOf);
const cards =
  'query Cards($ids: [ID!]!) { contacts(ids: $ids) { name address { city country { code } } relationships(current: true) { type parentType } } }';

describe('in a window of 1,024 pixels', () => {
  beforeEach(() => graphiql.page.setViewportSize({ width: 1024, height: 768 }));

  /** Opens each example, and returns the lines of it that reach beyond an editor's edge. */
  async function openAll(): Promise<string[]> {
    const cutOff: string[] = [];
    for (const name of EXAMPLES) {
      await graphiql.openExample(name);
      for (const editor of ['.graphiql-query-editor', '.graphiql-editor-tool']) cutOff.push(...(await graphiql.linesCutOff(editor)));
    }
    return cutOff;
  }

  test('each example is in the menu, no line of it has to be scrolled sideways, and each tab is in sight, however many are open', async () => {
    await graphiql.page.getByRole('button', { name: 'Examples' }).click();
    expect((await graphiql.page.getByRole('menuitem').locator('strong').allInnerTexts())).toEqual(EXAMPLES);
    await graphiql.page.keyboard.press('Escape');
    expect(await openAll()).toEqual([]);
    expect(await graphiql.tabs()).toEqual(EXAMPLES.map((name) => ({ name, isInSight: true })));
    await graphiql.run();
    await graphiql.screenshot('1024-light');
    await graphiql.page.setViewportSize({ width: 800, height: 600 });
    expect((await graphiql.tabs()).filter(({ isInSight }) => !isInSight)).toEqual([]);
    await graphiql.page.getByRole('button', { name: 'New tab' }).click({ trial: true });
  });

  test('no line of an example has to be scrolled sideways in the dark either', async () => {
    await graphiql.prefer('dark');
    expect(await openAll()).toEqual([]);
    await graphiql.run();
    await graphiql.screenshot('1024-dark');
  });
});

describe.each(['light', 'dark'] as const)('in the %s', (colorScheme) => {
  test('every text of the panel is readable', async () => {
    await graphiql.prefer(colorScheme);
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

  test('every text of a plan is readable, also of one that is out of date', async () => {
    await graphiql.prefer(colorScheme);
    await graphiql.openExample('JointMember');
    await graphiql.plan();
    await graphiql.page.mouse.move(1, 1);
    await graphiql.screenshot(`plan-${colorScheme}`);
    await graphiql.run();
    await graphiql.panel.getByRole('table', { name: 'Plan' }).waitFor();
    await graphiql.screenshot(`planned-and-made-${colorScheme}`);
    await graphiql.chooseTab('ManyContacts');
    await graphiql.panel.getByText(/^Out of date/).waitFor();
    const contrasts = await contrastsIn(graphiql.panel);
    expect(contrasts.map(({ text }) => text)).toEqual(expect.arrayContaining(['Plan', 'planned', 'up to 20 in rare cases', 'Out of date: another tab is in front.']));
    expect(contrasts[0]!.ratio).toBeGreaterThanOrEqual(4.5);
  });
});
