import { exampleTabs } from '../../../src/web/graphiqlTabs.js';
import { startTestApp, type TestApp } from '../../support/testApp.js';

/** What a person with GraphiQL has before them, as `npm start` sets it up. */
export function startGraphiqlApp(): Promise<TestApp> {
  return startTestApp({ GRAPHIQL: 'true' }, async ({ identity }) => {
    const [forIdentity, forAccess] = await Promise.all(['contact:identity', 'contact:access'].map((scope) => identity.token({ scopes: [scope] })));
    return { tabs: exampleTabs({ identity: forIdentity!, access: forAccess! }), graphiqlFolder: 'dist/graphiql' };
  });
}
