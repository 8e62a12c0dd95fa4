import { stripIgnoredCharacters } from 'graphql';

/** What stands in the editors of one tab. */
export interface Draft {
  readonly tabId: string;
  readonly query: string;
  readonly variables: string;
  readonly headers: string;
}

const EDITORS = ['query', 'variables', 'headers'] as const;

/** Why an answer to `asked` does not belong to what is in front now, in words. Undefined: it does. */
export function staleness(asked: Draft, now: Draft): string | undefined {
  if (asked.tabId !== now.tabId) return 'another tab is in front';
  const changed = EDITORS.filter((editor) => meaningOf(editor, asked[editor]) !== meaningOf(editor, now[editor]));
  if (changed.length === 0) return undefined;
  return `the ${changed.join(' and the ')} ${changed.length > 1 || changed[0] !== 'query' ? 'have' : 'has'} changed since`;
}

/** Layout and comments change nothing. */
function meaningOf(editor: (typeof EDITORS)[number], text: string): string {
  try {
    return editor === 'query' ? stripIgnoredCharacters(text) : JSON.stringify(JSON.parse(text || '{}'));
  } catch {
    return text;
  }
}
