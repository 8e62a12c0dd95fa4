// The last release, built in a temporary folder.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** The commit that sets the version can be one of several that only build together. */
const MAX_TRIES = 3;

/** Returns the folder, and a name for it. Throws if this clone lacks the release, or if it does not build. */
export function buildRelease() {
  const version = /^## (\d+\.\d+\.\d+)/m.exec(readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8'))?.[1];
  const commits = commitsOf(version);
  let failure;
  for (const commit of commits) {
    const folder = mkdtempSync(join(tmpdir(), 'contacts-release-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    failure = build(commit, folder);
    if (failure === undefined) return { folder, name: `${version} (${commit.slice(0, 7)})` };
  }
  throw new Error(`The release ${version} does not build.\n${failure}`);
}

/** The commit with the tag of the version; without a tag, the commit that set the version, and those after it. */
function commitsOf(version) {
  const tagged = git('tag', '--list', `v${version}`);
  if (tagged) return [git('rev-list', '-1', tagged)];
  const text = `"version": "${version}"`;
  const released = git('log', '--format=%H', `-S${text}`, '--', 'package.json').split('\n').find((commit) => commit && git('show', `${commit}:package.json`).includes(text));
  // The oldest commit of a shallow clone seems to add every line.
  const isCut = git('rev-parse', '--is-shallow-repository') === 'true' && released && !git('rev-list', '--parents', '-1', released).includes(' ');
  if (!released || isCut) throw new Error(`This clone lacks the commit of the release ${version}: fetch the whole history (git fetch --unshallow), or give the folder of a built checkout with --against.`);
  return [released, ...git('rev-list', '--reverse', `${released}..HEAD`).split('\n').filter(Boolean)].slice(0, MAX_TRIES);
}

/** Resolves to what the build printed if it failed. */
function build(commit, folder) {
  execFileSync('tar', ['-x', '-C', folder], { input: execFileSync('git', ['archive', commit], { cwd: ROOT, maxBuffer: 2 ** 30 }) });
  const lock = join(folder, 'package-lock.json');
  if (readFileSync(lock, 'utf8') === readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    // Older than the packages: otherwise its own set-up would install them again.
    utimesSync(lock, 0, 0);
  }
  // Installs the packages, unless they are there.
  const { status, stderr } = spawnSync(process.execPath, ['scripts/setup.mjs'], { cwd: folder, encoding: 'utf8' });
  return status === 0 && existsSync(join(folder, 'dist/src/main.js')) ? undefined : stderr;
}

function git(...args) {
  try {
    return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  } catch (error) {
    throw new Error(`The gate finds the last release with git: ${error.stderr || error.message}`, { cause: error });
  }
}
