/** @needs chromium */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import type { Call } from '../../sandbox/calls.js';
import type { Fault } from '../../sandbox/faults.js';
import { faultsOf, startChromium } from './support/chromium.js';
import { contrastsIn } from './support/contrast.js';

// A browser on a busy machine takes its time; what is wrong here is wrong for good.
jest.setTimeout(60_000);

const IRIS = 'pms:4711';
const ANNE = 'cas360:555742';
const COUNCIL = 'cas360:54';

let client: Awaited<ReturnType<typeof startWebClient>>;
let browser: Browser;
let page: Page;
let faults: readonly string[];

beforeAll(async () => {
  client = await startWebClient();
  browser = await startChromium();
  // On a fresh clone it installs its packages first.
}, 300_000);
beforeEach(async () => {
  await Promise.all([client.pms.reset(), client.cas360.reset()]);
  page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  faults = faultsOf(page, client.url);
});
afterEach(async () => {
  await page.close();
  expect(faults).toEqual([]);
});
afterAll(async () => {
  await browser.close();
  expect(await client.stop()).toBe(0);
}, 30_000);

const card = (id: string): Locator => page.locator(`[data-id="${id}"]`);
const textOf = async (id: string): Promise<string> => (await card(id).innerText()).replaceAll(/\s+/g, ' ');

async function open(id: string): Promise<void> {
  await card(id).getByText('Details').click();
  await card(id).getByRole('heading', { name: 'Identity' }).waitFor();
}

async function show(ids: string): Promise<void> {
  await page.getByLabel('Ids').fill(ids);
  await page.getByRole('button', { name: 'Show' }).click();
}

const screenshot = (name: string): Promise<unknown> => page.screenshot({ path: `test-output/web-client-${name}.png`, fullPage: true });

