import { EventEmitter } from 'node:events';
import { Writable, type Readable } from 'node:stream';
import { jest } from '@jest/globals';

export interface ProgramHere {
  /** Imports the program, with this number as its query: it runs when it is loaded, and what it imports is loaded once. */
  readonly load: (run: number) => Promise<unknown>;
  readonly words: readonly string[];
  readonly env: Record<string, string>;
  readonly stdin: Readable;
  readonly stdout: Said;
  readonly stderr: Said;
  /** Where it listens for signals. */
  readonly signals?: EventEmitter;
}

let runs = 0;

/** Runs a program in this process, which takes less time than to start one. One at a time. Resolves to the exit code. */
export async function runHere({ load, words, env, stdin, stdout, stderr, signals = new EventEmitter() }: ProgramHere): Promise<number> {
  const { exitCode } = process;
  const ours = process as unknown as Record<string, unknown>;
  const replaced = [jest.replaceProperty(process, 'argv', ['node', 'main.js', ...words]), jest.replaceProperty(process, 'env', env)];
  const spies = Object.entries({ stdin, stdout, stderr }).map(([name, stream]) => jest.spyOn(ours, name, 'get').mockReturnValue(stream));
  const listening = jest.spyOn(process, 'on').mockImplementation((name: string | symbol, listener: (...given: unknown[]) => void) => {
    signals.on(name, listener);
    return process;
  });
  try {
    process.exitCode = 0;
    await load(++runs);
    return process.exitCode;
  } finally {
    process.exitCode = exitCode;
    for (const spy of [...spies, listening]) spy.mockRestore();
    for (const property of replaced) property.restore();
  }
}

/** Keeps what is written. */
export class Said extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}
