import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';

const NOBODY = 65_532;
const LEASH = 'test/support/leash.js';
const isRoot = process.getuid?.() === 0;
const POWERLESS = ['setpriv', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'];
const AS_NOBODY = [...POWERLESS, `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

let sandbox: Sandbox;
let folder: string;
/** What stands before `node`: nothing for an ordinary user. Root becomes nobody, or, where nobody may read the checkout, powerless. */
let prefix: readonly string[];
/** The flags of the container image, with the places of this checkout. */
let flags: readonly string[];

beforeAll(async () => {
  sandbox = await startSandbox();
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'contacts-hardened-')));
  const mayNobodyRead = isRoot && runs([...AS_NOBODY, process.execPath, '--eval', 'require("node:fs").readFileSync("dist/src/main.js")']);
  prefix = isRoot ? (mayNobodyRead ? AS_NOBODY : POWERLESS) : [];
  mkdirSync(join(folder, 'secrets'));
  mkdirSync(join(folder, 'tokens'));
  const secrets = { pms: sandbox.pms.client.secret, cas360: sandbox.cas360.client.secret, refresh: sandbox.cas360.initialRefreshToken, router: 'router-secret' };
  for (const [name, secret] of Object.entries(secrets)) writeFileSync(join(folder, 'secrets', name), `${secret}\n`, { mode: 0o444 });
  chmodSync(folder, 0o755);
  if (mayNobodyRead) chownSync(join(folder, 'tokens'), NOBODY, NOBODY);
  const readable = ['dist', 'package.json', LEASH, 'node_modules', join(folder, 'secrets'), join(folder, 'tokens')].flatMap((path) => [resolve(path), realpathSync(path)]);
  flags = ['--disable-proto=delete', '--disable-sigusr1', '--permission', ...readable.map((path) => `--allow-fs-read=${path}`), `--allow-fs-write=${join(folder, 'tokens')}`];
});
afterAll(async () => {
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

const command = (...parts: readonly string[]): [string, string[]] => [parts[0]!, parts.slice(1)];
const runs = (parts: readonly string[]): boolean => spawnSync(...command(...parts), { stdio: 'ignore' }).status === 0;

describe('Under a user without rights, and the permission model,', () => {
  let child: ChildProcess;
  const output = { text: '' };
  let url: string;

  beforeAll(async () => {
    const openSettings = Object.entries(sandbox.environment).filter(([name]) => !/SECRET|REFRESH_TOKEN/.test(name));
    const secretIn = (name: string): string => join(folder, 'secrets', name);
    const env = {
      ...Object.fromEntries(openSettings), PATH: process.env.PATH ?? '', HOST: '127.0.0.1', PORT: '0', MAX_EVENT_LOOP_DELAY_MS: '0',
      PMS_CLIENT_SECRET_FILE: secretIn('pms'), CAS360_CLIENT_SECRET_FILE: secretIn('cas360'), CAS360_REFRESH_TOKEN_FILE: secretIn('refresh'), ROUTER_SECRET_FILE: secretIn('router'),
      CAS360_TOKEN_FILE: join(folder, 'tokens', 'cas360.json'),
    };
    child = spawn(...command(...prefix, process.execPath, ...flags, '--import', `./${LEASH}`, 'dist/src/main.js'), { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    url = await new Promise<string>((resolve, reject) => {
      for (const stream of [child.stdout!, child.stderr!]) {
        stream.on('data', (text) => {
          output.text += String(text);
          const address = /"address":"([^"]+)"/.exec(output.text)?.[1];
          if (address) resolve(address);
        });
      }
      child.once('exit', () => reject(new Error(`It ended before it listened: ${output.text}`)));
    });
  }, 120_000);

  test('the service answers from both systems, with secrets from files', async () => {
    const post = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ query: '{ contacts(ids: ["cas360:54", "pms:4711"]) { name address { city } } }' }) });
    const answer = (await (await post({ 'router-authorization': 'router-secret' })).json()) as { data: { contacts: { name: string }[] }; errors?: unknown };
    expect(answer.errors).toBeUndefined();
    expect(answer.data.contacts.map(({ name }) => name)).toEqual(['Fancy Southern Africa Cat Council', 'Iris Maeve Vale']);
    expect((await post({})).status).toBe(401);
    for (const path of ['/health/live', '/health/ready', '/metrics']) expect((await fetch(url + path)).status).toBe(200);
  });

  test('it keeps the refresh token in the one folder that it may write to, for its own eyes', () => {
    const path = join(folder, 'tokens', 'cas360.json');
    expect(statSync(path).mode & 0o077).toBe(0);
    expect(readFileSync(path, 'utf8').length).toBeGreaterThan(10);
    expect(output.text).not.toMatch(/could not be written|kept in memory/);
  });

  test('it stops in good order', async () => {
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  }, 120_000);
});

test('Where the token file is outside the folder of the tokens, the start says so, and tells nobody to remove it', () => {
  const settings = { ...sandbox.environment, HOST: '127.0.0.1', PORT: '0', PATH: process.env.PATH ?? '', CAS360_TOKEN_FILE: join(folder, 'token') };
  const { status, stderr } = spawnSync(...command(...prefix, process.execPath, ...flags, 'dist/src/main.js'), { env: settings, encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toContain('CAS360_TOKEN_FILE: this user may not read and write it, or its folder');
  expect(stderr).toContain('In the image, it must be below /var/lib/contacts');
  expect(stderr).not.toContain('remove');
}, 120_000);

describe('A program that took over the process could not', () => {
  /** What stands before JavaScript that runs in the same confinement. */
  const confined = (): string[] => [...prefix, process.execPath, ...flags, '--input-type=commonjs', '--eval'];

  const DENIED = 'ERR_ACCESS_DENIED';
  const ATTEMPTS: readonly (readonly [what: string, ends: string, code: () => string])[] = [
    ['write beside the code', DENIED, () => `require("node:fs").writeFileSync(${JSON.stringify(realpathSync('dist/src'))} + "/x.js", "")`],
    ['write into the temporary folder', DENIED, () => `require("node:fs").writeFileSync(${JSON.stringify(join(tmpdir(), 'contacts-x'))}, "")`],
    ['change a secret', DENIED, () => `require("node:fs").writeFileSync(${JSON.stringify(join(folder, 'secrets', 'pms'))}, "")`],
    ['read the list of users', DENIED, () => 'require("node:fs").readFileSync("/etc/passwd")'],
    ['start a program', DENIED, () => 'require("node:child_process").execFileSync(process.execPath, ["--version"])'],
    ['start a thread', DENIED, () => 'new (require("node:worker_threads").Worker)("0", { eval: true })'],
    ['load a native library', 'ERR_DLOPEN_DISABLED', () => 'process.dlopen({ exports: {} }, "x.node")'],
    ['open an inspector', DENIED, () => 'require("node:inspector").open(0)'],
    ['reach a prototype by __proto__', '0', () => 'if (({}).__proto__ === undefined) throw 0'],
  ];

  test('do what an intruder would begin with', () => {
    const code = ATTEMPTS.map(([, , attempt]) => `try { ${attempt()}; ended.push('done') } catch (error) { ended.push(error.code ?? String(error)) }`).join('\n');
    const { stdout } = spawnSync(...command(...confined(), `const ended = [];\n${code}\nconsole.log(JSON.stringify(ended))`), { encoding: 'utf8' });
    const ended = JSON.parse(stdout) as string[];
    expect(ATTEMPTS.map(([what], n) => [what, ended[n]])).toEqual(ATTEMPTS.map(([what, ends]) => [what, ends]));
  });

  test('but it could do what the service has to', () => {
    const [secret, token] = [join(folder, 'secrets', 'pms'), join(folder, 'tokens', 'x')].map((path) => JSON.stringify(path));
    expect(runs([...confined(), `const { readFileSync, writeFileSync } = require("node:fs"); readFileSync(${secret}); writeFileSync(${token}, "")`])).toBe(true);
  });
});
