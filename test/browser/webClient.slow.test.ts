/** @needs chromium */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startChromium } from './support/chromium.js';
import { contrastsIn } from './support/contrast.js';
import { ANNE, ClientPage, COUNCIL, IRIS, startWebClient, type WebClient } from './support/webClient.js';

// A browser on a busy machine takes its time; what is wrong here is wrong for good.
jest.setTimeout(60_000);

/** A contact of the sandbox with every part of an address. */
const SINGAPORE = { id: 'cas360:1016', lines: ['Paper Wombat Towers', 'Level 15, Block 703A, 18/144 Bellbird Street', 'Singapore 057273'] };

let client: WebClient;
let browser: Browser;
let at: ClientPage;

beforeAll(async () => {
  client = await startWebClient();
  browser = await startChromium();
  // On a fresh clone it installs its packages first.
}, 300_000);
beforeEach(async () => {
  await client.reset();
  at = await ClientPage.in(browser, client);
});
afterEach(async () => {
  await at.page.close();
  expect(at.faults).toEqual([]);
});
afterAll(async () => {
  await browser.close();
  expect(await client.stop()).toBe(0);
}, 30_000);

describe('the web client', () => {
  test('shows contacts of both systems, and in an opened card relationships and what is not permitted', async () => {
    await at.load();
    await at.card(IRIS).waitFor();
    expect(await at.textOf(IRIS)).toMatch(/^Person pms Iris Maeve Vale pms:4711 E-mail iris@example.test Phone \+353 20 910 4711 Country Ireland/);
    expect(await at.textOf(COUNCIL)).toMatch(/^Company cas360 Fancy Southern Africa Cat Council cas360:54 E-mail – Phone – Country Australia/);
    await at.open(ANNE);
    await at.open(IRIS);
    const anne = await at.textOf(ANNE);
    expect(anne).toContain('Director of a company 7f3c0e52-1b1d-4c55-9a54-2d6a6a2f0054 2015-07-01 to today');
    expect(anne).toContain('2015-07-01 to 2019-06-30, ended');
    expect(anne).toMatch(/Address 12 Penguin Parade Cowes VIC 3922 Australia/i);
    expect(anne).toContain('Born on Not permitted: needs a token with contact:identity Documents Not permitted');
    expect(await at.textOf(IRIS)).toMatch(/Sales account Code C-000902 Company Paper Wombat Press.*Born on Not permitted/i);
    await at.screenshot('denied');
  });

  test('writes addresses as people do', async () => {
    await at.load(`#ids=${SINGAPORE.id}`);
    await at.open(SINGAPORE.id);
    expect(await at.card(SINGAPORE.id).locator('address span').allInnerTexts()).toEqual(SINGAPORE.lines);
    await at.screenshot('address');
  });

  test('asks for relationships when a card is opened, once, and not before', async () => {
    await at.load();
    await at.card(ANNE).waitFor();
    const forRelationships = async (): Promise<string[][]> => (await client.cas360.calls()).filter((call) => call.relationships).map(({ ids }) => ids);
    expect(await forRelationships()).toEqual([]);
    await at.open(ANNE);
    expect(await forRelationships()).toEqual([['555742']]);
    await at.card(ANNE).getByText('Details').click();
    await at.card(ANNE).getByText('Director').waitFor({ state: 'hidden' });
    await at.open(ANNE);
    expect(await forRelationships()).toEqual([['555742']]);
  });

  test('shows guarded fields once a token with their scope is chosen, and hides them without it', async () => {
    await at.load();
    await at.open(IRIS);
    const token = at.page.getByLabel('Token');
    await token.selectOption('contact:identity');
    await at.card(IRIS).getByText('1990-05-01').waitFor();
    expect(await at.textOf(IRIS)).toMatch(/Documents passport ZZ\d{7}, social security 000-00-\d{4}/);
    await at.screenshot('permitted');
    await token.selectOption('');
    await at.card(IRIS).getByText('Not permitted').first().waitFor();
    expect(await at.textOf(IRIS)).not.toContain('1990-05-01');
  });

  test('says which contacts do not exist and which ids are none', async () => {
    await at.load();
    await at.show('pms:999999, 54');
    await at.card('54').waitFor();
    expect(await at.textOf('pms:999999')).toContain('No such contact');
    expect(await at.textOf('54')).toBe('Not available 54 This is not the id of a contact. Ids look like pms:4711 or cas360:54.');
    await at.show('');
    await at.page.getByText('Give the ids of the contacts').waitFor();
  });

  test.each([`["${IRIS}", "${ANNE}"]`, `${IRIS};${ANNE}`, `'${IRIS}' '${ANNE}'`])('takes ids as they stand in a query or a spreadsheet: %s', async (text) => {
    await at.load();
    await at.show(text);
    await at.page.waitForURL(/#ids=/);
    await at.card(ANNE).getByText('Anne Smith').waitFor();
    expect(new URL(at.page.url()).hash).toBe(`#ids=${IRIS},${ANNE}`);
  });

  test('asks again for all that it shows, at a press of a button', async () => {
    await at.load(`#ids=${IRIS},${ANNE}`);
    await at.open(ANNE);
    await client.reset();
    await Promise.all([at.answered('query Contacts('), at.answered('query ContactDetails('), at.press('Refresh')]);
    expect(await client.pms.contactCalls()).toEqual([['4711']]);
    // The list, and what is open.
    expect(await client.cas360.contactCalls()).toEqual([['555742'], ['555742']]);
    expect(await at.textOf(ANNE)).toContain('12 Penguin Parade');
  });

  test('needs no mouse', async () => {
    await at.load();
    await at.card(IRIS).waitFor();
    // Past the ids, their button, the system, the refresh and the token, to the first card.
    for (let n = 0; n < 6; n++) await at.page.keyboard.press('Tab');
    await at.page.keyboard.press('Enter');
    await at.card(IRIS).getByText('C-000902').waitFor();
  });
});

describe('the address bar of the browser', () => {
  const ids = (): Promise<string> => at.page.getByLabel('Ids').inputValue();

  test('keeps ids, system and open cards, so that a reload and a shared link show the same', async () => {
    await at.load();
    await at.show(`${IRIS} ${ANNE}`);
    await at.card(ANNE).waitFor();
    await at.page.getByLabel('System').selectOption('cas360');
    await at.card(IRIS).waitFor({ state: 'detached' });
    await at.open(ANNE);
    const link = at.page.url();
    expect(new URL(link).hash).toBe(`#ids=${IRIS},${ANNE}&system=cas360&open=${ANNE}`);
    for (const visit of [() => at.page.reload(), () => at.page.goto('about:blank').then(() => at.page.goto(link))]) {
      await visit();
      await at.card(ANNE).getByText('12 Penguin Parade').waitFor();
      expect(await ids()).toBe(`${IRIS} ${ANNE}`);
      expect(await at.page.getByLabel('System').inputValue()).toBe('cas360');
      expect(await at.card(IRIS).count()).toBe(0);
    }
  });

  test('the back button leads back to the ids before, and forward again', async () => {
    await at.load(`#ids=${IRIS}`);
    await at.card(IRIS).waitFor();
    await at.open(IRIS);
    await at.show(COUNCIL);
    await at.card(COUNCIL).waitFor();
    await at.page.goBack();
    await at.card(IRIS).getByText('C-000902').waitFor();
    expect(await ids()).toBe(IRIS);
    await at.page.goForward();
    await at.card(COUNCIL).waitFor();
    expect(await ids()).toBe(COUNCIL);
  });

  test('asks only for contacts of the chosen system', async () => {
    await at.load(`#ids=${IRIS},${ANNE}&system=pms`);
    await at.card(IRIS).waitFor();
    expect(await client.cas360.contactCalls()).toEqual([]);
    await at.show(ANNE);
    await at.page.getByText('None of these ids is of the system pms').waitFor();
  });

  test.each(['#', '#ids=%', '#ids=a,,<b>,%2C&open=&system=toString', '#system=pms&system=cas360', '#%00', '#open=pms:4711'])('what a person types there does no harm: %s', async (hash) => {
    await at.load(hash);
    await at.page.locator('.card').first().waitFor();
    expect(await at.page.getByRole('button', { name: 'Show' }).count()).toBe(1);
  });
});

// Last: after so many failures the service does not ask for addresses for some seconds.
describe('while a system is down', () => {
  test('fits a window of 360 pixels, whatever it says', async () => {
    await client.cas360.fail([{ status: 503 }]);
    await at.page.setViewportSize({ width: 360, height: 740 });
    await at.load(`#ids=${IRIS},${ANNE},${COUNCIL},pms:5002&open=${IRIS}`);
    await at.card(IRIS).getByText('C-000902').waitFor();
    await at.page.locator('.banner').waitFor();
    expect(await at.tooWide()).toEqual([]);
    await at.screenshot('telephone-one-system-down');
    await client.cas360.reset();
    await at.load(`#ids=${ANNE}`);
    await at.page.reload();
    await at.open(ANNE);
    expect(await at.tooWide()).toEqual([]);
    await at.screenshot('telephone');
  });

  test.each(['light', 'dark'] as const)('can be read in the %s', async (colorScheme) => {
    await client.cas360.fail([{ ids: ['54'], status: 500 }, { on: 'addresses', status: 503 }]);
    await at.page.emulateMedia({ colorScheme });
    await at.load();
    await at.open(ANNE);
    await at.open(IRIS);
    const weakest = async (what: 'texts' | 'edges'): Promise<number> => (await contrastsIn(at.page.locator('body'), what))[0]!.ratio;
    expect(await weakest('texts')).toBeGreaterThanOrEqual(4.5);
    expect(await weakest('edges')).toBeGreaterThanOrEqual(3);
    await at.screenshot(colorScheme);
    await client.pms.fail([{ hang: true }]);
    await at.press('Refresh');
    await at.page.locator('.cards[aria-busy="true"]').waitFor();
    expect(await weakest('texts')).toBeGreaterThanOrEqual(4.5);
    await at.screenshot(`${colorScheme}-asking`);
  });
});
