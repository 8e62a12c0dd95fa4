import { createLocalStorage, type Storage } from '@graphiql/toolkit';
import { nameOf, type Tab } from '../src/web/graphiqlTabs.js';

/** As GraphiQL writes tabs down. The title is the name of the query. */
interface StoredTabs {
  activeTabIndex: number;
  tabs: { title: string; query: string | null; variables: string | null; headers: string | null }[];
}

const tabsKey = 'graphiql:tabState';
const keysWithHeaders = [tabsKey, 'graphiql:queries', 'graphiql:favorites'];

/**
 * Keeps tabs, history and settings in the browser, but never a header: headers hold tokens, and GraphiQL's history
 * writes them down even where it is told not to. The headers of the examples come back with the page, which knows
 * the tokens of today, into the tabs that still bear an example's name.
 */
export function tabStorage(examples: readonly Tab[]): Storage {
  const kept = createLocalStorage({ namespace: 'contacts' });
  return {
    getItem(key) {
      const value = kept.getItem(key);
      return key === tabsKey && value ? JSON.stringify(withExampleHeaders(JSON.parse(value), examples)) : value;
    },
    setItem(key, value) {
      if (key === 'graphiql:headers') return;
      kept.setItem(key, keysWithHeaders.includes(key) ? withoutHeaders(value) : value);
    },
    removeItem: (key) => kept.removeItem(key),
    clear: () => kept.clear(),
    get length() {
      return kept.length;
    },
  };
}

/** Whether nothing is kept of an earlier visit. */
export function isFirstVisit(storage: Storage): boolean {
  return storage.getItem(tabsKey) === null;
}

/** The tab that was in front when the page was last open, or the first example. */
export function frontTab(storage: Storage, examples: readonly Tab[]): Tab | StoredTabs['tabs'][number] | undefined {
  const stored = storage.getItem(tabsKey);
  if (!stored) return examples[0];
  const { tabs, activeTabIndex }: StoredTabs = JSON.parse(stored);
  return tabs[activeTabIndex];
}

function withExampleHeaders(stored: StoredTabs, examples: readonly Tab[]): StoredTabs {
  const headers = new Map(examples.map((example) => [nameOf(example), example.headers]));
  return { ...stored, tabs: stored.tabs.map((tab) => ({ ...tab, headers: tab.headers ?? headers.get(tab.title) ?? null })) };
}

function withoutHeaders(json: string): string {
  return JSON.stringify(JSON.parse(json), (key, value) => (key === 'headers' ? null : value));
}
