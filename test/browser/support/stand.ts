import { createApp } from '../../../src/app.js';
import { readConfig } from '../../../src/config.js';
import { exampleTabs } from '../../../src/web/graphiqlTabs.js';
import { startSandbox, type Sandbox } from '../../../sandbox/start.js';

/** What a person with GraphiQL has before them, as `npm start` sets it up. */
export interface Stand {
  readonly sandbox: Sandbox;
  readonly origin: string;
  stop(): Promise<void>;
}

export async function startStand(): Promise<Stand> {
  const sandbox = await startSandbox();
  const [identity, access] = await Promise.all(['contact:identity', 'contact:access'].map((scope) => sandbox.identity.token({ scopes: [scope] })));
  const config = readConfig({ ...sandbox.environment, HOST: '127.0.0.1', PORT: '0', GRAPHIQL: 'true', MAX_EVENT_LOOP_DELAY_MS: '0' });
  const quiet = (): void => {};
  const app = await createApp(config, {
    log: { info: quiet, warn: quiet, error: quiet },
    drainMs: 0,
    callsToTrip: 100_000,
    tabs: exampleTabs({ identity: identity!, access: access! }),
    graphiqlFolder: 'dist/graphiql',
  });
  const origin = await app.listen();
  return {
    sandbox,
    origin,
    stop: async () => {
      await app.stop();
      await sandbox.stop();
    },
  };
}
