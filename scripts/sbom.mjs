// Prints the bill of materials of what production installs, as CycloneDX. `npm sbom --omit dev` leaves out every package
// that a development package needs too, graphql and pino among them; so npm gets a lock file that has no others.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const read = (name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'));
const { name, version, license, dependencies } = read('package.json');
const manifest = { name, version, license, dependencies };
const lock = read('package-lock.json');
const shipped = Object.entries(lock.packages).filter(([, { dev, optional, devOptional }]) => !dev && !optional && !devOptional);

const temporary = mkdtempSync(join(tmpdir(), 'sbom-'));
// npm names the bill after its folder.
const folder = join(temporary, name);
try {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...lock, packages: { ...Object.fromEntries(shipped), '': manifest } }));
  process.stdout.write(execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], { cwd: folder, maxBuffer: 2 ** 26, stdio: ['ignore', 'pipe', 'pipe'] }));
} finally {
  rmSync(temporary, { recursive: true });
}
