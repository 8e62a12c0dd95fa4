import { createApp } from './app.js';
import { readConfig } from './config.js';
import { createLog, framesOf } from './telemetry/log.js';

/** A terminal signals both npm and us, and npm passes its signal on: within this time a second signal is ignored. */
const ECHO_MS = 150;
/** Orchestrators kill after 15 s or later. */
const HARD_EXIT_MS = 14_000;

const log = createLog();
// A bug in one request must not end all the others.
process.on('unhandledRejection', (error) => log.error('A promise was rejected and nobody listened.', { frames: framesOf(error) }));

try {
  const app = await createApp(readConfig(), { log });
  const address = await app.listen();

  let stoppingSinceMs: number | undefined;
  const stop = async (): Promise<void> => {
    if (stoppingSinceMs !== undefined) {
      if (performance.now() - stoppingSinceMs > ECHO_MS) process.exit(1);
      return;
    }
    stoppingSinceMs = performance.now();
    log.info('Told to stop: no longer ready, answering the requests under way.');
    setTimeout(() => {
      log.error('The stop took too long: ending at once.');
      process.exit(1);
    }, HARD_EXIT_MS).unref();
    await app.stop();
    log.info('Stopped.');
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Not before the handlers: whoever reads this line may send a signal at once.
  log.info('The contacts subgraph is listening.', { address });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
