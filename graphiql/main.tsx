import './workers.js';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './page.css';

import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createRoot } from 'react-dom/client';
import type { PageSettings } from '../src/web/graphiql.js';
import { AnswerFooter } from './answerFacts.js';
import { EditorOptions } from './editors.js';
import { ExamplesMenu } from './examplesMenu.js';
import { explorerWithVariables } from './explorer.js';
import { createFetcher } from './fetcher.js';
import { frontTab, isFirstVisit, tabStorage } from './storage.js';
import { TokenMenu } from './tokenMenu.js';
import { PlanButton } from './upstreamCalls/PlanButton.js';
import { upstreamCallsPlugin } from './upstreamCalls/plugin.js';
import { DraftInFront } from './useDraft.js';

/** As many as a window of 1,024 pixels has room for. The others are in the menu. */
const OPENED_EXAMPLES = 3;

const { tabs: examples, showsUpstreamCalls }: PageSettings = JSON.parse(document.getElementById('graphiql-settings')!.textContent);
const storage = tabStorage(examples);
const front = frontTab(storage, examples);
const fetcher = createFetcher(showsUpstreamCalls);
const plugins = [...(showsUpstreamCalls ? [upstreamCallsPlugin] : []), HISTORY_PLUGIN, explorerWithVariables];

createRoot(document.getElementById('graphiql')!).render(
  <GraphiQL
    fetcher={fetcher}
    plugins={plugins}
    // Later, GraphiQL remembers what was open.
    {...(showsUpstreamCalls && isFirstVisit(storage) && { visiblePlugin: upstreamCallsPlugin })}
    defaultTabs={examples.slice(0, OPENED_EXAMPLES)}
    // GraphiQL would show the query of the tab in front, but neither its variables nor its headers.
    initialQuery={front?.query ?? ''}
    initialVariables={front?.variables ?? ''}
    initialHeaders={front?.headers ?? ''}
    // Makes GraphiQL recognise the tab in front by its headers too. The storage persists none.
    shouldPersistHeaders
    showPersistHeadersSettings={false}
    storage={storage}
    // The examples speak of the variables and headers below the query.
    defaultEditorToolsVisibility
    // A representation is an object. GraphiQL takes every scalar that it does not know for a number or a text.
    customScalarSchemas={{ _Any: { type: 'object' } }}
  >
    <GraphiQL.Logo>
      <ExamplesMenu examples={examples} />
    </GraphiQL.Logo>
    <GraphiQL.Toolbar>
      {({ prettify, merge, copy }) => (
        <>
          {showsUpstreamCalls && <PlanButton panelTitle={upstreamCallsPlugin.title} />}
          {prettify}
          {merge}
          {copy}
          <TokenMenu examples={examples} />
        </>
      )}
    </GraphiQL.Toolbar>
    <GraphiQL.Footer>
      <AnswerFooter />
    </GraphiQL.Footer>
    <DraftInFront />
    <EditorOptions />
  </GraphiQL>,
);
