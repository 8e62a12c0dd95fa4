import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { request } from 'undici';
import { readDemoConfig } from '../../sandbox/demoConfig.js';
import { greetingOf } from '../../sandbox/greeting.js';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { FAULTS } from '../../src/errorCodes.js';
import { ALL_NAMED, ask, named, start, stop } from './support/start.js';

jest.setTimeout(120_000);

/** Plays the real systems. */
let real: Sandbox;
beforeAll(async () => {
  real = await startSandbox();
});
afterEach(() => stop());
afterAll(() => real.stop());

describe('npm start', () => {
  test('honours the settings of the environment', async () => {
    const { url } = await start({ MAX_DEPTH: '3', GRAPHIQL: 'false' });
    expect(await ask(url, '{ contact(id: "pms:4711") { address { city } } }')).toContain('Cork');
    expect(await ask(url, '{ contact(id: "pms:4711") { address { country { code } } } }')).toContain('LIMIT_EXCEEDED');
    expect((await fetch(url!, { headers: { accept: 'text/html' } })).status).toBe(405);
    const allowed = ['http://localhost:5173', 'http://127.0.0.1:3000', 'http://[::1]:8080', 'https://app.example.test'].map(async (origin) => (await fetch(url!, { headers: { origin } })).headers.get('access-control-allow-origin'));
    expect(await Promise.all(allowed)).toEqual(['http://localhost:5173', 'http://127.0.0.1:3000', 'http://[::1]:8080', null]);
  });

  test('takes an empty setting for one that is not given, and answers no web site that points a name of its own to this machine', async () => {
    const { url, out, err } = await start({ HOST: '', GRAPHIQL: '', PMS_BASE_URL: ' ', PMS_CLIENT_SECRET: '', CAS360_BASE_URL: '', AUTH_JWKS_URL: '', CAS360_TOKEN_FILE: '' });
    expect(url).toContain('http://127.0.0.1:');
    expect(await named(url)).toEqual(ALL_NAMED);
    expect(out).toContain('PMS      the sandbox, http://127.0.0.1:');
    expect(err).toBe('');
    const { port } = new URL(url!);
    for (const [host, status] of [['127.0.0.1', 200], ['localhost', 200], ['[::1]', 200], ['site.example.test', 421], ['127.0.0.1.site.example.test', 421]] as const) {
      for (const path of ['/graphql', '/', '/metrics', '/health/ready']) {
        const { statusCode, body } = await request(new URL(path, url), { headers: { host: `${host}:${port}`, accept: path === '/metrics' ? '*/*' : 'text/html' } });
        expect([host, path, statusCode]).toEqual([host, path, status === 200 && path === '/' ? 302 : status]);
        if (status === 421) expect(await body.json()).toMatchObject({ errors: [{ message: FAULTS.host }] });
        else await body.dump();
      }
    }
  });

  test('answers to all names where it listens for other machines', async () => {
    const { url } = await start({ HOST: '0.0.0.0' });
    const { statusCode, body } = await request(url!, { headers: { host: 'site.example.test', accept: 'text/html' } });
    await body.dump();
    expect(statusCode).toBe(200);
  });

  test('prints a header that carries the router secret, or the first of several', async () => {
    const { url, out } = await start({ ROUTER_SECRET: 'one, two' });
    const ofOne = greetingOf({ ...readDemoConfig({ ROUTER_SECRET: 'one' }, real), address: '', sandbox: real, tokens: undefined });
    for (const [secret, greeting] of [['one', ofOne], ['one, two', out]] as const) {
      const [, name, value] = /-H ("router-authorization): (.*?")/.exec(greeting)!;
      const { stdout } = await promisify(execFile)('sh', ['-c', `printf %s ${name}: ${value}`], { env: { ROUTER_SECRET: secret } });
      expect(stdout).toBe('router-authorization: one');
    }
    expect(await ask(url, '{ __typename }', { 'router-authorization': 'one' })).toContain('Query');
  });

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
  });

  test('says all that is wrong with them, and stops where settings of a real account would be mixed with the sandbox', async () => {
    const { url, err } = await start({ PMS_CLIENT_SECRET: 'real', CAS360_TOKEN_URL: 'https://real.test', CAS360_REFRESH_TOKEN_FILE: '/nowhere', AUTH_AUDIENCE: 'real', MAX_DEPTH: 'three', ROUTER_SECRET: '' });
    expect(url).toBeUndefined();
    expect(err).toContain('  - MAX_DEPTH must be a whole number');
    expect(err).toContain('  - ROUTER_SECRET is empty');
    for (const [name, other] of [['PMS_CLIENT_SECRET', 'PMS_BASE_URL'], ['CAS360_TOKEN_URL', 'CAS360_BASE_URL'], ['CAS360_REFRESH_TOKEN_FILE', 'CAS360_BASE_URL'], ['AUTH_AUDIENCE', 'AUTH_JWKS_URL']]) {
      expect(err).toContain(`  - ${name} is set, and ${other} is not: set both for a real one, or neither for the sandbox's\n`);
    }
    expect(err.match(/^ {2}- /gm)).toHaveLength(6);
  });

  test('keeps the refresh token of its CAS 360 in the file that it is given, but not in the place of a real one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'contacts-start-'));
    const file = join(folder, 'token');
    try {
      for (let starts = 0; starts < 2; starts++) {
        const { url } = await start({ CAS360_TOKEN_FILE: file });
        expect(await named(url)).toEqual(ALL_NAMED);
        await stop();
        expect(await readFile(file, 'utf8')).toContain('"refreshToken":"refresh-');
      }
      const real = (await readFile(file, 'utf8')).replace(/"refreshToken":"[^"]+"/, '"refreshToken":"of-a-real-account"');
      await writeFile(file, real);
      const { url, err } = await start({ CAS360_TOKEN_FILE: file });
      expect([url, err]).toEqual([undefined, expect.stringContaining('CAS360_TOKEN_FILE holds the refresh token of a real CAS 360')]);
      expect(await readFile(file, 'utf8')).toBe(real);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('npm start with real systems, which another sandbox plays', () => {
  beforeEach(() => {
    for (const system of [real.pms, real.cas360]) system.resetCalls();
  });

  const settingsOf = (...systems: string[]): Record<string, string> => {
    const all = { ...real.environment, CAS360_REFRESH_TOKEN: real.cas360.issueRefreshToken() };
    return Object.fromEntries(Object.entries(all).filter(([name]) => systems.includes(name.split('_')[0]!)));
  };
  const dataCalls = (): number[] => [real.pms, real.cas360].map(({ calls }) => calls.filter(({ kind }) => kind !== 'token').length);
  const OPEN = 'Neither ROUTER_SECRET nor AUTH_JWKS_URL is set: everybody who reaches the port may read what needs no scope.\n';
  const IN_MEMORY = 'CAS360_TOKEN_FILE is not set: the refresh token is kept in memory only, and CAS 360 voids the one in the environment once it is used.\n';

  test('asks the PMS that the environment names, and the sandbox for the rest; its tokens open no field of a real system', async () => {
    const started = await start(settingsOf('PMS'));
    const { url, out } = started;
    expect(await named(url)).toEqual(ALL_NAMED);
    expect(dataCalls()).toEqual([1, 0]);
    expect(out).toContain(`PMS      real, ${real.pms.url}/`);
    expect(out).toContain('CAS 360  the sandbox, http://127.0.0.1:');
    expect(out).toContain('callers  anonymous, without scopes');
    expect(out).not.toMatch(/eyJ|pms:4711/);
    await stop();
    expect(started.err).toBe(OPEN);
  });

  test('asks both, and takes the tokens of the issuer that the environment names', async () => {
    const started = await start(settingsOf('PMS', 'CAS360', 'AUTH'));
    const { url, out } = started;
    const authorization = `Bearer ${await real.identity.token({ scopes: ['contact:identity'] })}`;
    expect(await ask(url, '{ contact(id: "pms:4711") { dateOfBirth } }', { authorization })).toContain('1990-05-01');
    expect(await named(url)).toEqual(ALL_NAMED);
    expect(dataCalls()).toEqual([1 + 1, 1]);
    expect(out).toContain(`callers  tokens of ${real.identity.url}`);
    expect(out).not.toMatch(/eyJ|in a browser: the page/);
    await stop();
    expect(started.err).toBe(IN_MEMORY);
  });

  test('takes the tokens of that issuer for the contacts of the sandbox', async () => {
    const { url, out } = await start(settingsOf('AUTH'));
    const authorization = `Bearer ${await real.identity.token({ scopes: ['contact:identity'] })}`;
    expect(await ask(url, '{ contact(id: "pms:4711") { dateOfBirth } }', { authorization })).toContain('1990-05-01');
    expect(dataCalls()).toEqual([0, 0]);
    expect(out).not.toContain('eyJ');
  });

  test('goes through the proxy to a real system, and not to the sandbox', async () => {
    const { url } = await start({ ...settingsOf('PMS'), HTTP_PROXY: 'http://127.0.0.1:1' });
    const { data, errors } = JSON.parse(await ask(url, '{ contacts(ids: ["pms:4711", "cas360:54"]) { name } }')) as { data: unknown; errors: { path: unknown[] }[] };
    expect(data).toEqual({ contacts: [null, { name: 'Fancy Southern Africa Cat Council' }] });
    expect(errors.map(({ path }) => path.join('.'))).toEqual(['contacts.0']);
    expect(real.pms.calls).toEqual([]);
  });
});
