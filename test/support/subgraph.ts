import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The built subgraph, as a process of its own. */
export interface Subgraph {
  readonly url: string;
  readonly pid: number;
  /** What it printed so far. */
  readonly output: { text: string };
  /** Resolves to the exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** SIGTERM unless told otherwise; resolves once it is gone. */
  end(signal?: NodeJS.Signals): Promise<number | string>;
  /** Sends it a message, and resolves to the next one that it sends. Only for programs that listen to any. */
  tell(message: string): Promise<unknown>;
}

const MAIN = 'dist/src/main.js';

/** For the environment of a process that a test starts: it begins in half the time, since the code is compiled already. */
export const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(tmpdir(), 'contacts-subgraph-test-cache') };

/**
 * Starts it without npm between, with these settings and no others, and resolves once it listens. Unless told otherwise
 * it refuses nobody for being late: what a busy machine does to it is not what most of these tests are about.
 */
export async function startSubgraph(settings: Record<string, string>, program: readonly string[] = [MAIN]): Promise<Subgraph> {
  const usual = { PATH: process.env.PATH ?? '', ...COMPILE_CACHE, HOST: '127.0.0.1', PORT: '0', MAX_EVENT_LOOP_DELAY_MS: '0' };
  const child = spawn(process.execPath, ['--import', './test/support/leash.js', ...program], {
    env: { ...usual, ...settings },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const output = { text: '' };
  const ended = new Promise<number | string>((resolve) => child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown')));
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (text) => {
        output.text += String(text);
        const address = /"address":"([^"]+)"/.exec(output.text)?.[1];
        if (address) resolve(address);
      });
    }
    void ended.then((how) => reject(new Error(`The subgraph ended (${how}) before it listened: ${output.text}`)));
  });
  return {
    url,
    pid: child.pid!,
    output,
    ended,
    end: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
    tell: (message) => {
      const answer = new Promise<unknown>((resolve) => child.once('message', resolve));
      child.send(message);
      return answer;
    },
  };
}
