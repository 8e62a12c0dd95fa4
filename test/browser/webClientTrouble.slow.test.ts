/** @needs chromium */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startChromium } from './support/chromium.js';
import { ANNE, ClientPage, COUNCIL, IRIS, startWebClient, type WebClient } from './support/webClient.js';

// A browser on a busy machine takes its time; what is wrong here is wrong for good.
jest.setTimeout(60_000);

let client: WebClient;
let browser: Browser;
let at: ClientPage;
/** What the browser itself says of an answer that is not 200. */
let expectedFaults: RegExp | undefined;

beforeAll(async () => {
  client = await startWebClient();
  browser = await startChromium();
  // On a fresh clone it installs its packages first.
}, 300_000);
beforeEach(async () => {
  await client.reset();
  at = await ClientPage.in(browser, client);
  expectedFaults = undefined;
});
afterEach(async () => {
  await at.page.close();
  expect(at.faults.filter((fault) => !expectedFaults?.test(fault))).toEqual([]);
});
afterAll(async () => {
  await browser.close();
  expect(await client.stop()).toBe(0);
}, 30_000);

const REGISTER_IS_DOWN = 'The company register (cas360) cannot be reached at the moment.';

describe('a system that is down', () => {
  test('is told once, whatever it costs; the other system’s contacts are there', async () => {
    await client.cas360.fail([{ status: 503 }]);
    await at.load();
    await at.card(IRIS).waitFor();
    expect(await at.banners()).toEqual([`${REGISTER_IS_DOWN} 6 contacts are missing. Try again`]);
    expect(await at.textOf(IRIS)).toContain('Iris Maeve Vale');
    for (const id of [ANNE, COUNCIL]) expect(await at.textOf(id)).toBe(`Not available ${id}`);
    await at.screenshot('register-down');
    await client.cas360.reset();
    await at.press('Try again');
    await at.card(ANNE).getByText('Anne Smith').waitFor();
    expect(await at.banners()).toEqual([]);
  });

  test('is told once, too, where it costs only a part of each contact', async () => {
    await client.cas360.fail([{ on: 'addresses', status: 503 }]);
    await at.load(`#ids=${IRIS},${ANNE},${COUNCIL}`);
    await at.card(ANNE).waitFor();
    expect(await at.banners()).toEqual([`${REGISTER_IS_DOWN} 2 contacts are incomplete. Try again`]);
    expect(await at.textOf(ANNE)).toMatch(/Anne Smith.*Country Not available/);
    await at.screenshot('addresses-down');
  });

  test('both down are two messages', async () => {
    await Promise.all([client.pms, client.cas360].map((system) => system.fail([{ status: 503 }])));
    await at.load();
    await at.page.locator('.banner').nth(1).waitFor();
    expect(await at.banners()).toEqual([
      'The property management system (pms) cannot be reached at the moment. 3 contacts are missing. Try again',
      `${REGISTER_IS_DOWN} 6 contacts are missing. Try again`,
    ]);
    await at.screenshot('both-down');
  });
});

describe('one contact that fails', () => {
  test('says so on its own card, and is asked for again alone', async () => {
    await client.cas360.fail([{ ids: ['54'], status: 500 }]);
    await at.load(`#ids=${IRIS},${ANNE},${COUNCIL}`);
    await at.card(COUNCIL).waitFor();
    expect(await at.banners()).toEqual([]);
    expect(await at.textOf(COUNCIL)).toBe(`Not available ${COUNCIL} ${REGISTER_IS_DOWN} Try again`);
    await client.reset();
    await at.card(COUNCIL).getByRole('button', { name: 'Try again' }).click();
    await at.card(COUNCIL).getByText('Fancy Southern Africa Cat Council').waitFor();
    expect([await client.cas360.contactCalls(), await client.pms.contactCalls()]).toEqual([[['54']], []]);
  });

  test('keeps the reason of each lack while it asks again', async () => {
    await client.cas360.fail([{ on: 'addresses', status: 503 }]);
    await at.load(`#ids=${ANNE}`);
    await at.open(ANNE);
    expect(await at.textOf(ANNE)).toMatch(/Country The company register .* cannot be reached.*Director.*Address The company register .* cannot be reached/i);
    await client.cas360.fail([{ hang: true }]);
    await at.card(ANNE).getByRole('button', { name: 'Try again' }).last().click();
    await at.card(ANNE).locator('.details[aria-busy="true"]').waitFor();
    expect(await at.textOf(ANNE)).toMatch(/Director.*Address The company register .* cannot be reached.*Born on Not permitted/i);
  });

  test('is asked for again when the page comes back to it', async () => {
    await client.cas360.fail([{ status: 503 }]);
    await at.load(`#ids=${COUNCIL}`);
    await at.card(COUNCIL).getByText(REGISTER_IS_DOWN).waitFor();
    await at.show(IRIS);
    await at.card(IRIS).waitFor();
    await client.reset();
    await at.show(COUNCIL);
    await at.card(COUNCIL).getByText('Fancy Southern Africa Cat Council').waitFor();
  });
});

