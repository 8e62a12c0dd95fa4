/** @needs chromium */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import type { UpstreamSandbox } from '../../sandbox/upstream.js';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { contrastsIn } from './support/contrast.js';
import { faultsOf, startChromium } from './support/chromium.js';

jest.setTimeout(90_000);

let sandbox: Sandbox;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  [sandbox, browser] = await Promise.all([startSandbox(), startChromium()]);
  page = await browser.newPage({ permissions: ['clipboard-read', 'clipboard-write'] });
  page.setDefaultTimeout(30_000);
}, 300_000);
afterAll(async () => {
  await browser.close();
  await sandbox.stop();
});

let complaints: readonly string[];
beforeEach(() => {
  for (const system of [sandbox.pms, sandbox.cas360]) {
    system.faults.clear();
    system.resetCalls();
  }
});
afterEach(async () => {
  expect(complaints).toEqual([]);
  page.removeAllListeners();
  await page.goto('about:blank');
});

async function open(system: UpstreamSandbox, options: { width?: number; colorScheme?: 'light' | 'dark' } = {}): Promise<void> {
  const { width = 1280, colorScheme = 'light' } = options;
  await page.setViewportSize({ width, height: 800 });
  await page.emulateMedia({ colorScheme });
  complaints = faultsOf(page, system.url);
  await page.goto(system.url);
  await page.getByRole('heading', { name: `Sandbox: ${system.name}` }).waitFor();
}

const button = (name: string | RegExp): Locator => page.getByRole('button', { name });
const callRows = (): Locator => page.locator('#calls tr');
const ask = (path: string): Promise<unknown> => fetch(sandbox.cas360.url + path).then((response) => response.text());

