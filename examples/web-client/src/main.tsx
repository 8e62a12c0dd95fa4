import { ApolloProvider } from '@apollo/client/react';
import { createRoot } from 'react-dom/client';
import { client } from './client';
import { Page } from './Page';
import './page.css';

createRoot(document.getElementById('page')!).render(
  <ApolloProvider client={client}>
    <Page />
  </ApolloProvider>,
);
