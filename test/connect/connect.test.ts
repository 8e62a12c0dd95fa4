import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as netConnect } from 'node:net';
import { describe, expect, jest, test } from '@jest/globals';
import { request } from 'undici';
import { hashOf } from '../../src/upstream/oauth2/refreshToken/state.js';
import { freePort } from '../support/freePort.js';
import { HttpProxy } from '../support/httpProxy.js';
import { until } from '../support/until.js';
import { connectHere, decide, show, startConnect } from './support/connecting.js';
import { Stage } from './support/stage.js';

jest.setTimeout(30_000);

const stage = new Stage();

describe('npm run connect', () => {
  test('stores what the approval gave, says so at the terminal and in the browser, and what to do next', async () => {
    const { address, output, ended } = stage.connect();
    const { status, text, headers } = await show(await decide(await address()));
    expect([status, text]).toEqual([200, expect.stringContaining('CAS 360 is connected. You can close this page.')]);
    expect([headers.get('cache-control'), headers.get('referrer-policy')]).toEqual(['no-store', 'no-referrer']);
    expect(await ended).toBe(0);
    expect(output.text).toContain('The tokens are in CAS360_TOKEN_FILE, and were read back');
    expect(output.text).toContain('CAS360_REFRESH_TOKEN need not be set');
    const kept = (await stage.stored())!;
    expect(kept).toMatchObject({ count: 0, mark: 'usable', turn: undefined, began: [hashOf(kept.refreshToken)] });
    expect(kept.grant!.expiresAtMs - Date.now()).toBeGreaterThan(3_500_000);
    const contact = await fetch(`${stage.sandbox.cas360.url}/contacts/54`, { headers: { authorization: `bearer ${kept.grant!.accessToken}` } });
    expect([contact.status, (await contact.text()).includes('Council')]).toEqual([200, true]);
    expect(await stage.isGood(kept.refreshToken)).toBe(true);
  });

  test('leads to the page with all that it needs, and another state each time', async () => {
    const first = await stage.connect().address();
    stage.port = await freePort();
    const second = await stage.connect({ CAS360_TOKEN_FILE: `${stage.path}2`, CAS360_BASE_URL: `${stage.sandbox.cas360.url}/` }).address();
    expect(first.pathname).toBe('/oauth/authorize');
    expect(second.pathname).toBe('/oauth/authorize');
    const { state, ...others } = Object.fromEntries(first.searchParams);
    expect(others).toEqual({ response_type: 'code', client_id: 'sandbox-cas360', scope: 'cas360', redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/) });
    expect(state).toMatch(/^[\w-]{43}$/);
    expect(second.searchParams.get('state')).not.toBe(state);
  });

  test('stores nothing when the approval is denied', async () => {
    const { address, output, ended } = stage.connectHere();
    const { text } = await show(await decide(await address(), 'no'));
    expect(text).toContain('The approval was denied. Nothing was stored. You can close this page.');
    expect(await ended).toBe(1);
    expect(output.text).toContain('The approval was denied. Nothing was stored.');
    expect([existsSync(stage.path), stage.exchanges()]).toEqual([false, 0]);
  });

  test.each([
    ['invalid_scope', 'CAS360_SCOPE'],
    ['something_new', 'for a reason that this command does not recognise'],
  ])('says in its own words why CAS 360 refuses with %s', async (error, said) => {
    const { address, output, ended } = stage.connectHere();
    const { searchParams } = await address();
    await show(`${stage.redirect}?error=${error}&error_description=refresh-0a1b2c3d4e&state=${searchParams.get('state')}`);
    expect(await ended).toBe(1);
    expect(output.text).toContain(said);
    expect(output.text).not.toContain('something_new');
  });

  test('waits on after calls that are not the answer, and takes one answer only', async () => {
    const { address, ended, output } = stage.connectHere();
    const right = await decide(await address());
    const code = right.searchParams.get('code')!;
    const state = right.searchParams.get('state')!;
    const calls: [number, string | URL, RequestInit?][] = [
      [404, new URL('/', right)],
      [404, new URL('/favicon.ico', right)],
      [404, `${stage.redirect}/more${right.search}`],
      [405, right, { method: 'POST' }],
      [400, stage.redirect],
      [400, `${stage.redirect}?code=${code}`],
      [400, `${stage.redirect}?code=${code}&state=guess`],
      [400, `${stage.redirect}?error=access_denied&state=guess`],
      [400, `${stage.redirect}?state=${state}`],
      [400, `${stage.redirect}?code=&state=${state}`],
      [400, `${stage.redirect}?code=${code}&code=other&state=${state}`],
      [400, `${stage.redirect}?code=${code}&state=${state}&state=guess`],
    ];
    for (const [status, url, init] of calls) expect([url, (await show(url, init)).status]).toEqual([url, status]);
    expect(stage.exchanges()).toBe(0);
    // A page elsewhere that has named this machine after itself.
    const elsewhere = await request(right, { headers: { host: 'attacker.test' } });
    expect(elsewhere.statusCode).toBe(404);
    await elsewhere.body.dump();
    stage.sandbox.cas360.faults.set([{ on: 'token', heldMs: 1_000 }]);
    const first = show(right);
    await until('the code is exchanged', () => stage.exchanges() === 1);
    expect(await show(right)).toMatchObject({ status: 409, text: expect.stringContaining('received before') });
    expect(await first).toMatchObject({ status: 200, text: expect.stringContaining('connected') });
    expect([await ended, stage.exchanges()]).toEqual([0, 1]);
    expect(output.text).not.toContain('not the address');
  });

  test('says that the secret is wrong', async () => {
    const { address, output, ended } = stage.connectHere({ CAS360_CLIENT_SECRET: 'guess' });
    const { text } = await show(await decide(await address()));
    expect(text).toContain('CAS 360 does not accept CAS360_CLIENT_ID with CAS360_CLIENT_SECRET');
    expect(await ended).toBe(1);
    expect(output.text).toContain('CAS 360 does not accept CAS360_CLIENT_ID with CAS360_CLIENT_SECRET');
    expect(existsSync(stage.path)).toBe(false);
  });

  test('says that the client id is not known, as CAS 360 words it', async () => {
    const { address, output, ended } = stage.connectHere();
    stage.sandbox.cas360.faults.set([{ on: 'token', status: 400, body: '{"error":"unauthorized"}' }]);
    await show(await decide(await address()));
    expect(await ended).toBe(1);
    expect(output.text).toContain('CAS 360 does not accept CAS360_CLIENT_ID with CAS360_CLIENT_SECRET');
  });

  test('says that the code was used before', async () => {
    const { address, output, ended } = stage.connectHere();
    const right = await decide(await address());
    const code = right.searchParams.get('code')!;
    expect(await stage.isGranted({ grant_type: 'authorization_code', code, redirect_uri: stage.redirect })).toBe(true);
    await show(right);
    expect(await ended).toBe(1);
    expect(output.text).toContain('CAS 360 does not accept the code');
    expect(existsSync(stage.path)).toBe(false);
  });

  test('says that no refresh token was granted', async () => {
    const { address, output, ended } = stage.connectHere();
    stage.sandbox.cas360.faults.set([{ on: 'token', withoutKeys: ['refresh_token'] }]);
    await show(await decide(await address()));
    expect(await ended).toBe(1);
    expect(output.text).toContain('CAS 360 granted no refresh token');
    expect(existsSync(stage.path)).toBe(false);
  });
});

