import { request as send } from 'node:http';
import { text } from 'node:stream/consumers';
import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Caller } from './caller.js';

const caller = new Caller();

/** With any headers, `host` and those of browsers included: fetch allows neither. */
function ask(path: string, headers: Record<string, string>, method = 'GET', body = ''): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const request = send(caller.sandbox.cas360.url + path, { method, headers }, (response) => {
      text(response).then((read) => resolve({ status: response.statusCode!, headers: response.headers, body: read }), reject);
    });
    request.on('error', reject).end(body);
  });
}

const HTML = { accept: 'text/html,*/*;q=0.8' };
const port = (): string => new URL(caller.sandbox.cas360.url).port;

describe('the page at the root', () => {
  test('is for browsers: other clients get the 404 of the real systems', async () => {
    for (const accept of ['*/*', 'application/json', '']) {
      expect(await ask('/', { accept })).toMatchObject({ status: 404, body: 'No endpoint GET /\n' });
    }
    expect((await ask('/', HTML, 'POST')).status).toBe(404);
    expect(await ask('/', HTML, 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect((await ask('/', HTML)).body).toContain('<title>Sandbox</title>');
  });

  test('loads its own files only, and no other site can frame it', async () => {
    for (const [path, type] of [['/', 'text/html'], ['/_sandbox/page.js', 'text/javascript'], ['/_sandbox/page.css', 'text/css']] as const) {
      const { headers } = await ask(path, HTML);
      expect(headers).toMatchObject({ 'content-type': `${type}; charset=utf-8`, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/);
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('is neither a call nor hit by a fault', async () => {
    caller.sandbox.cas360.faults.set([{ status: 503 }]);
    expect((await ask('/', HTML)).status).toBe(200);
    expect(caller.sandbox.cas360.calls).toEqual([]);
  });

  test('may be linked from another site', async () => {
    const link = { ...HTML, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await ask('/', link)).status).toBe(200);
    expect((await ask('/_sandbox/calls', link)).status).toBe(403);
  });
});

describe('the switches', () => {
  const faults = '[{"status":503}]';
  const put = (headers: Record<string, string>) => ask('/_sandbox/faults', headers, 'PUT', faults);

  test('serve programs, and the page itself at each name of this machine', async () => {
    for (const host of [`127.0.0.1:${port()}`, `localhost:${port()}`, `[::1]:${port()}`]) {
      expect((await put({ host })).status).toBe(204);
      expect((await put({ host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' })).status).toBe(204);
    }
  });

  test.each([
    ['another site', { origin: 'https://evil.test' }],
    ['a page at another port of this machine', { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' }],
    ['a frame without an origin', { origin: 'null' }],
    ['a browser that names no origin', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
    ['a name that was pointed here', { host: 'evil.test', origin: 'http://evil.test' }],
  ])('refuse %s, and do nothing', async (_name, headers) => {
    for (const [method, name] of [['PUT', 'faults'], ['POST', 'revoke'], ['POST', 'reset'], ['POST', 'refresh-token'], ['DELETE', 'connections'], ['GET', 'state'], ['GET', 'calls']] as const) {
      expect((await ask(`/_sandbox/${name}`, headers, method, method === 'PUT' ? faults : '')).status).toBe(403);
    }
    expect(caller.sandbox.cas360.faults.list).toEqual([]);
    expect((await caller.cas360('/contacts/54')).status).toBe(200);
  });

  test('is refused before its body is read', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = send(`${caller.sandbox.cas360.url}/_sandbox/faults`, { method: 'PUT', headers: { origin: 'http://evil.test' } }, (response) => {
        resolve(response.statusCode);
        request.destroy();
      });
      // It is never ended.
      request.on('error', reject).write('[');
    });
    expect(status).toBe(403);
  });

  test('never serve a host or an origin of another name', async () => {
    const names = fc.domain();
    await fc.assert(
      fc.asyncProperty(names, fc.boolean(), async (name, asHost) => {
        const headers = asHost ? { host: `${name}:${port()}` } : { origin: `http://${name}` };
        expect((await ask('/_sandbox/faults', headers)).status).toBe(403);
      }),
    );
  });

  test('allow no preflight', async () => {
    const { status, headers } = await ask('/_sandbox/faults', { origin: 'https://evil.test', 'access-control-request-method': 'PUT' }, 'OPTIONS');
    expect(status).toBe(403);
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });
});
