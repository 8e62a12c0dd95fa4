import { spawn } from 'node:child_process';
import type { Browser, Locator, Page } from 'playwright-core';
import type { Call } from '../../../sandbox/calls.js';
import type { Fault } from '../../../sandbox/faults.js';
import { faultsOf } from './chromium.js';
import { until } from '../../support/until.js';

export const IRIS = 'pms:4711';
export const ANNE = 'cas360:555742';
export const COUNCIL = 'cas360:54';

export type WebClient = Awaited<ReturnType<typeof startWebClient>>;

/** The page of the example, as a person has it before them. */
export class ClientPage {
  /** Everything that a page must not do. */
  readonly faults: readonly string[];

  private constructor(
    readonly page: Page,
    private readonly url: string,
  ) {
    this.faults = faultsOf(page, url);
  }

  /** A page that has not been loaded yet. */
  static async in(browser: Browser, { url }: WebClient): Promise<ClientPage> {
    return new ClientPage(await browser.newPage({ viewport: { width: 1200, height: 900 } }), url);
  }

  /** Loads it, with what is to stand behind the `#`. */
  async load(view = ''): Promise<void> {
    await this.page.goto(this.url + view);
  }

  card(id: string): Locator {
    return this.page.locator(`[data-id="${id}"]`);
  }

  async textOf(id: string): Promise<string> {
    return (await this.card(id).innerText()).replaceAll(/\s+/g, ' ');
  }

  /** The messages that are not of one card. */
  async banners(): Promise<string[]> {
    return (await this.page.locator('.banner').allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '));
  }

  async open(id: string): Promise<void> {
    await this.card(id).getByText('Details').click();
    await this.card(id).getByRole('heading', { name: 'Identity' }).waitFor();
  }

  async show(ids: string): Promise<void> {
    await this.page.getByLabel('Ids').fill(ids);
    await this.press('Show');
  }

  async press(button: string): Promise<void> {
    await this.page.getByRole('button', { name: button }).first().click();
  }

  /** The next answer to a query whose text has this in it. */
  answered(query: string): Promise<unknown> {
    return this.page.waitForResponse((response) => response.request().postData()?.includes(query) === true);
  }

  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: `test-output/web-client-${name}.png`, fullPage: true });
  }

  /** What is wider than the place that it has: the page in its window, or a label beside its value. */
  tooWide(): Promise<string[]> {
    return this.page.locator('html, dt').evaluateAll((nodes) => nodes.filter((node) => node.scrollWidth > node.clientWidth).map((node) => `${node.tagName} ${node.textContent}`));
  }
}

/** Runs `npm start` as a newcomer does, until it says where the page and the two systems are. */
export async function startWebClient() {
  const child = spawn('npm', ['start'], { cwd: 'examples/web-client', env: { ...process.env, PORT: '0' }, detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const ended = new Promise<number | string | null>((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
  await until('npm start says that it is ready', async () => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`npm start ended (${await ended}): ${output}`);
    return output.includes('Ctrl-C');
  }, 250_000);
  const [url, register, guests] = [/running at (\S+)/, /(\S+)\/_sandbox\/faults/, /curl (\S+)\/_sandbox\/calls/].map((pattern) => pattern.exec(output)![1]!);
  const [pms, cas360] = [systemAt(guests!), systemAt(register!)];
  return {
    url: url!,
    pms,
    cas360,
    reset: () => Promise.all([pms.reset(), cas360.reset()]),
    stop: () => {
      // As a terminal does it: to the whole group.
      process.kill(-child.pid!, 'SIGINT');
      return ended;
    },
  };
}

/** A system of the sandbox, by its switches. */
function systemAt(url: string) {
  const ask = async (method: string, name: string, body?: unknown): Promise<Response> => {
    const response = await fetch(`${url}/_sandbox/${name}`, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(await response.text());
    return response;
  };
  const calls = async () => ((await (await ask('GET', 'calls')).json()) as { calls: Call[] }).calls;
  return {
    calls,
    /** The ids of each call for contacts. */
    contactCalls: async () => (await calls()).filter(({ kind }) => kind.startsWith('contact')).map(({ ids }) => ids),
    fail: (faults: Fault[]) => ask('PUT', 'faults', faults),
    reset: () => Promise.all([ask('DELETE', 'calls'), ask('DELETE', 'faults')]),
  };
}
