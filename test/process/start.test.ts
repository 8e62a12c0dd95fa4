import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';

let stop = async (): Promise<void> => {};
afterEach(() => stop());

/** Runs what `npm start` runs, with these settings, until it greets or ends. */
async function start(settings: Record<string, string>): Promise<{ url: string | undefined; out: string; err: string; code: Promise<unknown> }> {
  const child = spawn(process.execPath, ['dist/sandbox/demo.js'], { env: { PORT: '0', ...settings } });
  const ended = once(child, 'close');
  stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  let [out, err] = ['', ''];
  child.stderr.on('data', (text) => (err += String(text)));
  for await (const text of child.stdout) if ((out += String(text)).includes('Ctrl-C')) break;
  return { url: /running at (\S+)/.exec(out)?.[1], out, err, code: ended.then(([code]: unknown[]) => code) };
}

async function ask(url: string | undefined, query: string): Promise<string> {
  const response = await fetch(url!, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) });
  return response.text();
}

describe('npm start', () => {
  test('honours the settings of the environment', async () => {
    const { url } = await start({ MAX_DEPTH: '3', GRAPHIQL: 'false' });
    expect(await ask(url, '{ contact(id: "pms:4711") { address { city } } }')).toContain('Cork');
    expect(await ask(url, '{ contact(id: "pms:4711") { address { country { code } } } }')).toContain('LIMIT_EXCEEDED');
    expect((await fetch(url!, { headers: { accept: 'text/html' } })).status).toBe(405);
  }, 30_000);

  test('says what is wrong with them', async () => {
    const { url, err } = await start({ MAX_DEPTH: 'three', ROUTER_SECRET: '' });
    expect(url).toBeUndefined();
    expect(err).toContain('  - MAX_DEPTH must be a whole number');
    expect(err).toContain('  - ROUTER_SECRET is empty');
  }, 30_000);

  test('says what to do where it cannot listen', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      for (const [given, said] of [
        [{ PORT: String(port) }, `PORT: another program listens at port ${port} of 127.0.0.1. End it, or choose another port: PORT=4100.`],
        [{ HOST: '192.0.2.1' }, 'HOST: this machine does not have the address 192.0.2.1. Use 127.0.0.1 for this machine alone, or 0.0.0.0 for all of its addresses.'],
      ] as const) {
        const { url, err, code } = await start(given);
        expect([url, err, await code]).toEqual([undefined, `${said}\n`, 1]);
      }
    } finally {
      other.close();
    }
  }, 60_000);

  test('asks the sandbox, whatever real systems the environment names', async () => {
    const nowhere = 'http://127.0.0.1:1';
    const real = {
      PMS_BASE_URL: nowhere, PMS_TOKEN_URL: nowhere, PMS_CLIENT_ID: 'real', PMS_CLIENT_SECRET_FILE: '/nowhere', PMS_SCOPE: 'real',
      CAS360_BASE_URL: nowhere, CAS360_TOKEN_URL: nowhere, CAS360_CLIENT_SECRET: 'real', CAS360_REFRESH_TOKEN_FILE: '/nowhere', CAS360_TOKEN_FILE: '/nowhere/token', CAS360_SCOPE: 'real',
      AUTH_JWKS_URL: nowhere, AUTH_ISSUER: nowhere, REDIS_URL: 'redis://127.0.0.1:1',
    };
    const { url, err } = await start({ ...real, CAS360_MAX_IDS: '1' });
    const answer = await ask(url, '{ contacts(ids: ["pms:4711", "cas360:54", "cas360:555742"]) { name } }');
    expect(JSON.parse(answer)).toEqual({ data: { contacts: [{ name: 'Iris Maeve Vale' }, { name: 'Fancy Southern Africa Cat Council' }, { name: 'Anne Smith' }] } });
    expect(await (await fetch(new URL('/health/ready', url))).text()).not.toContain('redis');
    expect(err).toBe('');
  }, 30_000);
});
