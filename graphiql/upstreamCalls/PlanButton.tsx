import { formatShortcutForOS, KeyCode, KeyMod, ToolbarButton, tryParseJSONC, pick, useGraphiQL, type MonacoEditor, type SlicesWithActions } from '@graphiql/react';
import type { OperationDefinitionNode } from 'graphql';
import { useCallback, useEffect } from 'react';
import { draftInFront } from '../useDraft.js';
import { NAMELESS, operationNameIn } from './operation.js';
import { askForPlan } from './planning.js';
import { begin, type PlanAnswer } from './shown.js';

const parts = pick<SlicesWithActions, 'queryEditor' | 'variableEditor' | 'headerEditor' | 'operationName' | 'operations'>(
  'queryEditor',
  'variableEditor',
  'headerEditor',
  'operationName',
  'operations',
);

/** Shows which upstream calls the operation in front would make, without running it. */
export function PlanButton({ panelTitle }: { panelTitle: string }) {
  const { queryEditor, variableEditor, headerEditor, operationName, operations } = useGraphiQL(parts);
  const plan = useCallback(() => {
    // GraphiQL's own button: nothing else brings back a panel whose width was dragged to nothing.
    document.querySelector<HTMLElement>(`[aria-label="Show ${panelTitle}"]`)?.click();
    void planInFront(nameAtCursor(queryEditor, operations) ?? operationName);
  }, [queryEditor, operations, operationName, panelTitle]);

  useEffect(() => {
    const keybindings = [KeyMod.CtrlCmd | KeyMod.Shift | KeyCode.Enter];
    const actions = [queryEditor, variableEditor, headerEditor].map((editor) =>
      editor?.addAction({ id: 'plan-upstream-calls', label: 'Plan Upstream Calls', contextMenuGroupId: 'graphql', keybindings, run: plan }),
    );
    return () => actions.forEach((action) => action?.dispose());
  }, [queryEditor, variableEditor, headerEditor, plan]);

  return (
    <ToolbarButton className="toolbar-button-with-text" label={`Plan the upstream calls, without running (${formatShortcutForOS('Shift-Ctrl-Enter', 'Cmd')})`} onClick={plan}>
      <Steps />
      Plan
    </ToolbarButton>
  );
}

/** Of several operations, GraphiQL's keys run the one at the cursor. */
function nameAtCursor(editor: MonacoEditor | undefined, operations: readonly OperationDefinitionNode[] = []): string | undefined {
  const position = editor?.getPosition();
  const offset = position ? editor!.getModel()!.getOffsetAt(position) : -1;
  return operations.find(({ loc }) => loc && loc.start <= offset && offset <= loc.end)?.name?.value;
}

async function planInFront(frontName: string | undefined): Promise<void> {
  const draft = draftInFront();
  const operationName = operationNameIn(draft.query, frontName);
  const end = begin('plan', draft, operationName ?? NAMELESS);
  end({ plan: await planOf(draft, operationName) });
}

async function planOf({ query, variables, headers }: ReturnType<typeof draftInFront>, operationName: string | null): Promise<PlanAnswer> {
  let request;
  try {
    request = { variables: jsonIn('The variables', variables), headers: jsonIn('The headers', headers) };
  } catch (error) {
    return { refused: [(error as Error).message] };
  }
  return askForPlan({ query, operationName, variables: request.variables }, (request.headers ?? {}) as Record<string, string>);
}

/** As GraphiQL reads its editors: comments and an empty text are fine. */
function jsonIn(what: string, text: string): object | undefined {
  try {
    return tryParseJSONC(text);
  } catch (error) {
    throw new Error(`${what} ${(error as Error).message}`, { cause: error });
  }
}

function Steps() {
  return (
    <svg className="graphiql-toolbar-icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" aria-hidden="true">
      <path d="M3 5h7M8 12h7M13 19h8" strokeDasharray="3 3.5" />
    </svg>
  );
}
