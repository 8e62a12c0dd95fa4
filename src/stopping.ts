import { framesOf, type Log } from './telemetry/log.js';

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
