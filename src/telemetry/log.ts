import { pino } from 'pino';

/** What the service tells its operators: fixed sentences, and values from an allow-list. Never a record or a body. */
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

/** The most bytes that are kept for a reader of standard output. Further lines are dropped. */
const MAX_WAITING_BYTES = 1_048_576;

/**
 * One line of JSON for each message, on standard output. A line that cannot be written is lost, and the service goes on:
 * on a full disk, on a pipe that is closed, and on one that is not read. Node writes to a file at once, and to a pipe
 * without waiting for its reader.
 */
export function createLog(): Log {
  // Without a listener, the error of one write ends the process.
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

/** Where an error came from, without its message: that may quote what a caller or an upstream sent. */
export function framesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  return [error.name, ...frames.map((frame) => frame.trim())];
}

/** Why a token could not be had or kept. In the token path a message is one of ours or of the system's, such as `ECONNREFUSED`. */
export function tokenFailure(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : 'unknown');
}
