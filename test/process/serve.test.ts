import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { serve } from '../support/serve.js';
import { COMPILE_CACHE } from '../support/subgraph.js';
import { until } from '../support/until.js';

jest.setTimeout(120_000);

/** Prints when each signal reaches the service. The variable is npm's too. */
const NOTE = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs';
  if (process.argv[1]?.endsWith('main.js')) process.on('SIGINT', () => writeSync(2, 'signal at ' + performance.now() + '\\n'));
`)}`;
/** Of src/signals.ts. */
const ECHO_MS = 150;
/** Of src/app.ts. */
const DRAIN_MS = 3_000;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

/** Each start needs a refresh token of its own: the first one voids the sandbox's. */
const settings = (): Record<string, string> => ({ ...sandbox.environment, CAS360_REFRESH_TOKEN: sandbox.cas360.issueRefreshToken() });

const ask = (url: string): Promise<unknown> =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ contact(id: "cas360:54") { name } }' }),
  }).then((response) => response.json());

/** Asks, and resolves once the register has the call, which it holds until it is let go. */
async function askHeld(url: string): Promise<{ underWay: Promise<unknown>; letGo: () => void }> {
  sandbox.cas360.resetCalls();
  const letGo = sandbox.cas360.hold();
  const underWay = ask(url).catch(() => undefined);
  await until('its call is under way', () => sandbox.cas360.calls.some(({ kind }) => kind === 'contacts'));
  return { underWay, letGo };
}

/** Runs, without npm between, what `npm run serve` runs, until it ends. */
async function refused(settings: Record<string, string>): Promise<{ out: string; err: string; code: unknown }> {
  const child = spawn(process.execPath, ['dist/src/main.js'], { env: { ...COMPILE_CACHE, HOST: '127.0.0.1', PORT: '0', ...settings } });
  const closed = once(child, 'close');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await closed;
  return { out, err, code };
}

const NAMED = { data: { contact: { name: 'Fancy Southern Africa Cat Council' } } };

describe('npm run serve', () => {
  test('takes everything from the environment, and stops in order when npm is told to; warns that a refresh token in memory does not outlive it, and logs no secret', async () => {
    const environment = settings();
    const { url, pid, ended, output } = await serve(environment);
    expect(await ask(url!)).toEqual(NAMED);
    process.kill(pid, 'SIGTERM');
    expect(await ended).toBe(0);
    expect(output.out.match(/Told to stop/g)).toHaveLength(1);
    expect(output.out).toContain('CAS360_TOKEN_FILE is not set');
    for (const name of ['PMS_CLIENT_SECRET', 'CAS360_CLIENT_SECRET', 'CAS360_REFRESH_TOKEN']) expect(output.out + output.err).not.toContain(environment[name]);
  });

  test('takes a signal to the whole group, as a terminal sends it, for one; answers while it stops', async () => {
    const { answers, code, out } = await until('npm passes its signal on at once, and callers come within the drain', async () => {
      const { url, pid, ended, output } = await serve({ ...settings(), NODE_OPTIONS: `--import ${NOTE}` });
      const { underWay, letGo } = await askHeld(url!);
      const signalledAtMs = performance.now();
      process.kill(-pid, 'SIGINT');
      await until('it says that it stops', () => output.out.includes('Told to stop'));
      const asking = async (): Promise<object> => {
        const ready = await fetch(`${url!}/health/ready`);
        const live = await fetch(`${url!}/health/live`);
        letGo();
        return { readiness: ready.status, connection: live.headers.get('connection'), underWay: await underWay, late: await ask(url!) };
      };
      const answers = await asking().catch((error: unknown) => error);
      const tookMs = performance.now() - signalledAtMs;
      letGo();
      const code = await ended;
      const [first, second] = Array.from(output.err.matchAll(/signal at (\S+)/g), ([, atMs]) => Number(atMs));
      return tookMs < DRAIN_MS && second! - first! <= ECHO_MS && { answers, code, out: output.out };
    }, 100_000);
    expect(answers).toEqual({ readiness: 503, connection: 'close', underWay: NAMED, late: NAMED });
    expect(code).toBe(0);
    expect(out.match(/Told to stop/g)).toHaveLength(1);
  });

  test('exits at once on a second signal', async () => {
    const { url, pid, ended, output } = await serve(settings());
    // In order, it would wait for this one.
    const { underWay, letGo } = await askHeld(url!);
    process.kill(pid, 'SIGTERM');
    await until('it says that it stops', () => output.out.includes('Told to stop'));
    await sleep(300);
    process.kill(pid, 'SIGTERM');
    // In order, it exits with 0.
    expect(await ended).not.toBe(0);
    letGo();
    await underWay;
  });

  test('does not start with faulty settings, and names them all', async () => {
    const { out, err, code } = await refused({ CAS360_BASE_URL: 'nowhere', PMS_BASE_URL: 'https://pms.test', GRAPHIQL: 'maybe' });
    expect(code).toBe(1);
    expect(out).not.toContain('"address"');
    expect(err).toContain('The settings cannot be used:\n  - PMS_TOKEN_URL');
    for (const name of ['PMS_CLIENT_ID', 'PMS_CLIENT_SECRET', 'CAS360_BASE_URL', 'GRAPHIQL']) expect(err).toContain(`  - ${name} `);
    expect(err).not.toMatch(/^\s+at /m);
  });

  test('does not start with nothing set, nor with an empty secret, and says why in one message', async () => {
    for (const [given, faults] of [
      [{}, ['Neither PMS_BASE_URL nor CAS360_BASE_URL is set']],
      [{ ROUTER_SECRET: '' }, ['ROUTER_SECRET is empty', 'Neither PMS_BASE_URL nor CAS360_BASE_URL is set']],
    ] as const) {
      const { out, err, code } = await refused(given);
      expect(code).toBe(1);
      expect(out).not.toContain('"address"');
      expect(err.match(/(?<=^ +- )(?:ROUTER_SECRET is empty|Neither .* is set)/gm)).toEqual(faults);
    }
  });

  test('says what to do where it cannot listen, or cannot keep the refresh token', async () => {
    const { port } = new URL(sandbox.pms.url);
    for (const [given, said] of [
      [{ PORT: port }, `PORT: another program listens at port ${port} of 127.0.0.1. End it, or choose another port: PORT=4100.`],
      // An address for documentation, and a name that never exists (RFC 5737, RFC 6761).
      [{ HOST: '192.0.2.1' }, 'HOST: this machine does not have the address 192.0.2.1. Use 127.0.0.1 for this machine alone, or 0.0.0.0 for all of its addresses.'],
      [{ HOST: 'contacts.invalid' }, 'HOST: no address is known for the name contacts.invalid. Use 127.0.0.1 for this machine alone, or 0.0.0.0 for all of its addresses.'],
      [{ CAS360_TOKEN_FILE: '/nowhere/token' }, 'CAS360_TOKEN_FILE: its folder does not exist: create it.'],
    ] as const) {
      const { out, err, code } = await refused({ ...settings(), ...given });
      expect(code).toBe(1);
      expect(out).not.toContain('"address"');
      expect(err).toBe(`${said}\n`);
    }
  });
});
