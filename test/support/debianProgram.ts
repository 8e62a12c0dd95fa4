import { execFileSync } from 'node:child_process';
import { accessSync } from 'node:fs';

/** Debian only recommends it with the package, and the program does nothing without it. */
const ALSO: Partial<Record<string, string>> = { gcc: ' libc6-dev' };

/** The path of a program of Debian's package of the same name. Installs it where that may be done without asking. */
export function debianProgram(name: 'redis-server' | 'nginx' | 'chromium' | 'spin' | 'gcc' | 'openssl'): string {
  const path = found(name);
  if (path) return path;
  if (process.getuid?.() !== 0 || !found('apt-get')) throw new Error(`This test runs a real ${name}, which is not installed. On Debian: apt-get install ${name}`);
  // Several test files may find it missing at once.
  const install = `command -v ${name} || { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ${name}${ALSO[name] ?? ''}; }`;
  execFileSync('flock', ['/var/lock/contacts-subgraph-test', 'sh', '-c', install], { stdio: ['ignore', 'ignore', 'inherit'] });
  return found(name)!;
}

function found(name: string): string | undefined {
  return [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/usr/sbin'].map((folder) => `${folder}/${name}`).find((path) => {
    try {
      accessSync(path, 1);
      return true;
    } catch {
      return false;
    }
  });
}
