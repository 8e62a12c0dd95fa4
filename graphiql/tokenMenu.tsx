import { ToolbarButton, ToolbarMenu, useGraphiQL } from '@graphiql/react';
import type { Tab } from '../src/web/graphiqlTabs.js';
import { sentToken } from './sentToken.js';
import { useDraft } from './useDraft.js';

/**
 * Puts a token of the examples, by the scope that it opens, into the headers of the tab in front, or takes it out, and shows
 * those headers. Below the key stands what is sent.
 */
export function TokenMenu({ examples }: { examples: readonly Tab[] }) {
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  const sent = sentToken(useDraft().headers);
  const tokens = new Map(examples.flatMap(({ scope, headers }) => (scope && headers ? [[scope, headers] as const] : [])));
  if (tokens.size === 0) return null;

  const authorize = (authorization: string | undefined) => {
    const headers = { ...objectIn(headerEditor?.getValue()), authorization };
    headerEditor?.setValue(JSON.stringify(headers, null, 2));
    // GraphiQL keeps to itself which of the two editors is shown.
    document.querySelector<HTMLElement>('.graphiql-editor-tools [data-name=headers]')?.click();
  };
  return (
    <ToolbarMenu
      button={
        <ToolbarButton className="toolbar-button-with-text" label={`Ready-made tokens. Sent now: ${sent?.name ?? 'no token'}`}>
          <Key />
          {sent?.shortName ?? 'none'}
        </ToolbarButton>
      }
    >
      {[...tokens].map(([scope, headers]) => (
        <ToolbarMenu.Item key={scope} onSelect={() => authorize(JSON.parse(headers).authorization)}>
          {scope}
        </ToolbarMenu.Item>
      ))}
      <ToolbarMenu.Item onSelect={() => authorize(undefined)}>No token</ToolbarMenu.Item>
    </ToolbarMenu>
  );
}

function Key() {
  return (
    <svg className="graphiql-toolbar-icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" aria-hidden="true">
      <circle cx="8" cy="8" r="4.5" />
      <path d="m11.5 11.5 9 9M16 16l3-3" />
    </svg>
  );
}

/** Nothing where there is none: a query cannot run with such headers anyway. */
function objectIn(json: string | undefined): object {
  try {
    return JSON.parse(json ?? '');
  } catch {
    return {};
  }
}
