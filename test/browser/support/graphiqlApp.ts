import { exampleTabs } from '../../../src/web/graphiqlTabs.js';
import { startTestApp, type TestApp } from '../../support/testApp.js';
import { startChromium } from './chromium.js';
import { GraphiqlPage } from './graphiqlPage.js';

/** What a person with GraphiQL has before them, as `npm start` sets it up. */
function startGraphiqlApp(): Promise<TestApp> {
  return startTestApp({ GRAPHIQL: 'true' }, async ({ identity }) => {
    const [forIdentity, forAccess] = await Promise.all(['contact:identity', 'contact:access'].map((scope) => identity.token({ scopes: [scope] })));
    return { tabs: exampleTabs({ identity: forIdentity!, access: forAccess! }), graphiqlFolder: 'dist/graphiql' };
  });
}

/** Such an app, and a page of a browser that was never there. Give it minutes: a fresh machine installs the browser first. */
export async function openGraphiql(): Promise<{ readonly app: TestApp; readonly graphiql: GraphiqlPage; readonly stop: () => Promise<void> }> {
  const [app, browser] = await Promise.all([startGraphiqlApp(), startChromium()]);
  const stop = async (): Promise<void> => {
    await browser.close();
    await app.stop();
  };
  return { app, graphiql: await GraphiqlPage.open(browser, app.url), stop };
}
