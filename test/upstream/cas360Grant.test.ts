import { createServer, type Server } from 'node:http';
import { mkdtemp, readFile, rm, rmdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createCas360Tokens } from '../../src/build/cas360Tokens.js';
import { cas360Grant } from '../../src/upstream/cas360/token.js';
import { inFile, inMemory, type RefreshTokenStore } from '../../src/upstream/oauth2/refreshToken.js';
import type { Grant } from '../../src/upstream/oauth2/tokenSource.js';

interface TokenAnswer {
  readonly status?: number;
  readonly body?: object;
  /** The connection is closed without an answer. */
  readonly cut?: boolean;
}

let folder: string;
let path: string;
let server: Server;
/** How the endpoint answers, one request after the other. */
let answers: TokenAnswer[];
/** The refresh tokens that it was sent, and what the file held at that moment. */
let sent: (string | null)[];
let keptMeanwhile: string[];
let unkept: unknown[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cas360-grant-'));
  path = join(folder, 'token.json');
  [answers, sent, keptMeanwhile, unkept] = [[], [], [], []];
  server = createServer(async (request, response) => {
    sent.push(new URL(request.url!, 'http://endpoint').searchParams.get('refresh_token'));
    keptMeanwhile.push(await readFile(path, 'utf8').catch(() => ''));
    const { status = 200, body = {}, cut = false } = answers.shift() ?? { cut: true };
    if (cut) request.socket.destroy();
    else response.writeHead(status).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

/** Asks the endpoint for an access token, with the refresh token in this store. */
function grantWith(store: RefreshTokenStore): () => Promise<Grant> {
  const { port } = server.address() as AddressInfo;
  const credentials = { tokenUrl: new URL(`http://127.0.0.1:${port}/token`), clientId: 'client', clientSecret: 'secret', scope: undefined };
  return cas360Grant(credentials, store, 10_000, (error) => unkept.push(error));
}

const granted = (accessToken: string, refreshToken?: string): TokenAnswer => ({ body: { access_token: accessToken, expires_in: 100, ...(refreshToken && { refresh_token: refreshToken }) } });
const refused = (status: number, error: string): TokenAnswer => ({ status, body: { error } });

const STORES: [string, (initial: string) => Promise<RefreshTokenStore>][] = [
  ['in memory', async (initial) => inMemory(initial)],
  ['in a file', (initial) => inFile(path, initial)],
];

describe.each(STORES)('A refresh token %s', (where, storeWith) => {
  test('stays the same where the endpoint sends no other', async () => {
    const grant = grantWith(await storeWith('first'));
    answers = [granted('one'), granted('two', 'second'), granted('three'), granted('four')];
    for (const accessToken of ['one', 'two', 'three', 'four']) expect(await grant()).toMatchObject({ accessToken });
    expect(sent).toEqual(['first', 'first', 'second', 'second']);
    // The start after that.
    answers = [granted('five')];
    await grantWith(await storeWith('first'))();
    expect(sent.at(-1)).toBe(where === 'in a file' ? 'second' : 'first');
  });

  const VOID = ['invalid_grant', 'invalid_token', 'invalid grant', 'invalid token'];
  test.each(VOID.flatMap((error) => [400, 401, 403].map((status) => [status, error] as const)))('that the endpoint calls void (%i %s) is not sent again', async (status, error) => {
    const store = await storeWith('first');
    const grant = grantWith(store);
    answers = [refused(status, error)];
    await expect(grant()).rejects.toMatchObject({ name: 'TokenRefused', status, reason: error });
    await expect(grant()).rejects.toThrow('set another CAS360_REFRESH_TOKEN');
    expect([sent, store.current()]).toEqual([['first'], undefined]);
  });

  const OTHERS: TokenAnswer[] = [
    refused(401, 'invalid_client'),
    refused(400, 'invalid_request'),
    refused(400, 'invalid_scope'),
    refused(400, 'invalid_tokens'),
    refused(400, 'not invalid_grant'),
    refused(429, 'slow_down'),
    refused(503, ''),
    { status: 401 },
    { status: 400, body: ['invalid_grant'] },
    { status: 400, body: { error: ['invalid_grant'] } },
    { status: 400, body: { error_description: 'invalid_grant' } },
  ];
  test.each(OTHERS)('that the endpoint said nothing of (%j) is sent again', async (answer) => {
    const grant = grantWith(await storeWith('first'));
    answers = [answer, granted('one', 'second')];
    await expect(grant()).rejects.toMatchObject({ name: 'TokenRefused' });
    expect(await grant()).toMatchObject({ accessToken: 'one' });
    expect(sent).toEqual(['first', 'first']);
  });
});

describe('The file of a refresh token', () => {
  const kept = async (): Promise<object> => JSON.parse(await readFile(path, 'utf8')) as object;

  test('says that the token is in use before it is sent, and has what came for it before anybody can use that', async () => {
    jest.spyOn(Date, 'now').mockReturnValue(1_800_000_000_000);
    const grant = grantWith(await inFile(path, 'first'));
    answers = [granted('one', 'second')];
    await grant();
    jest.restoreAllMocks();
    expect(JSON.parse(keptMeanwhile[0]!)).toMatchObject({ refreshToken: 'first', inUse: true });
    expect(await kept()).toMatchObject({ refreshToken: 'second', inUse: false, grant: { accessToken: 'one', expiresAtMs: 1_800_000_100_000 } });
    expect(unkept).toEqual([]);
  });

  test('says that the token is not in use once the endpoint has refused without a word about it', async () => {
    const grant = grantWith(await inFile(path, 'first'));
    answers = [refused(503, '')];
    await expect(grant()).rejects.toThrow('503');
    expect(await kept()).toMatchObject({ refreshToken: 'first', inUse: false });
  });

  test('goes on saying that it is in use where no answer came: this process may send it again, the next one may not', async () => {
    const grant = grantWith(await inFile(path, 'first'));
    answers = [{ cut: true }, granted('one', 'second')];
    await expect(grant()).rejects.toThrow();
    expect(await kept()).toMatchObject({ inUse: true });
    expect(await grant()).toMatchObject({ accessToken: 'one' });
    expect(sent).toEqual(['first', 'first']);
  });

  test('gives the next start its access token, with what is left of its life', async () => {
    const log = { info() {}, warn() {}, error() {} };
    const config = { baseUrl: new URL('http://nowhere.invalid'), tokenUrl: new URL('http://nowhere.invalid'), clientId: 'client', clientSecret: 'secret', refreshToken: 'first', tokenFile: path } as Parameters<typeof createCas360Tokens>[0];
    const start = () => createCas360Tokens(config, 10_000, { log, redis: undefined });
    expect((await start()).initial).toBeUndefined();
    await (await inFile(path, 'first')).replace('second', { accessToken: 'one', expiresAtMs: Date.now() + 100_000 });
    const { initial } = await start();
    expect(initial).toEqual({ accessToken: 'one', lifetimeSeconds: expect.any(Number) });
    expect(initial!.lifetimeSeconds).toBeGreaterThan(0);
    expect(initial!.lifetimeSeconds).toBeLessThanOrEqual(100);
  });

  test('that cannot be written is told of, and the token goes on in memory', async () => {
    const grant = grantWith(await inFile(path, 'first'));
    await rm(path);
    await rmdir(folder);
    answers = [granted('one', 'second'), granted('two', 'third')];
    for (const accessToken of ['one', 'two']) expect(await grant()).toMatchObject({ accessToken });
    expect(sent).toEqual(['first', 'second']);
    expect(unkept).toHaveLength(4);
  });
});
