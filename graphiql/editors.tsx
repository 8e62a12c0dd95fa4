import { pick, useGraphiQL, type SlicesWithActions } from '@graphiql/react';
import { useEffect } from 'react';

const parts = pick<SlicesWithActions, 'queryEditor' | 'variableEditor' | 'headerEditor' | 'responseEditor'>(
  'queryEditor',
  'variableEditor',
  'headerEditor',
  'responseEditor',
);

/** Sets the editors so that queries can be read in a window of 1,024 pixels. */
export function EditorOptions(): null {
  const { queryEditor, variableEditor, headerEditor, responseEditor } = useGraphiQL(parts);
  useEffect(() => {
    for (const editor of [queryEditor, variableEditor, headerEditor, responseEditor]) editor?.updateOptions({ fontSize: 13 });
    // Headers stay as they are: a token would fill the editor.
    for (const editor of [queryEditor, variableEditor]) editor?.updateOptions({ wordWrap: 'on', wrappingIndent: 'same' });
  }, [queryEditor, variableEditor, headerEditor, responseEditor]);
  return null;
}
