import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

interface Manifest {
  readonly dependencies: Record<string, string>;
}
interface Lock {
  readonly packages: Record<string, { version: string; resolved?: string; integrity?: string; link?: boolean; dev?: boolean; hasInstallScript?: boolean; optional?: boolean }>;
}
interface BillOfMaterials {
  readonly bomFormat: string;
  readonly components: { name: string; version: string; hashes?: { alg: string }[]; licenses?: { license?: { id?: string; name?: string }; expression?: string }[] }[];
}

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const manifest = read('package.json') as Manifest;
const lock = read('package-lock.json') as Lock;
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');

/** Licences that ask for no more than to be named. */
const LICENCES = ['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'CC0-1.0', 'Unlicense'];
const MOST_DEPENDENCIES = 25;

describe('The lock file', () => {
  test('has the SHA-512 of every package', () => {
    expect(locked.length).toBeGreaterThan(100);
    expect(locked.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '')).map(([path]) => path)).toEqual([]);
  });

  test('names no address, and no folder, to get one from', () => {
    expect(locked.filter(([, { resolved, link }]) => resolved !== undefined || link)).toEqual([]);
    expect(readFileSync('package-lock.json', 'utf8')).not.toMatch(/"(resolved|version)": "(https?|git|file|github)/);
  });

  test('has no package whose script would have to run, and none is run', () => {
    // Its script only prints a hint about versions.
    expect(locked.filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev).map(([path]) => path)).toEqual(['node_modules/@apollo/protobufjs']);
    for (const path of ['scripts/setup.mjs', 'Dockerfile']) {
      const installs = readFileSync(path, 'utf8').split('\n').filter((line) => /npm.{0,4}ci\b/.test(line));
      expect(installs.length).toBeGreaterThan(0);
      expect(installs.filter((line) => !line.includes('--ignore-scripts'))).toEqual([]);
    }
  });
});

describe('What production depends on', () => {
  test('is given exactly, and is little', () => {
    const versions = Object.values(manifest.dependencies);
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    expect(versions.length).toBeLessThanOrEqual(MOST_DEPENDENCIES);
  });

  test('has its reason in docs/dependencies.md, each', () => {
    const rows = readFileSync('docs/dependencies.md', 'utf8').matchAll(/^\| `([^`]+)` \| (.+) \|$/gm);
    const reasons = new Map([...rows].map(([, name, reason]) => [name, reason]));
    expect([...reasons.keys()].sort()).toEqual(Object.keys(manifest.dependencies).sort());
    expect([...reasons.values()].filter((reason) => (reason ?? '').trim().length < 20)).toEqual([]);
  });
});

describe('The bill of materials (npm run sbom)', () => {
  const bill = JSON.parse(execFileSync('npm', ['run', '--silent', 'sbom'], { encoding: 'utf8', maxBuffer: 2 ** 26, stdio: ['ignore', 'pipe', 'ignore'] })) as BillOfMaterials;

  test('lists every runtime dependency at its version, and no development dependency', () => {
    expect(bill.bomFormat).toBe('CycloneDX');
    const versions = new Map(bill.components.map(({ name, version }) => [name, version]));
    for (const [name, version] of Object.entries(manifest.dependencies)) expect([name, versions.get(name)]).toEqual([name, version]);
    const shipped = new Set(locked.filter(([, { dev, optional }]) => !dev && !optional).map(([path]) => path.split('node_modules/').pop()));
    expect(bill.components.filter(({ name }) => !shipped.has(name))).toEqual([]);
  });

  test('has licences that we can keep, and no others', () => {
    const licencesOf = ({ licenses = [] }: BillOfMaterials['components'][number]): string[] => licenses.flatMap(({ license, expression }) => license?.id ?? license?.name ?? expression?.match(/[\w.-]+/g)?.filter((word) => word !== 'AND') ?? 'none');
    const unfit = bill.components.filter((component) => licencesOf(component).length === 0 || !licencesOf(component).every((one) => LICENCES.includes(one)));
    expect(unfit.map((component) => [component.name, licencesOf(component)])).toEqual([]);
  });

  test('has the hash of every package', () => {
    expect(bill.components.filter(({ hashes }) => !hashes?.some(({ alg }) => alg === 'SHA-512')).map(({ name }) => name)).toEqual([]);
  });
});
