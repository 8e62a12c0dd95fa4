import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';

let stop = async (): Promise<void> => {};
afterEach(() => stop());

/** Runs what `npm start` runs, with these settings, until it greets or ends. */
async function start(settings: Record<string, string>): Promise<{ url: string | undefined; out: string; err: string }> {
  const child = spawn(process.execPath, ['dist/sandbox/demo.js'], { env: { PORT: '0', ...settings } });
  const ended = once(child, 'close');
  stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  let [out, err] = ['', ''];
  child.stderr.on('data', (text) => (err += String(text)));
  for await (const text of child.stdout) if ((out += String(text)).includes('Ctrl-C')) break;
  return { url: /running at (\S+)/.exec(out)?.[1], out, err };
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