describe('a token that cannot be had', () => {
  const NO_SERVICE = 'The token service cannot be reached, so the page asks without a token. Try again Go on without a token';
  const choose = (): Promise<unknown> => at.page.getByLabel('Token').selectOption('contact:identity');
  const banner = async (text: string): Promise<void> => {
    await at.page.locator('.banner', { hasText: text }).waitFor();
  };
  beforeEach(async () => {
    expectedFaults = /Failed to load resource/;
    await at.load(`#ids=${IRIS}&open=${IRIS}`);
    await at.card(IRIS).getByText('C-000902').waitFor();
  });

  test.each<[string, (path: string) => Promise<unknown>]>([
    ['unreachable', (path) => at.page.route(path, (route) => route.abort())],
    ['failing', (path) => at.page.route(path, (route) => route.fulfill({ status: 503, body: 'away' }))],
    ['answering something else', (path) => at.page.route(path, (route) => route.fulfill({ status: 200, body: '<p>Sign in' }))],
    ['answering without a token', (path) => at.page.route(path, (route) => route.fulfill({ status: 200, json: {} }))],
  ])('the token service is %s: the page goes on without, and gets one when it can', async (_, breakIt) => {
    await breakIt('**/token?*');
    await choose();
    await banner('The token service cannot be reached');
    expect(await at.banners()).toEqual([NO_SERVICE]);
    expect(await at.page.getByLabel('Token').inputValue()).toBe('');
    expect(await at.textOf(IRIS)).toMatch(/Iris Maeve Vale.*Not permitted: needs a token/);
    await at.screenshot('no-token-service');
    await at.page.unroute('**/token?*');
    await at.press('Try again');
    await at.card(IRIS).getByText('1990-05-01').waitFor();
    expect(await at.banners()).toEqual([]);
  });

  test('the token service refuses the scope: the page says whom to ask', async () => {
    await at.page.route('**/token?*', (route) => route.fulfill({ status: 403, json: { error: 'access_denied' } }));
    await choose();
    await banner('gives you no token with contact:identity');
    await at.press('Go on without a token');
    await at.page.locator('.banner').waitFor({ state: 'detached' });
    expect(await at.textOf(IRIS)).toContain('Iris Maeve Vale');
  });

  test('the service does not accept the token: a new one, or none, helps', async () => {
    await at.page.route('**/token?*', (route) => route.fulfill({ status: 200, json: { access_token: 'not.a.token' } }));
    await choose();
    await banner('did not accept your token');
    expect(await at.page.getByLabel('Token').inputValue()).toBe('');
    await at.page.getByText('shows nothing to a request').first().waitFor();
    await at.screenshot('token-refused');
    await at.press('Go on without a token');
    await at.card(IRIS).getByText('C-000902').waitFor();
    expect(await at.banners()).toEqual([]);
    await choose();
    await banner('did not accept your token');
    await at.page.unroute('**/token?*');
    await at.press('Get a new token');
    await at.card(IRIS).getByText('1990-05-01').waitFor();
    expect(await at.banners()).toEqual([]);
  });

  test('the later of two choices counts', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await at.page.route('**/token?*', async (route) => {
      await held;
      await route.continue();
    });
    const asked = at.page.waitForResponse('**/token?*');
    await choose();
    await at.page.getByLabel('Token').selectOption('');
    release();
    await asked;
    await at.press('Refresh');
    await at.page.getByRole('button', { name: 'Refresh' }).waitFor();
    expect(await at.page.getByLabel('Token').inputValue()).toBe('');
    expect(await at.textOf(IRIS)).toContain('Not permitted');
  });
});

describe('limits', () => {
  test('more than 1,000 ids: says how many may be asked for, and what to do', async () => {
    await at.load(`#ids=${Array.from({ length: 1_001 }, (_, n) => `cas360:${1_000_001 + n}`).join(',')}`);
    const notice = at.page.locator('.notice');
    await notice.waitFor();
    expect(await notice.innerText()).toMatch(/1,000.*MAX_IDS.*Take some ids out of the line above/s);
    await at.screenshot('too-many-ids');
    // The address of the page keeps them all.
    await at.page.reload();
    await notice.waitFor();
    await at.show(IRIS);
    await at.card(IRIS).waitFor();
  });

  test('a query that is too deep: says which limit, and who has to change it', async () => {
    expectedFaults = /Failed to load resource/;
    const query = `query Contacts($ids: [ID!]!) { contacts(ids: $ids) ${'{ representatives '.repeat(20)}{ id }${' }'.repeat(20)} }`;
    await at.page.route('**/graphql', (route) => route.continue({ postData: JSON.stringify({ query, variables: { ids: [ANNE] } }) }));
    await at.load(`#ids=${ANNE}`);
    const notice = at.page.locator('.notice');
    await notice.waitFor();
    expect(await notice.innerText()).toMatch(/MAX_DEPTH.*its developers have to change it/s);
  });

  test.each(['<h1>Bad gateway</h1>', '{ not JSON'])('a service that is away, with a gateway’s page: %s', async (body) => {
    expectedFaults = /Failed to load resource/;
    await at.page.route('**/graphql', (route) => route.fulfill({ status: 502, body }));
    await at.load(`#ids=${IRIS}`);
    await at.page.getByText('The service cannot be reached. Are you online?').waitFor();
    await at.page.unroute('**/graphql');
    await at.press('Try again');
    await at.card(IRIS).waitFor();
  });
});

// Last: the service does not ask the register again for as long as it says.
describe('a system that asks us to wait', () => {
  test('says for how long', async () => {
    await client.cas360.fail([{ status: 429, retryAfter: '30' }]);
    await at.load(`#ids=${ANNE},${COUNCIL}`);
    await at.page.locator('.banner').waitFor();
    expect((await at.banners())[0]).toMatch(/^The company register \(cas360\) is busy and asks us to wait\. Try again in (30|29) s\. 2 contacts are missing\./);
  });
});
