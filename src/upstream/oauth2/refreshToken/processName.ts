import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A new name: `<host> <process id> <UUID>`. The host includes the boot and the PID namespace, in which the process id is unique. */
export function newProcessName(): string {
  return `${host()} ${process.pid} ${randomUUID()}`;
}

/** Whether the process with this name has ended for certain. False if that cannot be known, for example on another host. */
export function isProcessGone(name: string): boolean {
  const [place, pid] = name.split(' ');
  if (place !== host() || !place.includes('/')) return false;
  try {
    // Signal 0 only asks whether the process exists.
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Two containers can have the same hostname and the same process ids. Their PID namespaces differ. */
function host(): string {
  const name = hostname().replaceAll(/[\s/]/g, '-');
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${name}/${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return name;
  }
}
