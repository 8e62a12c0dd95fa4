import type { Browser, Locator, Page, Request } from 'playwright-core';
import { faultsOf } from './chromium.js';

/** A row of the panel, as a reader sees it once it is open. */
export interface ShownCall {
  readonly source: string;
  readonly resource: string;
  readonly kind: string;
  readonly ids: readonly string[];
  readonly relationships: boolean;
  readonly outcome: string;
}

/** GraphiQL in a browser that was never here before. */
export class GraphiqlPage {
  /** Everything that a page must not do. */
  readonly faults: readonly string[];
  readonly panel: Locator;
  readonly summary: Locator;
  /** Of the calls that were made. */
  readonly rows: Locator;
  /** Of the plan. */
  readonly steps: Locator;

  private constructor(
    readonly page: Page,
    private readonly origin: string,
  ) {
    // Before a test's own time is up: the error then names what is missing.
    page.setDefaultTimeout(30_000);
    this.faults = faultsOf(page, origin);
    this.panel = page.getByRole('region', { name: 'Upstream calls' });
    this.summary = this.panel.getByRole('status');
    this.rows = this.panel.getByRole('list', { name: 'Calls made' }).getByRole('listitem');
    this.steps = this.panel.getByRole('list', { name: 'Planned steps' }).getByRole('listitem');
  }

  /** A page that has not been loaded yet: `startOver` loads it. */
  static async open(browser: Browser, origin: string): Promise<GraphiqlPage> {
    return new GraphiqlPage(await browser.newPage(), origin);
  }

  /** Once it returns, the schema is there and the editor takes commands. */
  async load(path = '/graphql'): Promise<void> {
    await Promise.all([this.answered(), this.page.goto(this.origin + path)]);
    await this.page.locator('.graphiql-query-editor .view-line').first().waitFor();
  }

  /** Loads the page as on a first visit. A new page would take three times as long: it reads all scripts again. */
  async startOver(viewport = { width: 1400, height: 850 }): Promise<void> {
    if (this.page.url().startsWith(this.origin)) {
      await this.page.evaluate(() => {
        localStorage.clear();
        // GraphiQL writes down its tabs half a second late.
        Storage.prototype.setItem = () => {};
      });
    }
    await this.page.setViewportSize(viewport);
    await this.page.emulateMedia({ colorScheme: 'light' });
    await this.load();
  }

  /** Loads the page anew for other colours: the editors look only once which are preferred. */
  async prefer(colorScheme: 'light' | 'dark'): Promise<void> {
    if (await this.page.evaluate((wanted) => matchMedia(`(prefers-color-scheme: ${wanted})`).matches, colorScheme)) return;
    await this.page.emulateMedia({ colorScheme });
    await this.load();
  }

  async chooseTab(name: string): Promise<void> {
    await this.page.getByRole('tab', { name }).click();
  }

  /** By the menu of examples. Returns once the example is in the editor. */
  async openExample(name: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Examples' }).click();
    await this.page.getByRole('menuitem', { name }).click();
    await this.page.locator('.graphiql-tab-active', { hasText: name }).waitFor();
    await this.page.locator('.graphiql-query-editor').getByText(name).first().waitFor();
  }

  /** A tab is in sight if a click on either end of its name would hit it. */
  async tabs(): Promise<{ name: string; isInSight: boolean }[]> {
    return this.page.locator('[role=tab] > .graphiql-tab-button').evaluateAll((tabs) =>
      tabs.map((tab) => {
        const { left, right, top, bottom } = tab.getBoundingClientRect();
        const hits = [left + 4, right - 4].map((x) => tab.ownerDocument.elementFromPoint(x, (top + bottom) / 2));
        return { name: tab.textContent, isInSight: hits.every((hit) => hit !== null && tab.contains(hit)) };
      }),
    );
  }

