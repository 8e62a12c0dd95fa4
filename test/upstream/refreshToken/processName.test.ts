import { execFileSync } from 'node:child_process';
import type * as fsModule from 'node:fs';
import type * as osModule from 'node:os';
import { beforeEach, expect, jest, test } from '@jest/globals';

/** The machine as a process sees it. */
let hostname: string;
let hasProc: boolean;
jest.unstable_mockModule('node:os', () => ({ ...jest.requireActual<typeof osModule>('node:os'), hostname: () => hostname }));
jest.unstable_mockModule('node:fs', () => {
  const read = (text: string) => (): string => {
    if (!hasProc) throw new Error('There is no /proc.');
    return text;
  };
  return { ...jest.requireActual<typeof fsModule>('node:fs'), readFileSync: read('a-boot\n'), readlinkSync: read('pid:[7]') };
});
const { isProcessGone, newProcessName } = await import('../../../src/upstream/oauth2/refreshToken/processName.js');

beforeEach(() => {
  hostname = 'one';
  hasProc = true;
});

test.each([
  ['one', true, 'one/a-boot/pid:[7]'],
  ["Ann's laptop/2", true, "Ann's-laptop-2/a-boot/pid:[7]"],
  ['one', false, 'one'],
])('On the host %j (with /proc: %s) the name of a process begins with %j', (host, isLinux, expected) => {
  hostname = host;
  hasProc = isLinux;
  const [place, pid, uuid, ...more] = newProcessName().split(' ');
  expect([place, pid, uuid!.length, more]).toEqual([expected, String(process.pid), 36, []]);
});

test.each([true, false])('A process that has ended is known to be gone only where its namespace is known (with /proc: %s)', (isLinux) => {
  hasProc = isLinux;
  const pid = execFileSync(process.execPath, ['-p', 'process.pid']).toString().trim();
  const [place] = newProcessName().split(' ');
  expect(isProcessGone(`${place} ${pid} x`)).toBe(isLinux);
});
