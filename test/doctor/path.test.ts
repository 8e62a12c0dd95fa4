import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { NO_ROUTE } from '../upstream/support/noRoute.js';
import { diagnoseHere, withAccessToken, type Diagnosis } from './support/doctor.js';

let sandbox: Sandbox;
let folder: string;
/** A token whose access token is kept. */
let kept: Record<string, string>;
let close = (): void => {};
beforeAll(async () => {
  sandbox = await startSandbox();
  folder = mkdtempSync(join(tmpdir(), 'doctor-path-'));
  kept = await withAccessToken(sandbox, folder);
});
afterEach(() => close());
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await sandbox.stop();
});

function diagnose(settings: Record<string, string>, ...words: string[]): Promise<Diagnosis> {
  return diagnoseHere({ ...sandbox.environment, ...kept, CAS360_TOKEN_URL: `${sandbox.cas360.url}/oauth/token`, ...settings }, ...words);
}

const KNOWN = ['--pms', '4711', '--cas360', '54'];
const NOT_THERE = ['PMS', 'CAS360'].map((prefix) => expect.stringMatching(new RegExp(`^${prefix}_BASE_URL: the endpoint for contacts is not there\\..* Is there a path too many or too few in ${prefix}_BASE_URL\\?`)));

describe('Both base URLs with a path too many: the doctor says so', () => {
  test.each([[KNOWN], [[]]])('given %j', async (words) => {
    const { of, code } = await diagnose({ PMS_BASE_URL: `${sandbox.pms.url}/wrong`, CAS360_BASE_URL: `${sandbox.cas360.url}/wrong` }, ...words);
    expect(of('fault')).toEqual(NOT_THERE);
    expect(code).toBe(1);
  });

  test('where the address of the token endpoint follows from it too', async () => {
    const unused = { CAS360_REFRESH_TOKEN: sandbox.cas360.issueRefreshToken(), CAS360_TOKEN_FILE: join(folder, 'unused') };
    const { of } = await diagnose({ ...unused, CAS360_BASE_URL: `${sandbox.cas360.url}/wrong`, CAS360_TOKEN_URL: '' }, '--renew');
    expect(of('fault')).toEqual([
      'CAS360_TOKEN_URL answered 404: there is no token endpoint. Look at its path. It is below CAS360_BASE_URL: is there a path too many or too few in that?',
      'CAS360_BASE_URL: it answered 404: is there a path too many or too few in CAS360_BASE_URL?',
    ]);
  });
});

/** A server before both systems. It has no route for any path but what `answer` says. */
async function gateway(answer: RequestListener): Promise<{ PMS_BASE_URL: string; CAS360_BASE_URL: string }> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { PMS_BASE_URL: url, CAS360_BASE_URL: url };
}

const json = (status: number, body: unknown): RequestListener => (_request, response) => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

describe('A gateway without the path: the doctor finds it, with and without a known contact, where it answers', () => {
  let served = 0;
  const AMBIGUOUS: Record<string, RequestListener> = {
    'the JSON of AWS': json(404, { message: 'Not Found' }),
    'the JSON of older Spring': (request, response) => json(404, { timestamp: `2026-03-01T10:00:00.${100 + ++served}`, status: 404, error: 'Not Found', path: request.url })(request, response),
    'JSON with a number of its own for each request': (request, response) => json(404, { error: 'not_found', request_id: `abc${++served}` })(request, response),
    'JSON that repeats the path': (request, response) => json(404, { message: `Nothing at ${request.url}` })(request, response),
    'an empty object': json(404, {}),
  };
  const CLEAR: Record<string, RequestListener> = {
    'a page': (_request, response) => void response.writeHead(404, { 'content-type': 'text/html' }).end(`<html>404, request ${++served} x${served}</html>`),
    nothing: (_request, response) => void response.writeHead(404).end(),
    'a missing route in other words each time': (request, response) => json(404, { message: `Cannot GET ${request.url} (${'x'.repeat(++served)})` })(request, response),
    ...Object.fromEntries(Object.entries(NO_ROUTE).slice(0, 4).map(([name, body]) => [`the JSON of ${name}`, json(404, body)])),
  };
  test.each(Object.entries({ ...AMBIGUOUS, ...CLEAR }))('%s', async (_what, answer) => {
    const settings = await gateway(answer);
    for (const words of [KNOWN, []]) expect((await diagnose(settings, ...words)).of('fault')).toEqual(NOT_THERE);
  });

  test.each<[string, RequestListener, RegExp]>([
    ['403, as AWS does', json(403, { message: 'Missing Authentication Token' }), /_BASE_URL.*: it answered 403: .* for a path that they do not have/],
    ['200 with a login page', (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'), /_BASE_URL.*: it answered a web page/],
    ['200 with other JSON', json(200, { status: 'UP' }), /_BASE_URL.*: the answer is (not the contact that was asked for|no list)/],
    ['a redirect', (_request, response) => void response.writeHead(308, { location: '/v4' }).end(), /_BASE_URL.*: it answered 308: it leads elsewhere/],
  ])('%s', async (_what, answer, fault) => {
    const settings = await gateway(answer);
    for (const words of [KNOWN, []]) expect((await diagnose(settings, ...words)).of('fault')).toEqual([expect.stringMatching(fault), expect.stringMatching(fault)]);
  });
});

describe('The right path is not blamed', () => {
  /** A system with no contact at all, that speaks of a malformed id and of a path without a route as told. */
  const system = (absent: RequestListener, malformed: RequestListener, noRoute: RequestListener): RequestListener => (request, response) => {
    const [, id] = /^(?:\/api\/v3)?\/contacts\/([^/?]+)/.exec(request.url!) ?? [];
    return (id === undefined ? noRoute : /^[\d,]+$/.test(id) ? absent : malformed)(request, response);
  };
  const noRoute = json(404, { message: 'Not Found' });

  test.each<[string, RequestListener]>([
    ['says 400 of a malformed id', system(json(404, { message: 'Not Found' }), json(400, {}), noRoute)],
    ['says 404 of a malformed id, in other words than of a path without a route', system(json(404, { message: 'There is no such contact' }), json(404, { message: 'There is no such contact' }), noRoute)],
    ['has other keys in its own 404', system(json(404, { message: 'Not Found', errors: [] }), noRoute, noRoute)],
  ])('where it %s', async (_what, answer) => {
    const settings = await gateway(answer);
    const { of } = await diagnose(settings);
    expect(of('fault')).toEqual([]);
    expect(of('ok').filter((text) => text === 'the endpoint answers 404 for a number that nobody has')).toHaveLength(2);
    expect(of('unknown')).toEqual(expect.arrayContaining([expect.stringContaining('give the number of one that exists, with --pms'), expect.stringContaining('how many ids one call takes is not known')]));
    expect((await diagnose(settings, ...KNOWN)).of('fault')).toEqual([expect.stringContaining('the known contact was not found: look at its number (--pms'), expect.stringContaining('the known contact was not found: look at its number (--cas360')]);
  });

  test('where its 404 has no JSON: then absent contacts are errors, and the doctor warns', async () => {
    const settings = await gateway(system((_request, response) => void response.writeHead(404).end(), json(400, {}), noRoute));
    const { of } = await diagnose(settings);
    expect(of('fault')).toEqual([]);
    expect(of('warning')).toEqual(expect.arrayContaining([expect.stringContaining('the endpoint answers 404 without JSON for a number that nobody has')]));
  });
});
