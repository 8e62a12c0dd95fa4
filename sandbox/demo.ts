import { isIPv6 } from 'node:net';
import { createApp } from '../src/app.js';
import type { Log, LogValues } from '../src/telemetry/log.js';
import { exampleTabs } from '../src/web/graphiqlTabs.js';
import { dayTokens } from './dayTokens.js';
import { isOfThisMachine } from '../src/web/hosts.js';
import { readDemoConfig } from './demoConfig.js';
import { greetingOf } from './greeting.js';
import { startAtUsualPorts } from './start.js';

/** Runs `npm start`: the subgraph as an operator would run it, over the sandbox and the real systems that the environment names. */
async function start(): Promise<void> {
  const sandbox = await startAtUsualPorts();
  const demo = readDemoConfig(process.env, sandbox);
  const tokens = demo.issuesTokens ? await dayTokens(sandbox.identity) : undefined;
  const app = await createApp(demo.config, { log, drainMs: 0, tabs: exampleTabs(tokens), standIns: demo.standIns, localOnly: isOfThisMachine(isIPv6(demo.config.host) ? `[${demo.config.host}]` : demo.config.host) });
  const address = await app.listen();

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await app.stop();
    await sandbox.stop();
    if (app.isExchangingToken) log.error('The new refresh token could not be stored, and is lost: a person must approve the connection again (npm run connect).');
    process.exit(app.isExchangingToken ? 1 : 0);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop);
  // Last: whoever reads it may end the process.
  console.log(greetingOf({ ...demo, address, sandbox, tokens }));
}

/** For a person at a terminal: what needs attention, without JSON. */
const print = (message: string, { source, reason }: LogValues = {}): void => {
  const facts = [source, reason].filter(Boolean).join(', ');
  console.error(facts ? `${message} (${facts})` : message);
};
const log: Log = { info: () => {}, warn: print, error: print };

try {
  await start();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
