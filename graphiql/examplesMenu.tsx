import { DropdownMenu, pick, useGraphiQL, useGraphiQLActions, type SlicesWithActions } from '@graphiql/react';
import { nameOf, type Tab } from '../src/web/graphiqlTabs.js';

const parts = pick<SlicesWithActions, 'queryEditor' | 'variableEditor' | 'headerEditor' | 'tabs'>('queryEditor', 'variableEditor', 'headerEditor', 'tabs');

/** Opens an example in a tab of its own, or goes to the tab in which it stands unchanged. */
export function ExamplesMenu({ examples }: { examples: readonly Tab[] }) {
  const { queryEditor, variableEditor, headerEditor, tabs } = useGraphiQL(parts);
  const { addTab, changeTab, updateActiveTabValues } = useGraphiQLActions();

  const open = (example: Tab) => {
    const place = tabs.findIndex(({ query }) => query === example.query);
    if (place >= 0) return changeTab(place);
    addTab();
    const { query, variables = '', headers = '' } = example;
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables);
    headerEditor?.setValue(headers);
    updateActiveTabValues({ query, variables, headers, operationName: nameOf(example) });
  };
  return (
    <DropdownMenu>
      <DropdownMenu.Button className="examples-button">Examples</DropdownMenu.Button>
      <DropdownMenu.Content align="end" className="examples-menu">
        {examples.map((example) => (
          <DropdownMenu.Item key={nameOf(example)} textValue={nameOf(example)} onSelect={() => open(example)}>
            <strong>{nameOf(example)}</strong>
            <span>{firstSentence(example)}</span>
          </DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu>
  );
}

/** Of its comment. */
function firstSentence({ query }: Tab): string {
  return /^# (.*?[.:])(?:\s|$)/m.exec(query)?.[1]?.replace(/:$/, '.') ?? '';
}
