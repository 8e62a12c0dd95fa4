import type { Browser, Locator, Page } from 'playwright-core';
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
  readonly rows: Locator;

  private constructor(
    readonly page: Page,
    private readonly origin: string,
  ) {
    // Before a test's own time is up: the error then names what is missing.
    page.setDefaultTimeout(10_000);
    this.faults = faultsOf(page, origin);
    this.panel = page.getByRole('region', { name: 'Upstream calls' });
    this.summary = this.panel.getByRole('status');
    this.rows = this.panel.getByRole('listitem');
  }

  static async open(browser: Browser, origin: string): Promise<GraphiqlPage> {
    const page = await browser.newPage({ viewport: { width: 1400, height: 850 } });
    const opened = new GraphiqlPage(page, origin);
    await opened.load();
    return opened;
  }

  /** Once it returns, the schema is there and the editor takes commands. */
  async load(): Promise<void> {
    await Promise.all([this.answered(), this.page.goto(`${this.origin}/graphql`)]);
    await this.page.locator('.graphiql-query-editor .view-line').first().waitFor();
  }

  async chooseTab(name: string): Promise<void> {
    await this.page.getByRole('tab', { name }).click();
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

  /** Presses the keys that run the query in front. Resolves to its answer, with the panel up to date if it is open. */
  async run(): Promise<any> {
    await this.page.locator('.graphiql-query-editor textarea').focus();
    const [answer] = await Promise.all([this.answered(), this.page.keyboard.press('Control+Enter')]);
    await this.page.locator('[aria-busy=true]').waitFor({ state: 'detached' });
    return answer;
  }

  /** The text of an editor, without what is scrolled out of sight, once it is as expected: editors draw it a little later. */
  async textOf(editor: '.graphiql-query-editor' | '.graphiql-editor-tool' | '.result-window', expected: RegExp): Promise<string> {
    let text = '';
    for (let tries = 0; tries < 200 && !expected.test(text); tries++) {
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
    const response = await this.page.waitForResponse((candidate) => candidate.request().method() === 'POST');
    return response.json();
  }
}
