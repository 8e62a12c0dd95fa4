import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { UNHURRIED } from '../../support/unhurried.js';
import { COMPILE_CACHE } from '../../support/subgraph.js';

export interface Started {
  /** Where the subgraph listens. Undefined: it ended instead. */
  readonly url: string | undefined;
  readonly out: string;
  /** What it has said on standard error so far: all of it after `stop`. */
  readonly err: string;
  /** The exit code, once it has ended. */
  readonly code: Promise<unknown>;
}

let stopLast = async (): Promise<void> => {};

/** Ends what `start` started last. */
export const stop = (): Promise<void> => stopLast();

/** Runs what `npm start` runs, with these settings over those of no hurry, until it greets or ends. */
export async function start(settings: Record<string, string>): Promise<Started> {
  const child = spawn(process.execPath, ['dist/sandbox/demo.js'], { env: { ...COMPILE_CACHE, ...UNHURRIED, PORT: '0', ...settings } });
  const ended = once(child, 'close');
  stopLast = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  let [out, err] = ['', ''];
  child.stderr.on('data', (text) => (err += String(text)));
  for await (const text of child.stdout) if ((out += String(text)).includes('Ctrl-C')) break;
  // What it says on standard error may come after its standard output has ended.
  if (!out) await ended;
  return { url: /running at (\S+)/.exec(out)?.[1], out, get err() { return err; }, code: ended.then(([code]: unknown[]) => code) };
}

export async function ask(url: string | undefined, query: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(url!, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ query }) });
  return response.text();
}

/** Asks for one contact of each system. */
export async function named(url: string | undefined): Promise<unknown> {
  return JSON.parse(await ask(url, '{ contacts(ids: ["pms:4711", "cas360:54"]) { name } }'));
}

export const ALL_NAMED = { data: { contacts: [{ name: 'Iris Maeve Vale' }, { name: 'Fancy Southern Africa Cat Council' }] } };
