import { destination, pino } from 'pino';

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

/** One line of JSON for each message, on standard output. */
export function createLog(): Log {
  const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination({ sync: true }));
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
