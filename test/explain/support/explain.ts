import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { runHere, Said } from '../../support/programHere.js';
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

/** Runs the command in this process. One at a time. */
export async function explainHere(query: string, words: readonly string[] = [], env: Record<string, string> = {}, file = '-'): Promise<Result> {
  const [out, err] = [new Said(), new Said()];
  const code = await runHere({ load: (run) => import(`../../../src/explain/main.js?${run}`), words: [file, ...words], env, stdin: Readable.from([query]), stdout: out, stderr: err });
  return { code, out: out.text, err: err.text };
}