describe("the sandbox's page", () => {
  test('shows calls as they arrive, and forgets them', async () => {
    await open(sandbox.cas360);
    await ask('/contacts/54,1001?relationships=true');
    await callRows().filter({ hasText: '/contacts/54,1001' }).filter({ hasText: '401' }).waitFor();
    expect(await callRows().first().locator('td').allInnerTexts()).toEqual([expect.stringMatching(/^\d\d:\d\d:\d\d$/), 'contacts, relationships', '2', '401', expect.stringMatching(/^\d+ ms$/), 'GET /contacts/54,1001?relationships=true']);
    sandbox.cas360.faults.set([{ on: 'token', hang: true }]);
    const leaving = new AbortController();
    const left = fetch(`${sandbox.cas360.url}/oauth/token`, { method: 'POST', signal: leaving.signal }).catch(() => {});
    await callRows().filter({ hasText: 'under way' }).waitFor();
    leaving.abort();
    await left;
    await callRows().filter({ hasText: 'cut' }).waitFor();
    await button('Forget calls').click();
    await page.getByText('0 calls').waitFor();
    expect(sandbox.cas360.calls).toEqual([]);
  });

  test('sets, shows and clears faults, by keyboard too', async () => {
    await open(sandbox.cas360);
    await button('Answer 503').focus();
    await page.keyboard.press('Enter');
    await page.getByText('Set: Answer 503.').waitFor();
    await page.getByLabel('the next call only').check();
    await button('Slow: 2 seconds').click();
    await page.locator('#faults li').nth(1).waitFor();
    expect(sandbox.cas360.faults.list).toEqual([{ status: 503 }, { latencyMs: 2000, times: 1 }]);
    await button(/^Remove .*503/).click();
    await page.getByText('Removed.').waitFor();
    expect(sandbox.cas360.faults.list).toEqual([{ latencyMs: 2000, times: 1 }]);
    await button('Clear all faults').click();
    await page.getByText('None is active').waitFor();
    expect(sandbox.cas360.faults.list).toEqual([]);
  });

  test('takes any other fault, and says what is wrong with one', async () => {
    await open(sandbox.pms);
    await page.getByText('Any other fault').click();
    const plan = page.getByLabel('All faults, as a JSON list');
    for (const [text, said] of [['[{"status":', 'This is not JSON.'], ['[{ "sttus": 503 }]', "unknown key 'sttus'"]] as const) {
      await plan.fill(text);
      await button('Set these faults').click();
      await page.getByRole('status').getByText(said).waitFor();
    }
    await plan.fill('[{ "on": "contact", "status": 503 }]');
    await button('Set these faults').click();
    await page.getByText('Set.', { exact: true }).waitFor();
    expect(sandbox.pms.faults.list).toEqual([{ on: 'contact', status: 503 }]);
    // The refused one: the browser itself reports each answer of 400.
    complaints = complaints.filter((each) => !each.includes('400'));
  });

  test.each(['pms', 'cas360'] as const)('every button for a fault of %s sets one', async (name) => {
    await open(sandbox[name]);
    const presets = await page.locator('#presets button').all();
    expect(presets.length).toBeGreaterThanOrEqual(9);
    for (const [index, preset] of presets.entries()) {
      await preset.click();
      await page.locator('#faults li').nth(index).waitFor();
    }
    expect(sandbox[name].faults.list).toHaveLength(presets.length);
  });

  test('finds contacts by name and id, and copies their ids', async () => {
    await open(sandbox.pms);
    await page.getByText('1601 of 1601, the first 50 shown').waitFor();
    const search = page.getByLabel('Id or name');
    for (const words of ['iris maeve', 'PMS:4711', '4711']) {
      await search.fill(words);
      await page.getByText('1 of 1601', { exact: true }).waitFor();
      expect(await page.locator('#contacts tr').allInnerTexts()).toEqual([expect.stringContaining('Iris Maeve Vale')]);
    }
    await button('Copy pms:4711').click();
    await page.getByText('Copied pms:4711.').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('pms:4711');
  });

  test('changes tokens, and copies a new refresh token', async () => {
    await open(sandbox.cas360);
    await button('Let refresh tokens be used again').click();
    await page.getByText('A refresh token can be used again.').waitFor();
    expect(sandbox.cas360.rotates).toBe(false);
    await button('Copy a new refresh token').click();
    await page.getByText('Copied a new refresh token.').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/^refresh-[0-9a-f-]{36}$/);
    await button('Reset everything').click();
    await page.getByText('A refresh token is good for one use.').waitFor();
    expect(sandbox.cas360.rotates).toBe(true);
  });

  test('runs no HTML from a contact, a path or a fault', async () => {
    const html = '<img src=x onerror="document.title=1">';
    sandbox.cas360.data.contacts.set('9', { ...sandbox.cas360.data.contacts.get('54')!, id: 9, name: html });
    sandbox.cas360.faults.set([{ status: 503, body: html }]);
    await open(sandbox.cas360);
    await ask(`/contacts/${encodeURIComponent(html)}?x='<b>`);
    await callRows().first().waitFor();
    await page.getByLabel('Id or name').fill('<img');
    await page.locator('#contacts').getByText(html).waitFor();
    expect(await page.locator('img, b').count()).toBe(0);
    sandbox.cas360.data.contacts.delete('9');
  });

  test('leads to the other system, and says when the sandbox has ended', async () => {
    const other = await startSandbox();
    await open(other.pms);
    expect(await page.getByRole('link', { name: 'Go to CAS 360' }).getAttribute('href')).toBe(other.cas360.url);
    await other.stop();
    await page.getByText('The sandbox does not answer').waitFor();
    complaints = complaints.filter((each) => !/ERR_(CONNECTION_(REFUSED|RESET|CLOSED)|EMPTY_RESPONSE)/.test(each));
  });

  test.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)('fits and is readable: %s, %i pixels', async (colorScheme, width) => {
    sandbox.cas360.faults.set([{ status: 503, times: 3 }, { on: 'contacts', ids: ['54'], latencyMs: 250 }]);
    await open(sandbox.cas360, { colorScheme, width });
    await ask(`/contacts/${Array.from({ length: 100 }, (_, n) => 1001 + n).join(',')}?relationships=true`);
    await callRows().first().waitFor();
    await page.locator('#contacts tr').first().waitFor();
    await page.screenshot({ path: `test-output/sandbox-${colorScheme}-${width}.png`, fullPage: true });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    const [weakest] = await contrastsIn(page.locator('body'));
    expect(weakest?.ratio).toBeGreaterThanOrEqual(4.5);
  });
});
