import { createApp } from './app.js';
import { readConfig } from './config.js';
import { returnIdleMemory } from './idleMemory.js';
import { onSignals } from './signals.js';
import { createLog, framesOf } from './telemetry/log.js';

/** Orchestrators kill after 15 s or later. */
const HARD_EXIT_MS = 14_000;
/** The same, while a refresh token is being exchanged or not kept yet: it would be lost. */
const EXCHANGE_EXIT_MS = 75_000;

const log = createLog();
// A bug in one request must not end all the others.
process.on('unhandledRejection', (error) => log.error('A promise was rejected and nobody listened.', { frames: framesOf(error) }));

try {
  const app = await createApp(readConfig(), { log });
  const address = await app.listen();

  const end = (code: number): never => {
    if (!app.isExchangingToken) process.exit(code);
    log.error('The new refresh token could not be stored, and is lost: a person must approve the connection again (npm run connect).');
    process.exit(1);
  };
  const stop = async (): Promise<void> => {
    const stoppingSinceMs = performance.now();
    log.info('Told to stop: no longer ready, answering the requests under way.');
    setInterval(() => {
      const sinceMs = performance.now() - stoppingSinceMs;
      if (sinceMs < (app.isExchangingToken ? EXCHANGE_EXIT_MS : HARD_EXIT_MS)) return;
      log.error('The stop took too long: ending at once.');
      end(1);
    }, 100).unref();
    await app.stop();
    log.info('Stopped.');
    end(0);
  };
  onSignals(['SIGTERM', 'SIGINT'], () => void stop(), () => {
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