  /** The lines of an editor that reach beyond its right edge. */
  async linesCutOff(editor: string): Promise<string[]> {
    return this.page.locator(`${editor} .graphiql-editor:not(.hidden) .monaco-scrollable-element`).first().evaluate((pane) => {
      const edge = pane.getBoundingClientRect().right;
      const lines = [...pane.querySelectorAll('.view-line > span')];
      return lines.filter((line) => line.getBoundingClientRect().right > edge).map((line) => line.textContent);
    });
  }

  /** What stands below the key. */
  sentToken(): Promise<string> {
    return this.page.getByRole('button', { name: 'Ready-made tokens' }).innerText();
  }

  async chooseToken(name: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Ready-made tokens' }).click();
    await this.page.getByRole('menuitem', { name }).click();
  }

  async openTab(): Promise<void> {
    await this.page.getByRole('button', { name: 'New tab' }).click();
  }

  /** Replaces what stands in the tab in front. One line: the editor would indent others its own way. */
  async write(query: string, variables?: unknown): Promise<void> {
    await this.fill('.graphiql-query-editor', query);
    if (!variables) return;
    await this.page.getByRole('button', { name: 'Variables' }).click();
    await this.fill('.graphiql-editor-tool', JSON.stringify(variables));
  }

  /** Presses the keys that run the query in front. */
  async begin(): Promise<void> {
    await this.page.locator('.graphiql-query-editor textarea').focus();
    await this.page.keyboard.press('Control+Enter');
  }

  /** As `begin`. Resolves to its answer, with the panel up to date if it is open. */
  async run(): Promise<any> {
    const [answer] = await Promise.all([this.answered(), this.begin()]);
    await this.page.locator('[aria-busy=true]').waitFor({ state: 'detached' });
    return answer;
  }

  /** Presses the button. Returns with the plan in the panel. */
  async plan(): Promise<void> {
    await this.page.getByRole('button', { name: 'Plan the upstream calls' }).click();
    await this.summary.getByText('planned, not run').waitFor();
    await this.page.locator('[aria-busy=true]').waitFor({ state: 'detached' });
  }

  /** The text of an editor, without what is scrolled out of sight, once it is as expected: editors draw it a little later. */
  async textOf(editor: '.graphiql-query-editor' | '.graphiql-editor-tool' | '.result-window', expected: RegExp): Promise<string> {
    let text = '';
    for (let tries = 0; tries < 600 && !expected.test(text); tries++) {
      if (tries > 0) await this.page.waitForTimeout(50);
      text = (await this.page.locator(`${editor} .view-lines`).locator('visible=true').innerText()).replaceAll('\u00a0', ' ');
    }
    return text;
  }

  async shownCalls(): Promise<ShownCall[]> {
    return this.rows.evaluateAll((rows) =>
      rows.map(({ dataset: { source = '', resource = '', kind = '' }, children }) => {
        const terms = [...children[1]!.querySelectorAll('dt')];
        const facts = new Map(terms.map((term) => [term.textContent, term.nextElementSibling!.textContent]));
        return {
          source,
          resource,
          kind,
          ids: facts.get('Ids')?.split(', ') ?? [],
          relationships: [...children[0]!.querySelectorAll('.upstream-call-mark')].some((mark) => mark.textContent === 'relationships'),
          outcome: facts.get('Outcome') ?? '',
        };
      }),
    );
  }

  screenshot(name: string): Promise<unknown> {
    return this.page.screenshot({ path: `test-output/graphiql-${name}.png` });
  }

  private async fill(editor: string, text: string): Promise<void> {
    await this.page.locator(`${editor} .graphiql-editor:not(.hidden) textarea`).focus();
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.insertText(text);
  }

  private async answered(): Promise<any> {
    const isAnswer = (request: Request): boolean => request.method() === 'POST' && request.headers()['x-upstream-calls'] !== 'plan';
    const response = await this.page.waitForResponse((candidate) => isAnswer(candidate.request()));
    return response.json();
  }
}
