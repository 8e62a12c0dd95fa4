import { framesOf, type Log } from './telemetry/log.js';

/** Orchestrators kill after 15 s or later. */
const HARD_EXIT_MS = 14_000;
/** The same, while a refresh token is being exchanged or not kept yet: it would be lost. */
const EXCHANGE_EXIT_MS = 75_000;
/** What follows the exchange: the leader resigns, and connections are closed. */
const AFTER_EXCHANGE_MS = 5_000;
const LOOK_EVERY_MS = 100;

export interface Stoppable {
  stop(): Promise<void>;
  /** Whether a refresh token would be lost if the process ended now. */
  readonly isExchangingToken: boolean;
}

/** Stops the service, and calls `exit` with the exit code: when it has stopped, or when that takes too long. */
export async function stopAndExit(app: Stoppable, log: Log, exit: (code: number) => void): Promise<void> {
  const stoppingSinceMs = performance.now();
  log.info('Told to stop: no longer ready, answering the requests under way.');
  const end = (code: number): void => {
    clearInterval(looks);
    if (!app.isExchangingToken) return exit(code);
    log.error('The new refresh token could not be stored, and is lost: a person must approve the connection again (npm run connect).');
    exit(1);
  };
  let limitMs = HARD_EXIT_MS;
  const looks = setInterval(() => {
    const sinceMs = performance.now() - stoppingSinceMs;
    if (app.isExchangingToken) limitMs = Math.max(limitMs, Math.min(sinceMs + AFTER_EXCHANGE_MS, EXCHANGE_EXIT_MS));
    if (sinceMs < limitMs) return;
    log.error('The stop took too long: ending at once.');
    end(1);
  }, LOOK_EVERY_MS).unref();
  await app.stop();
  log.info('Stopped.');
  end(0);
}

/**
 * Runs one step of the stop. Resolves after `withinMs` at the latest, and never rejects. A step that fails or takes longer is
 * logged, and the next one runs.
 */
export async function stopStep(log: Log, name: string, withinMs: number, work: () => unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('late')), Math.max(0, withinMs));
  });
  try {
    await Promise.race([(async () => work())(), late]);
  } catch (error) {
    log.error('A step of the stop failed or took too long. The next one follows.', { reason: name, frames: framesOf(error) });
  } finally {
    clearTimeout(timer);
  }
}
