import { pick, useGraphiQL, useGraphiQLActions, type MonacoEditor, type SlicesWithActions } from '@graphiql/react';
import { useCallback, useEffect, useSyncExternalStore } from 'react';
import type { Draft } from './draft.js';

const parts = pick<SlicesWithActions, 'queryEditor' | 'variableEditor' | 'headerEditor' | 'tabs' | 'activeTabIndex'>(
  'queryEditor',
  'variableEditor',
  'headerEditor',
  'tabs',
  'activeTabIndex',
);

/** The draft in front, letter by letter. GraphiQL's own state of a tab is half a second late. */
export function useDraft(): Draft {
  const { queryEditor, variableEditor, headerEditor, tabs, activeTabIndex } = useGraphiQL(parts);
  return { tabId: tabs[activeTabIndex]?.id ?? '', query: useText(queryEditor), variables: useText(variableEditor), headers: useText(headerEditor) };
}

let read = (): Draft => ({ tabId: '', query: '', variables: '', headers: '' });

/** The draft in front, for code that is not a component. `<DraftInFront />` must be on the page. */
export function draftInFront(): Draft {
  return read();
}

export function DraftInFront(): null {
  const { queryEditor, variableEditor, headerEditor, tabs, activeTabIndex } = useGraphiQL(parts);
  const { stop } = useGraphiQLActions();
  const tabId = tabs[activeTabIndex]?.id;
  // GraphiQL stops a run when one goes to another tab, but not when a tab is added: the answer would stand in the new one.
  useEffect(() => stop, [tabId, stop]);
  useEffect(() => {
    read = () => ({
      tabId: tabs[activeTabIndex]?.id ?? '',
      query: queryEditor?.getValue() ?? '',
      variables: variableEditor?.getValue() ?? '',
      headers: headerEditor?.getValue() ?? '',
    });
  }, [queryEditor, variableEditor, headerEditor, tabs, activeTabIndex]);
  return null;
}

/** What stands in an editor. */
export function useText(editor: MonacoEditor | undefined): string {
  const subscribe = useCallback(
    (listener: () => void) => {
      const subscription = editor?.onDidChangeModelContent(listener);
      return () => subscription?.dispose();
    },
    [editor],
  );
  return useSyncExternalStore(subscribe, () => editor?.getValue() ?? '');
}
