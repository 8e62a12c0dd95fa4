import { pino } from 'pino';

/** The service's log: fixed sentences, with values from an allow-list. Never a record or a body. */
export interface Log {
  info(message: string, values?: LogValues): void;
  warn(message: string, values?: LogValues): void;
  error(message: string, values?: LogValues): void;
}

export interface LogValues {
  readonly address?: string;
  readonly source?: string;
  readonly reason?: string;
  readonly frames?: readonly string[];
}

/** Bytes buffered for a slow reader of standard output. Further lines are dropped. */
const MAX_WAITING_BYTES = 1_048_576;

/**
 * Writes one line of JSON per message to standard output. On a full disk, or on a pipe that is closed or not read, lines are
 * lost and the service goes on. Node writes to a file at once, and does not wait for the reader of a pipe.
 */
export function createLog(): Log {
  // Without a listener, one failed write ends the process.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const write = (line: string): void => {
    if (process.stdout.writableLength < MAX_WAITING_BYTES) process.stdout.write(line);
  };
  const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write });
  return {
    info: (message, values) => logger.info(values ?? {}, message),
    warn: (message, values) => logger.warn(values ?? {}, message),
    error: (message, values) => logger.error(values ?? {}, message),
  };
}

/** An error's name and stack, without its message, which may quote a caller or an upstream. */
export function framesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  return [error.name, ...frames.map((frame) => frame.trim())];
}

/** Why a token could not be obtained or kept. The token path throws only our own messages and the system's codes (`ECONNREFUSED`). */
export function tokenFailure(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : 'unknown');
}
