import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { FileStore } from '../../../src/upstream/oauth2/refreshToken/fileStore.js';
import { report } from '../../support/figures.js';
import { COMPILE_CACHE } from '../../support/subgraph.js';
import { counted, heldBy } from './support/states.js';

const UPDATES = 1_000;
const PROCESSES = 4;
const LONGEST_MS = 120_000;

// With 2 s a frozen process keeps its lock. With 5 ms a lock is taken from processes that only wait for their turn of the CPU.
test.each([2_000, 5])('No update is lost while processes are frozen and killed, with locks that are removed after %d ms', async (stuckMs) => {
  const folder = await mkdtemp(join(tmpdir(), 'contacts-processes-'));
  const path = join(folder, 'token.json');
  const written: string[] = [];
  let [freezes, kills] = [0, 0];
  const start = (): ChildProcess => {
    const child = fork('./test/upstream/refreshToken/support/counter.ts', [path, String(stuckMs)], { env: { PATH: process.env.PATH, ...COMPILE_CACHE }, execArgv: ['--import', './test/support/leash.js'] });
    child.on('message', (mark) => written.push(mark as string));
    return child;
  };
  const processes = Array.from({ length: PROCESSES }, start);
  for (const endsAtMs = performance.now() + LONGEST_MS; written.length < UPDATES && performance.now() < endsAtMs; ) {
    const n = Math.floor(Math.random() * PROCESSES);
    const child = processes[n]!;
    await sleep(Math.random() * 20);
    if (Math.random() < 0.1) {
      kills++;
      child.kill('SIGKILL');
      await once(child, 'exit');
      processes[n] = start();
    } else {
      freezes++;
      child.kill('SIGSTOP');
      await sleep(Math.random() * 40);
      child.kill('SIGCONT');
    }
  }
  await Promise.all(
    processes.map(async (child) => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }),
  );
  const store = new FileStore(path);
  const { began, count } = (await counted(store))!;
  report(`file of the refresh token, locks removed after ${stuckMs} ms`, { updates: written.length, freezes, kills, 'written and not reported': count - 1 - written.length });
  expect(written.length).toBeGreaterThanOrEqual(UPDATES);
  const kept = new Set(began);
  expect(written.filter((mark) => !kept.has(mark))).toEqual([]);
  // Each mark was added once, and after the first state there is nothing else.
  expect([kept.size, began.length]).toEqual([count, count]);
  expect(await heldBy(store)).toMatchObject({ count });
  expect(await readdir(folder)).toEqual(['token.json']);
  await rm(folder, { recursive: true });
}, 2 * LONGEST_MS);
