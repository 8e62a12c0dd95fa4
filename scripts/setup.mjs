// Makes a checkout ready to run: installs, generates and builds what is missing or out of date, and nothing else.
// Runs on the machine's own Node, which may be older than the one that the project runs on. Speaks on standard error.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// A test run has done it, and what it starts must find the same build.
if (process.env.SET_UP === 'done') process.exit();

const root = fileURLToPath(new URL('..', import.meta.url));
// The examples call this from their own folders.
process.chdir(root);
const installed = join(root, 'node_modules/.package-lock.json');
const stamp = join(root, 'dist/.stamp');
// The image is built without the examples.
const sources = ['package-lock.json', 'codegen.yml', 'tsconfig.json', 'tsconfig.build.json', 'examples/supergraph', 'graphiql', 'openapi', 'sandbox', 'schema', 'scripts', 'src'].filter((path) => existsSync(path));

if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`This needs Node 20 or newer to install itself; this is ${process.version}.`);
}
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync('package-lock.json').mtimeMs) {
  // npm would empty the folder that a link points to, which may be another checkout's.
  if (lstatSync('node_modules', { throwIfNoEntry: false })?.isSymbolicLink()) fail('node_modules is a link, and out of date: remove it, and run this again.');
  say('Installing the packages. This takes a minute the first time.');
  // No package needs a script to install. Development packages are what the build is made with.
  await run('npm', 'ci', '--ignore-scripts', '--include=dev', '--include=optional', '--loglevel=error');
}

const fingerprint = fingerprintOf(sources);
if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== fingerprint) {
  say('Building.');
  rmSync('dist', { recursive: true, force: true });
  await Promise.all([
    run('graphql-codegen', '--config', 'codegen.yml', '--silent'),
    run('openapi-typescript', 'openapi/pms.yaml', '--output', 'src/upstream/pms/records.generated.ts'),
    run('openapi-typescript', 'openapi/cas360.yaml', '--output', 'src/upstream/cas360/records.generated.ts'),
  ]);
  await Promise.all([run('tsc', '--project', 'tsconfig.build.json'), run('node', 'scripts/bundle-graphiql.mjs')]);
  for (const folder of ['openapi', 'schema', 'sandbox/page']) cpSync(folder, `dist/${folder}`, { recursive: true });
  mkdirSync('dist', { recursive: true });
  writeFileSync(stamp, fingerprint);
}

/** Names, sizes and times of all sources but those that are generated. */
function fingerprintOf(paths) {
  const hash = createHash('sha256');
  const add = (path) => {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  };
  for (const path of paths) {
    if (!statSync(path).isDirectory()) {
      add(path);
      continue;
    }
    for (const name of readdirSync(path, { recursive: true }).sort()) {
      if (name.includes('.') && !name.endsWith('.generated.ts')) add(join(path, name));
    }
  }
  return hash.digest('hex');
}

/** Runs a program of the project's, and shows what it says only if it fails. */
async function run(program, ...args) {
  const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  const child = spawn(program, args, { env: { ...process.env, PATH: path }, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  const code = await new Promise((resolve) => child.on('error', (error) => resolve(error.message)).on('close', resolve));
  if (code !== 0) fail(`${output}\n${program} ${args.join(' ')} failed (${code}).`);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
