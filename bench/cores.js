import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';

/** With several cores, the server has the first one to itself; the other processes share the rest. */
const SERVER_CORE = '0';
const OTHER_CORES = `1-${cpus().length - 1}`;
export const isPinned = cpus().length > 1 && canPin();

/** The words before a command that start it on its core. */
export const onCore = (isServer) => (isPinned ? ['taskset', '-c', isServer ? SERVER_CORE : OTHER_CORES] : []);

export function pinLoadGenerator() {
  if (isPinned) execFileSync('taskset', ['-a', '-p', '-c', OTHER_CORES, String(process.pid)], { stdio: 'ignore' });
}

/** False without `taskset`, or if a container forbids one of the cores. */
function canPin() {
  try {
    for (const list of [SERVER_CORE, OTHER_CORES]) execFileSync('taskset', ['-c', list, process.execPath, '--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
