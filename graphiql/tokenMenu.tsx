import { ToolbarButton, ToolbarMenu, useGraphiQL } from '@graphiql/react';
import type { Tab } from '../src/web/graphiqlTabs.js';

/** Puts a token of the examples, by the scope that it opens, into the headers of the tab in front, or takes it out. */
export function TokenMenu({ examples }: { examples: readonly Tab[] }) {
  const headerEditor = useGraphiQL((state) => state.headerEditor);
  const guarded = examples.filter(({ scope, headers }) => scope && headers);
  if (guarded.length === 0) return null;

  const authorize = (authorization: string | undefined) => {
    const headers = { ...objectIn(headerEditor?.getValue()), authorization };
    headerEditor?.setValue(JSON.stringify(headers, null, 2));
  };
  return (
    <ToolbarMenu
      button={
        <ToolbarButton label="Ready-made tokens">
          <Key />
        </ToolbarButton>
      }
    >
      {guarded.map(({ scope, headers }) => (
        <ToolbarMenu.Item key={scope} onSelect={() => authorize(JSON.parse(headers!).authorization)}>
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
