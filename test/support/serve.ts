import { spawn } from 'node:child_process';
import { COMPILE_CACHE } from './subgraph.js';
import { UNHURRIED } from './unhurried.js';
import { until } from './until.js';

export interface Served {
  /** Where it listens; undefined if it ended instead. */
  readonly url: string | undefined;
  readonly pid: number;
  /** What it printed so far. */
  readonly output: { out: string; err: string };
  /** Resolves to the exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** Runs `npm run serve` as an operator does, with these settings over those of no hurry, until it listens or ends. */
export async function serve(settings: Record<string, string>): Promise<Served> {
  const { PATH = '', HOME = '', SET_UP = '' } = process.env;
  // A group of its own: a test can then signal it as a terminal would.
  const child = spawn('npm', ['run', 'serve'], { env: { PATH, HOME, SET_UP, ...COMPILE_CACHE, ...UNHURRIED, HOST: '127.0.0.1', PORT: '0', ...settings }, detached: true });
  const output = { out: '', err: '' };
  child.stdout.on('data', (text) => (output.out += String(text)));
  child.stderr.on('data', (text) => (output.err += String(text)));
  const ended = new Promise<number | string>((resolve) => child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown')));
  const address = (): string | undefined => /"address":"([^"]+)"/.exec(output.out)?.[1];
  await until('it listens or ends', () => address() !== undefined || child.exitCode !== null || child.signalCode !== null, 60_000);
  return { url: address(), pid: child.pid!, output, ended };
}