describe('the web client', () => {
  test('shows contacts of both systems, and in an opened card relationships and what is not permitted', async () => {
    await page.goto(client.url);
    await card(IRIS).waitFor();
    expect(await textOf(IRIS)).toMatch(/^Person Guests Iris Maeve Vale pms:4711 E-mail iris@example.test Phone \+353 20 910 4711 Country Ireland/);
    expect(await textOf(COUNCIL)).toMatch(/^Company Register Fancy Southern Africa Cat Council cas360:54 E-mail – Phone – Country Australia/);
    await open(ANNE);
    await open(IRIS);
    const anne = await textOf(ANNE);
    expect(anne).toContain('Director of a company 7f3c0e52-1b1d-4c55-9a54-2d6a6a2f0054 2015-07-01 to today');
    expect(anne).toContain('2015-07-01 to 2019-06-30, ended');
    expect(anne).toContain('12 Penguin Parade');
    expect(anne).toContain('Born on Not permitted Documents Not permitted');
    expect(await textOf(IRIS)).toMatch(/Sales account Code C-000902 Company Paper Wombat Press.*Born on Not permitted/i);
    await screenshot('denied');
  });

  test('asks for relationships when a card is opened, once, and not before', async () => {
    await page.goto(client.url);
    await card(ANNE).waitFor();
    const forRelationships = async (): Promise<string[][]> => (await client.cas360.calls()).filter((call) => call.relationships).map(({ ids }) => ids);
    expect(await forRelationships()).toEqual([]);
    await open(ANNE);
    expect(await forRelationships()).toEqual([['555742']]);
    await card(ANNE).getByText('Details').click();
    await card(ANNE).getByText('Director').waitFor({ state: 'hidden' });
    await open(ANNE);
    expect(await forRelationships()).toEqual([['555742']]);
  });

  test('shows guarded fields once a token with their scope is chosen, and hides them without it', async () => {
    await page.goto(client.url);
    await open(IRIS);
    const token = page.getByLabel('Token');
    await token.selectOption('contact:identity');
    await card(IRIS).getByText('1990-05-01').waitFor();
    expect(await textOf(IRIS)).toMatch(/Documents passport ZZ\d{7}, social security 000-00-\d{4}/);
    await screenshot('permitted');
    await token.selectOption('');
    await card(IRIS).getByText('Not permitted').first().waitFor();
    expect(await textOf(IRIS)).not.toContain('1990-05-01');
  });

  test('shows what one system cannot answer in its place, and that again when it can', async () => {
    await client.cas360.fail([{ status: 503 }]);
    await page.goto(client.url);
    await card(IRIS).waitFor();
    expect(await textOf(IRIS)).toContain('Iris Maeve Vale');
    const notAvailable = (id: string): string => `Not available ${id} The company register cannot be reached at the moment. Try again`;
    for (const id of [ANNE, COUNCIL]) expect(await textOf(id)).toBe(notAvailable(id));
    await screenshot('register-down');

    const asked = async (): Promise<string[][]> => (await client.cas360.calls()).filter(({ kind }) => kind === 'contacts').map(({ ids }) => ids);
    await client.cas360.reset();
    await client.cas360.fail([{ status: 429, retryAfter: '0', times: 1 }]);
    const retry = card(ANNE).getByRole('button', { name: 'Try again' });
    await retry.click();
    await card(ANNE).getByText('is busy and asks us to wait').waitFor();
    await retry.click();
    await card(ANNE).getByText('Anne Smith').waitFor();
    expect(await asked()).toEqual([['555742'], ['555742']]);
    expect(await textOf(COUNCIL)).toBe(notAvailable(COUNCIL));
  });

  test('keeps the reason of each lack while it asks again', async () => {
    await client.cas360.fail([{ on: 'addresses', status: 503 }]);
    await page.goto(client.url);
    await open(ANNE);
    expect(await textOf(ANNE)).toMatch(/Country The company register cannot be reached.*Director.*Address The company register cannot be reached/i);
    await client.cas360.fail([{ hang: true }]);
    const retry = card(ANNE).getByRole('button', { name: 'Try again' }).last();
    await retry.click();
    await card(ANNE).locator('.details[aria-busy="true"]').waitFor();
    expect(await textOf(ANNE)).toMatch(/Director.*Address The company register cannot be reached.*Born on Not permitted/i);
  });

  test('keeps the reason of a lack when another answer brings what the first one lacked', async () => {
    await client.cas360.fail([{ ids: ['54'], status: 500 }, { on: 'addresses', status: 503 }]);
    await page.goto(client.url);
    await card(ANNE).waitFor();
    await client.cas360.fail([{ ids: ['54'], status: 500 }]);
    await open(ANNE);
    expect(await textOf(ANNE)).toContain('12 Penguin Parade');
    expect(await textOf(COUNCIL)).toContain('The company register cannot be reached');
  });

  test('asks again when it comes back to contacts that failed', async () => {
    await client.cas360.fail([{ status: 503 }]);
    await page.goto(client.url);
    await show(COUNCIL);
    await card(COUNCIL).getByText('The company register cannot be reached').waitFor();
    await show(IRIS);
    await card(IRIS).waitFor();
    await client.cas360.reset();
    await show(COUNCIL);
    await card(COUNCIL).getByText('Fancy Southern Africa Cat Council').waitFor();
  });

  test('says which contacts do not exist and which ids are none', async () => {
    await page.goto(client.url);
    await show('pms:999999, 54');
    await card('54').waitFor();
    expect(await textOf('pms:999999')).toContain('No such contact');
    expect(await textOf('54')).toBe('Not available 54 This is not the id of a contact. Ids look like pms:4711 or cas360:54.');
    await show('');
    await page.getByText('Give the ids of the contacts').waitFor();
  });

  test('needs no mouse, and fits a telephone', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await page.goto(client.url);
    await card(IRIS).waitFor();
    // Past the ids, their button and the token, to the first card.
    for (let n = 0; n < 4; n++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await card(IRIS).getByText('C-000902').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth')).toBe(true);
    await screenshot('telephone');
  });

  test.each(['light', 'dark'] as const)('can be read in the %s', async (colorScheme) => {
    await client.cas360.fail([{ ids: ['54'], status: 500 }, { on: 'addresses', status: 503 }]);
    await page.emulateMedia({ colorScheme });
    await page.goto(client.url);
    await open(ANNE);
    await open(IRIS);
    const [weakest] = await contrastsIn(page.locator('body'));
    expect(weakest!.ratio).toBeGreaterThanOrEqual(4.5);
    await screenshot(colorScheme);
  });
});

/** A system of the sandbox, by its switches. */
function systemAt(url: string) {
  const ask = async (method: string, name: string, body?: unknown): Promise<Response> => {
    const response = await fetch(`${url}/_sandbox/${name}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(await response.text());
    return response;
  };
  return {
    calls: async () => ((await (await ask('GET', 'calls')).json()) as { calls: Call[] }).calls,
    fail: (faults: Fault[]) => ask('PUT', 'faults', faults),
    reset: () => Promise.all([ask('DELETE', 'calls'), ask('DELETE', 'faults')]),
  };
}

/** Runs `npm start` as a newcomer does, until it says where the page and the two systems are. */
async function startWebClient() {
  const child = spawn('npm', ['start'], { cwd: 'examples/web-client', env: { ...process.env, PORT: '0' }, detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const ended = new Promise<number | string | null>((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
  while (!output.includes('Ctrl-C')) {
    if (child.exitCode !== null) throw new Error(`npm start ended (${await ended}): ${output}`);
    await sleep(50);
  }
  const [url, register, guests] = [/running at (\S+)/, /(\S+)\/_sandbox\/faults/, /curl (\S+)\/_sandbox\/calls/].map((pattern) => pattern.exec(output)![1]!);
  return {
    url: url!,
    pms: systemAt(guests!),
    cas360: systemAt(register!),
    stop: () => {
      // As a terminal does it: to the whole group.
      process.kill(-child.pid!, 'SIGINT');
      return ended;
    },
  };
}