describe('What cannot be run', () => {
  test.each([
    ['settings that are missing', startConnect, [], 1, '  - CAS360_BASE_URL is missing'],
    ['a word that is not known', startConnect, ['--replace-all'], 2, '--redirect-uri ADDRESS'],
    ['a redirect address of no use', connectHere, ['--redirect-uri', 'x'], 2, '--redirect-uri must be'],
  ])('is told apart by its exit code: %s', async (_what, run, words, code, said) => {
    const { ended, output } = run({}, ...words);
    expect(await ended).toBe(code);
    expect(output.text).toContain(said);
    expect(output.text).not.toMatch(/^\s+at /m);
  });

  test('is not asked for by --help', async () => {
    const { ended, output } = connectHere({}, '--help');
    expect(await ended).toBe(0);
    expect(output.text).toContain('npm run connect -- [--redirect-uri ADDRESS] [--replace]');
  });
});

describe('Where the token endpoint', () => {
  test('is down when the code arrives, connect sends the code once it is up', async () => {
    const tokenPort = await freePort();
    const { address, output, ended } = stage.connectHere({ CAS360_TOKEN_URL: `http://127.0.0.1:${tokenPort}/oauth/token` });
    const shown = show(await decide(await address()));
    await until('it says that it tries again', () => output.text.includes('CAS360_TOKEN_URL cannot be reached: the connection was refused'));
    const relay = createServer((asked, response) => {
      void request(stage.sandbox.cas360.url + asked.url!, { method: 'POST', headers: { authorization: asked.headers.authorization! } }).then(async ({ statusCode, body }) => {
        response.writeHead(statusCode, { connection: 'close' }).end(await body.text());
      });
    });
    relay.listen(tokenPort, '127.0.0.1');
    await once(relay, 'listening');
    expect((await shown).text).toContain('CAS 360 is connected');
    expect([await ended, stage.exchanges()]).toEqual([0, 1]);
    relay.close();
    expect(await stage.isGood((await stage.stored())?.refreshToken)).toBe(true);
  });

  test.each([
    ['cuts the connection', { reset: 'before-headers' }, 'it cut the connection'],
    ['sends half an answer', { truncate: true }, 'no usable answer'],
    ['sends a page', { gatewayPage: 200 }, 'the token endpoint answered no JSON'],
  ] as const)('%s, connect does not send the code again, and says what to do', async (_what, fault, said) => {
    stage.sandbox.cas360.faults.set([{ on: 'token', ...fault }]);
    const { address, output, ended } = stage.connectHere();
    const { text } = await show(await decide(await address()));
    expect(text).toContain('A token may have been granted and lost. Run this again');
    expect(await ended).toBe(1);
    expect(output.text).toContain(said);
    expect(output.text).toContain('A token may have been granted and lost. Run this again: a new approval gives a new token. Nothing was stored.');
    expect([existsSync(stage.path), stage.exchanges()]).toEqual([false, 1]);
  });

  test.each([
    [503, 'The token endpoint answered 503. Run this again later.'],
    [404, 'The token endpoint answered 404. Run this again; is CAS360_TOKEN_URL right?'],
  ])('answers %i, connect says so', async (status, said) => {
    stage.sandbox.cas360.faults.set([{ on: 'token', status, body: '{"error_description":"refresh-0a1b2c3d4e"}' }]);
    const { address, output, ended } = stage.connectHere();
    await show(await decide(await address()));
    expect(await ended).toBe(1);
    expect(output.text).toContain(said);
  });

  test('is behind a proxy, connect asks it through the proxy', async () => {
    const proxy = await HttpProxy.start();
    proxy.hosts.set('cas.test:80', new URL(stage.sandbox.cas360.url)).set('cas.test', new URL(stage.sandbox.cas360.url));
    try {
      const { address, ended } = stage.connectHere({ CAS360_BASE_URL: 'http://cas.test', HTTP_PROXY: `http://127.0.0.1:${proxy.port}` });
      const asked = await address();
      expect(asked.origin).toBe('http://cas.test');
      await show(await decide(new URL(asked.pathname + asked.search, stage.sandbox.cas360.url)));
      expect(await ended).toBe(0);
      expect(proxy.calls.length).toBe(1);
    } finally {
      proxy.stop();
    }
  });
});

