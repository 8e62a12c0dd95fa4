import './workers.js';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './page.css';

import { explorerPlugin } from '@graphiql/plugin-explorer';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { createRoot } from 'react-dom/client';
import type { Tab } from '../src/web/graphiqlTabs.js';
import { frontTab, tabStorage } from './storage.js';

const examples: Tab[] = JSON.parse(document.getElementById('graphiql-tabs')!.textContent);
const storage = tabStorage(examples);
const front = frontTab(storage, examples);

createRoot(document.getElementById('graphiql')!).render(
  <GraphiQL
    // The endpoint is where the page is, whatever host, port and path that may be.
    fetcher={createGraphiQLFetcher({ url: window.location.pathname, enableIncrementalDelivery: false })}
    plugins={[HISTORY_PLUGIN, explorerPlugin()]}
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
  />,
);
