/**
 * Hive Gateway listens to signals from the moment it is loaded.
 * @needs chromium
 * @leaves listener
 */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { supergraphTabs } from '../../examples/supergraph/graphiqlTabs.js';
import { startSupergraph, type Supergraph } from '../../examples/supergraph/supergraph.js';
import { nameOf } from '../../src/web/graphiqlTabs.js';
import { startChromium } from './support/chromium.js';
import { GraphiqlPage } from './support/graphiqlPage.js';

// The gateway takes seconds to start on a busy machine.
jest.setTimeout(60_000);

let supergraph: Supergraph;
let browser: Browser;
let graphiql: GraphiqlPage;

beforeAll(async () => {
  [supergraph, browser] = await Promise.all([startSupergraph(0, 'dist/graphiql'), startChromium()]);
  graphiql = await GraphiqlPage.open(browser, new URL(supergraph.url).origin);
}, 300_000);
beforeEach(() => graphiql.startOver({ width: 1024, height: 768 }));
afterEach(() => expect(graphiql.faults).toEqual([]));
afterAll(async () => {
  await browser.close();
  await supergraph.stop();
});

test('the root leads to the page, whose first example crosses all subgraphs, as the README shows', async () => {
  await graphiql.page.goto(new URL(supergraph.url).origin);
  expect(graphiql.page.url()).toBe(supergraph.url);
  await graphiql.page.locator('.graphiql-query-editor .view-line').first().waitFor();
  const readme = readFileSync('examples/supergraph/README.md', 'utf8');
  expect(await graphiql.run()).toEqual(JSON.parse(/```json\n(.*?)\n```/s.exec(readme)![1]!));
  await graphiql.screenshot('supergraph');
});

test.each(supergraphTabs({ identity: '', access: '' }).map(nameOf))('the example %s is answered, with its token', async (name) => {
  await graphiql.openExample(name);
  const { data, errors } = await graphiql.run();
  expect(errors).toBeUndefined();
  expect(Object.values(data).flat()).not.toContain(null);
});

test('a token can be taken out and chosen, and the gateway passes it on', async () => {
  await graphiql.openExample('Birthdays');
  expect(await graphiql.sentToken()).toBe('identity');
  const births = async (): Promise<unknown[]> => (await graphiql.run()).data.bookings.flatMap(({ guests }: any) => guests.map(({ dateOfBirth }: any) => dateOfBirth)).filter(Boolean);
  expect((await births()).length).toBeGreaterThan(0);
  await graphiql.chooseToken('No token');
  expect(await births()).toEqual([]);
  await graphiql.chooseToken('contact:identity');
  expect((await births()).length).toBeGreaterThan(0);
});

test('nothing is there that the gateway cannot answer: no panel, and no plan', async () => {
  expect(await graphiql.page.getByRole('button', { name: /upstream calls/i }).count()).toBe(0);
  await graphiql.page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await graphiql.page.getByRole('region', { name: 'Documentation Explorer' }).getByRole('link', { name: 'Query' }).click();
  await graphiql.page.getByRole('link', { name: 'bookings' }).waitFor();
});
