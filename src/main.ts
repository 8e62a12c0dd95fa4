import { createApp } from './app.js';
import { readConfig } from './config.js';
import { returnIdleMemory } from './idleMemory.js';
import { onSignals } from './signals.js';
import { stopAndExit } from './stopping.js';
import { createLog, framesOf } from './telemetry/log.js';

const log = createLog();
// A bug in one request must not end all the others.
process.on('unhandledRejection', (error) => log.error('A promise was rejected and nobody listened.', { frames: framesOf(error) }));

try {
  const app = await createApp(readConfig(), { log });
  const address = await app.listen();

  onSignals(() => void stopAndExit(app, log, process.exit), () => {
    if (!app.isExchangingToken) process.exit(1);
    log.warn('A new refresh token is on its way, or not stored yet: ending when it is stored. Ended now, only a person could get another.');
  });
  const { gc: collect } = globalThis;
  // There with --expose-gc.
  if (collect) returnIdleMemory({ collect: () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' }) });
  // Not before the handlers: whoever reads this line may send a signal at once.
  log.info('The contacts subgraph is listening.', { address });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