describe('A person', () => {
  test('pastes the address where the browser runs on another machine', async () => {
    const { address, ended, paste, output } = stage.connectHere();
    const right = await decide(await address());
    paste('');
    paste('what?');
    await until('it says that this is not an address', () => output.text.includes('It is not an address'));
    paste(`${stage.redirect}?code=code-0a1b2c3d4e&state=guess`);
    await until('it says that the state is wrong', () => output.text.includes('It has another state'));
    paste(`  ${right.href} `);
    expect(await ended).toBe(0);
    expect(await stage.isGood((await stage.stored())?.refreshToken)).toBe(true);
  });

  test('pastes the address of a redirect that leads elsewhere', async () => {
    const { address, ended, paste, output } = connectHere(stage.settings(), '--redirect-uri', 'https://tools.example/cas?from=connect');
    const right = await decide(await address());
    expect(right.href).toMatch(/^https:\/\/tools\.example\/cas\?from=connect&code=/);
    expect(output.text).toContain('Then paste the address of the page');
    paste(right.href);
    expect(await ended).toBe(0);
    expect(await stage.isGood((await stage.stored())?.refreshToken)).toBe(true);
  });

  test('who cannot paste is told so', async () => {
    const elsewhere = connectHere(stage.settings(), '--redirect-uri', 'https://tools.example/cas');
    elsewhere.closeInput();
    expect(await elsewhere.ended).toBe(1);
    expect(elsewhere.output.text).toContain('The input ended before an address was pasted');
  });

  test('may close what it prints to: the token is stored all the same', async () => {
    const { address, ended, closeOutput } = stage.connect();
    const right = await decide(await address());
    closeOutput();
    expect((await show(right)).text).toContain('connected');
    expect(await ended).toBe(0);
    expect(await stage.isGood((await stage.stored())?.refreshToken)).toBe(true);
  });

  test('has a browser that connects ahead and sends nothing: the command ends', async () => {
    const { address, ended } = stage.connect();
    const right = await decide(await address());
    const ahead = netConnect(stage.port, '127.0.0.1').on('error', () => {});
    await once(ahead, 'connect');
    expect((await show(right)).text).toContain('connected');
    expect(await ended).toBe(0);
    ahead.destroy();
  });

  test('need not have a terminal where the browser comes by itself', async () => {
    const { address, ended, closeInput } = stage.connect();
    closeInput();
    await show(await decide(await address()));
    expect(await ended).toBe(0);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends the wait by %s', async (name) => {
    const { address, ended, signal, output } = stage.connect();
    await address();
    signal(name);
    expect(await ended).toBe(130);
    expect(output.text).toContain('Stopped. Nothing was stored.');
  });

  test.each(['SIGINT', 'SIGHUP'] as const)('who ends it by %s while the code is exchanged loses no token', async (name) => {
    const { address, ended, signal } = stage.connect();
    const right = await decide(await address());
    stage.sandbox.cas360.faults.set([{ on: 'token', heldMs: 1_000 }]);
    const shown = show(right);
    await until('the code is exchanged', () => stage.exchanges() === 1);
    signal(name);
    expect((await shown).text).toContain('connected');
    expect(await ended).toBe(0);
    expect(await stage.isGood((await stage.stored())?.refreshToken)).toBe(true);
  });
});
