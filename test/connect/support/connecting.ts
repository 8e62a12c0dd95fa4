import { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect } from '@jest/globals';
import { Canaries } from '../../security/support/canaries.js';
import { runHere, Said } from '../../support/programHere.js';
import { COMPILE_CACHE } from '../../support/subgraph.js';
import { until } from '../../support/until.js';

/** `npm run connect` under way. */
export interface Connecting extends ConnectingHere {
  /** Closes the pipes that it prints to. */
  closeOutput(): void;
}

/** The same in this process. */
export interface ConnectingHere {
  /** What it printed so far, on both streams. */
  readonly output: { readonly text: string };
  /** Resolves to the exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** The address where a person approves, once it is printed. */
  address(): Promise<URL>;
  /** Types a line at the terminal. */
  paste(text: string): void;
  /** Ends the input. */
  closeInput(): void;
  signal(name: NodeJS.Signals): void;
}

export interface Shown {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

const all: ConnectingHere[] = [];
const secrets = new Canaries();
secrets.add('the client secret', 'sandbox-cas360-secret');

/** Runs it without npm's own words, with these settings and no others. */
export function startConnect(settings: Readonly<Record<string, string>>, ...words: string[]): Connecting {
  const child = spawn(process.execPath, ['--import', './test/support/leash.js', 'dist/src/connect/main.js', ...words], {
    env: { ...COMPILE_CACHE, ...settings },
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
  });
  const output = { text: '' };
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (text) => (output.text += String(text)));
  child.stdin!.on('error', () => {});
  const ended = new Promise<number | string>((resolve) => child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown')));
  const connecting: Connecting = {
    output,
    ended,
    address: () => addressIn(output, () => child.exitCode !== null),
    paste: (text) => void child.stdin!.write(`${text}\n`),
    closeInput: () => void child.stdin!.end(),
    closeOutput: () => [child.stdout!, child.stderr!].forEach((stream) => stream.destroy()),
    signal: (name) => void child.kill(name),
  };
  all.push(connecting);
  return connecting;
}

/** Runs it in this process, which takes less time than to start one. One at a time. */
export function connectHere(settings: Readonly<Record<string, string>>, ...words: string[]): ConnectingHere {
  const [output, stdin, signals] = [new Said(), new PassThrough(), new EventEmitter()];
  let hasEnded = false;
  const ended = runHere({ load: (run) => import(`../../../src/connect/main.js?${run}`), words, env: { ...settings }, stdin, stdout: output, stderr: output, signals }).finally(() => (hasEnded = true));
  const connecting: ConnectingHere = {
    output,
    ended,
    address: () => addressIn(output, () => hasEnded),
    paste: (text) => void stdin.write(`${text}\n`),
    closeInput: () => void stdin.end(),
    signal: (name) => void signals.emit(name, name),
  };
  all.push(connecting);
  return connecting;
}

async function addressIn(output: { readonly text: string }, hasEnded: () => boolean): Promise<URL> {
  const printed = /^ +(http\S+)$/m;
  await until('the address is printed, or it ends', () => printed.test(output.text) || hasEnded());
  const [, text] = printed.exec(output.text) ?? [];
  if (text === undefined) throw new Error(`It ended before: ${output.text}`);
  return new URL(text);
}

/** Ends all that still run. No token, code or secret of the sandbox is in anything that was printed. */
export async function endAll(): Promise<void> {
  for (const { signal, ended, output } of all.splice(0)) {
    signal('SIGINT');
    signal('SIGKILL');
    await ended;
    expect(leaksOf(output.text)).toEqual([]);
  }
}

/** What must not be printed. Tokens and codes of the sandbox are known by their beginnings. */
const leaksOf = (text: string): string[] => [...secrets.foundIn(text), ...(text.match(/(?:code|refresh|access)-[0-9a-f]{8}/g) ?? [])];

/** Where the browser is led after a person has decided. */
export async function decide(address: URL, approve: 'yes' | 'no' = 'yes'): Promise<URL> {
  const response = await fetch(`${address.href}&approve=${approve}`, { redirect: 'manual' });
  await response.text();
  const location = new URL(response.headers.get('location')!);
  const code = location.searchParams.get('code');
  if (code !== null) secrets.add('a code', code);
  return location;
}

/** What the browser shows at this address. */
export async function show(address: URL | string, init: RequestInit = {}): Promise<Shown> {
  const response = await fetch(address, { redirect: 'manual', ...init });
  const text = await response.text();
  expect(leaksOf(text)).toEqual([]);
  return { status: response.status, text, headers: response.headers };
}
