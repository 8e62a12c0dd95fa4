import './workers.js';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './page.css';

import { explorerPlugin } from '@graphiql/plugin-explorer';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createRoot } from 'react-dom/client';
import type { Tab } from '../src/web/graphiqlTabs.js';
import { frontTab, isFirstVisit, tabStorage } from './storage.js';
import { TokenMenu } from './tokenMenu.js';
import { createReportingFetcher } from './upstreamCalls/fetcher.js';
import { upstreamCallsPlugin } from './upstreamCalls/plugin.js';

const examples: Tab[] = JSON.parse(document.getElementById('graphiql-tabs')!.textContent);
const storage = tabStorage(examples);
const front = frontTab(storage, examples);

createRoot(document.getElementById('graphiql')!).render(
  <GraphiQL
    // The endpoint is where the page is, whatever host, port and path that may be.
    fetcher={createReportingFetcher(window.location.pathname)}
    plugins={[upstreamCallsPlugin, HISTORY_PLUGIN, explorerPlugin()]}
    // Later, GraphiQL remembers what was open.
    {...(isFirstVisit(storage) && { visiblePlugin: upstreamCallsPlugin })}
    defaultTabs={examples}
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
    <GraphiQL.Toolbar>
      {({ prettify, merge, copy }) => (
        <>
          {prettify}
          {merge}
          {copy}
          <TokenMenu examples={examples} />
        </>
      )}
    </GraphiQL.Toolbar>
  </GraphiQL>,
);
