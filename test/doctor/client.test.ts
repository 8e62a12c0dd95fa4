import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Level } from '../../src/doctor/findings.js';
import { diagnoseCas360 } from './support/doctor.js';

const GATEWAY = '<html><body><h1>400 Bad Request</h1></body></html>';
const TAKEN = /^the token endpoint answers in \d+ ms, and takes the client \(nothing was spent\)$/;
const CLIENT = /^CAS360_TOKEN_URL does not take CAS360_CLIENT_ID with CAS360_CLIENT_SECRET$/;
const NOT_KNOWN = /^CAS360_TOKEN_URL answered 400, and named no error that shows whether it takes the client/;

let endpoint: Server;
let settings: Record<string, string>;
let answer = { status: 400, body: '' };
let asked: (string | null)[] = [];
const folder = mkdtempSync(join(tmpdir(), 'doctor-client-'));

beforeAll(async () => {
  endpoint = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://here');
    if (pathname === '/oauth/token') asked.push(searchParams.get('grant_type'));
    response.writeHead(answer.status, { 'content-type': answer.body === GATEWAY ? 'text/html' : 'application/json' }).end(answer.body);
  });
  await once(endpoint.listen(0, '127.0.0.1'), 'listening');
  settings = {
    CAS360_BASE_URL: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}`,
    CAS360_CLIENT_ID: 'contacts',
    CAS360_CLIENT_SECRET: 'hunter2',
    CAS360_SCOPE: 'contacts',
    CAS360_REFRESH_TOKEN: 'first',
    CAS360_TOKEN_FILE: join(folder, 'token.json'),
  };
});
afterAll(() => {
  endpoint.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  asked = [];
  rmSync(settings.CAS360_TOKEN_FILE!, { force: true });
});

const error = (name: string): string => JSON.stringify({ error: name });

// The errors with blanks are CAS 360's own.
describe.each<[string, { status: number; body: string }, Level, RegExp]>([
  ['another grant type', { status: 400, body: error('unsupported_grant_type') }, 'ok', TAKEN],
  ['another grant type, with blanks', { status: 400, body: error('unsupported grant type') }, 'ok', TAKEN],
  ['another grant type, with status 200', { status: 200, body: error('unsupported_grant_type') }, 'ok', TAKEN],
  ['a parameter', { status: 400, body: error('invalid_request') }, 'ok', TAKEN],
  ['a grant', { status: 400, body: error('invalid_grant') }, 'ok', TAKEN],
  ['a scope', { status: 400, body: error('invalid_scope') }, 'ok', TAKEN],
  ['the client, with 400', { status: 400, body: error('invalid_client') }, 'fault', CLIENT],
  ['the secret, with a blank', { status: 400, body: error('invalid client') }, 'fault', CLIENT],
  ['the secret, with status 200', { status: 200, body: error('invalid client') }, 'fault', CLIENT],
  ['an unknown client id', { status: 400, body: error('unauthorized') }, 'fault', CLIENT],
  ['the client, with 401', { status: 401, body: '' }, 'fault', CLIENT],
  ['what this client may do', { status: 400, body: error('unauthorized_client') }, 'unknown', NOT_KNOWN],
  ['something of its own', { status: 400, body: error('not today') }, 'unknown', NOT_KNOWN],
  ['all, with a gateway’s page', { status: 400, body: GATEWAY }, 'unknown', NOT_KNOWN],
  ['nothing, with a page that is no token endpoint', { status: 200, body: GATEWAY }, 'fault', /Is it the right address, or a login page/],
  ['all, being in trouble', { status: 503, body: error('invalid_request') }, 'fault', /503: it is in trouble itself/],
])('Where the token endpoint refuses %s', (_what, given, level, said) => {
  test('the doctor says what that means, and --renew sends the refresh token only if the client is taken', async () => {
    answer = given;
    const { of } = await diagnoseCas360(settings, '54', true);
    expect(of(level)).toContainEqual(expect.stringMatching(said));
    for (const other of ['ok', 'unknown', 'fault'] as const) if (other !== level) expect(of(other)).not.toContainEqual(expect.stringMatching(said));
    expect(asked).toEqual(level === 'ok' ? ['none', 'refresh_token'] : ['none']);
  });
});
