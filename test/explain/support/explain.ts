import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import { COMPILE_CACHE } from '../../support/subgraph.js';

export interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export const MAIN = 'dist/src/explain/main.js';

/** Runs the built command with the query on its standard input. */
export function explain(query: string, words: readonly string[] = [], env: Record<string, string> = {}): Promise<Result> {
  return resultOf(spawn(process.execPath, [MAIN, '-', ...words], { env: { ...COMPILE_CACHE, ...env } }), query);
}

/** The same as a user does, from a folder. */
export function explainWithNpm(query: string, words: readonly string[], cwd: string): Promise<Result> {
  const { PATH = '', HOME = '', SET_UP = '' } = process.env;
  return resultOf(spawn('npm', ['--prefix', process.cwd(), 'run', '-s', 'explain', '--', '-', ...words], { env: { PATH, HOME, SET_UP, ...COMPILE_CACHE }, cwd }), query);
}

async function resultOf(child: ChildProcessWithoutNullStreams, query: string): Promise<Result> {
  child.stdin.on('error', () => {}).end(query);
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, out, err };
}

let runs = 0;

/** Runs the command in this process, which takes less time than to start one. One at a time. */
export async function explainHere(query: string, words: readonly string[] = [], env: Record<string, string> = {}, file = '-'): Promise<Result> {
  const out = new Said();
  const err = new Said();
  const { exitCode } = process;
  const streams = Object.entries({ stdin: Readable.from([query]), stdout: out, stderr: err });
  const ours = process as unknown as Record<string, unknown>;
  const spies = streams.map(([name, stream]) => jest.spyOn(ours, name, 'get').mockReturnValue(stream));
  const replaced = [jest.replaceProperty(process, 'argv', ['node', MAIN, file, ...words]), jest.replaceProperty(process, 'env', env)];
  try {
    process.exitCode = 0;
    // Each query is a module of its own: the command runs when it is loaded, and what it imports is loaded once.
    await import(`../../../src/explain/main.js?${++runs}`);
    return { code: process.exitCode, out: out.text, err: err.text };
  } finally {
    process.exitCode = exitCode;
    for (const spy of spies) spy.mockRestore();
    for (const property of replaced) property.restore();
  }
}

/** Keeps what is written. */
class Said extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}
