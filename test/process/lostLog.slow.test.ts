import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { freePort } from '../support/freePort.js';
import { COMPILE_CACHE } from '../support/subgraph.js';
import { until } from '../support/until.js';

jest.setTimeout(60_000);

/** A line has 200 bytes or more, so that all of them together have several times what may wait. */
const LEAST_LINE_BYTES = 200;
/** What the service may keep for a reader, and what the two ends of a pipe keep. */
const MOST_KEPT_BYTES = 1_048_576 + 524_288;

let sandbox: Sandbox;
let full: number;
let child: ChildProcess;
let url: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  full = openSync('/dev/full', 'w');
});
afterAll(async () => {
  closeSync(full);
  await sandbox.stop();
});

/** Each start needs a refresh token of its own: the first one voids the sandbox's. */
let settings: Record<string, string>;
beforeEach(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  settings = { ...sandbox.environment, CAS360_REFRESH_TOKEN: sandbox.cas360.issueRefreshToken(), HOST: '127.0.0.1', PORT: String(port), MAX_EVENT_LOOP_DELAY_MS: '0' };
});

const NODE = [process.execPath, '--import', './test/process/support/talkative.js', 'dist/src/main.js'];

/** Starts the service, and resolves once it is ready. Its log may go nowhere, so that only an answer tells. */
async function start([program, ...words]: readonly string[], stdio: StdioOptions, whenStarted = (): void => {}): Promise<void> {
  const { PATH = '', HOME = '', SET_UP = '' } = process.env;
  child = spawn(program!, words, { env: { PATH, HOME, SET_UP, ...COMPILE_CACHE, ...settings }, stdio });
  whenStarted();
  await until('the service is ready', async () => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`It ended: ${child.exitCode ?? child.signalCode}`);
    return (await fetch(`${url}/health/ready`).catch(() => undefined))?.status === 200;
  });
}

/** Makes it log many lines; resolves to how many. */
async function talk(): Promise<number> {
  child.send('talk');
  const [lines] = (await once(child, 'message')) as [number];
  return lines;
}

async function expectAnswer(): Promise<void> {
  const answer = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ contact(id: \\"cas360:54\\") { name } }"}' });
  expect(await answer.json()).toEqual({ data: { contact: { name: 'Fancy Southern Africa Cat Council' } } });
}

/** `close`: once its output is read to the end as well. */
async function expectStop(event: 'exit' | 'close' = 'exit'): Promise<void> {
  const ended = once(child, event);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
}

describe('the service goes on answering, and stops in order, where its log and its errors go', () => {
  test.each<[string, readonly string[], () => StdioOptions, () => void]>([
    ['to a full disk', NODE, () => ['ignore', full, full, 'ipc'], () => {}],
    ['to a pipe that its reader has closed', NODE, () => ['ignore', 'pipe', 'pipe', 'ipc'], () => [child.stdout!, child.stderr!].forEach((stream) => stream.destroy())],
    ['to a pipe that nobody reads', NODE, () => ['ignore', 'pipe', 'pipe', 'ipc'], () => {}],
    ['nowhere', ['sh', '-c', `exec ${NODE.join(' ')} >&- 2>&-`], () => ['ignore', 'ignore', 'ignore', 'ipc'], () => {}],
  ])('%s', async (_where, command, stdio, whenStarted) => {
    await start(command, stdio(), whenStarted);
    await expectAnswer();
    await talk();
    await expectAnswer();
    await talk();
    await expectAnswer();
    await expectStop();
  });

  test('to a full disk, when npm runs it', async () => {
    // Without -s, npm itself ends where it cannot write its own first line.
    await start(['npm', 'run', '--silent', 'serve'], ['ignore', full, full]);
    await expectAnswer();
    await expectStop();
  });
});

test('a reader that comes back gets what was kept for it, within bounds, and then the lines of the moment', async () => {
  await start(NODE, ['ignore', 'pipe', 'ignore', 'ipc']);
  const lines = await talk();
  let text = '';
  (child.stdout as Readable).setEncoding('utf8').on('data', (part: string) => (text += part));
  await expectStop('close');
  expect(lines * LEAST_LINE_BYTES).toBeGreaterThan(2 * MOST_KEPT_BYTES);
  expect(text.length).toBeLessThan(MOST_KEPT_BYTES);
  const messages = text.trimEnd().split('\n').map((line) => (JSON.parse(line) as { msg: string }).msg);
  expect(messages.length).toBeGreaterThan(1_000);
  expect(messages.at(-1)).toBe('Stopped.');
});
