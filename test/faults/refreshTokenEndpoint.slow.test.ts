/** @needs openssl */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { issue, type Issued } from '../support/certificates.js';
import { freePort } from '../support/freePort.js';
import { CLIENT, granting, refusal, type Asked, type Granted, type Told } from '../support/rotatingServer.js';
import { SERVED, TokenScene, type Service } from '../support/tokenScene.js';
import { until } from '../support/until.js';

jest.setTimeout(90_000);

const MARKED = { mark: 'refused' };
const FAILED = 'UPSTREAM_AUTH_FAILED';

let issued: Issued;
beforeAll(() => {
  issued = issue();
});
afterAll(() => issued.remove());

/** Answers with what `say` makes of the new tokens, once; then as usual. */
const once = (scene: TokenScene, say: (granted: Granted) => Told): void => {
  scene.cas360.answer = (asked) => {
    scene.cas360.answer = granting;
    return say(asked.exchange()!);
  };
};

const json = (granted: unknown): string => JSON.stringify(granted);

describe('an answer that can be read is one', () => {
  const type = (contentType: string) => ({ 'content-type': contentType });
  const FORMS: Record<string, (granted: Granted) => Told> = {
    gzip: (granted) => ({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(json(granted)) }),
    'gzip that no header tells of': (granted) => ({ body: gzipSync(json(granted)) }),
    deflate: (granted) => ({ headers: { 'content-encoding': 'deflate' }, body: deflateSync(json(granted)) }),
    brotli: (granted) => ({ headers: { 'content-encoding': 'br' }, body: brotliCompressSync(json(granted)) }),
    'plain, and called gzip': (granted) => ({ headers: { 'content-encoding': 'gzip' }, body: json(granted) }),
    201: (granted) => ({ status: 201, body: json(granted) }),
    203: (granted) => ({ status: 203, body: json(granted) }),
    'a byte order mark': (granted) => ({ headers: type('application/json; charset=utf-8'), body: `\ufeff${json(granted)}` }),
    'called HTML': (granted) => ({ headers: type('text/html'), body: json(granted) }),
    'blanks around it': (granted) => ({ body: `\r\n  ${json(granted)}\r\n` }),
    'expires_in as text': (granted) => ({ body: json({ ...granted, expires_in: String(granted.expires_in) }) }),
    'no token_type': (granted) => ({ body: json({ ...granted, token_type: undefined }) }),
    'in drips': (granted) => ({ body: json(granted), dripMs: 2 }),
  };
  test.concurrent('in each form, one renewal after the other', () => TokenScene.play(async (scene) => {
    scene.cas360.lifetimeSeconds = 0.5;
    const one = await scene.start();
    for (const [index, form] of Object.keys(FORMS).entries()) {
      once(scene, FORMS[form]!);
      await until(`${form} is read`, async () => (await one.ask()).got === SERVED && scene.cas360.asked.length > index);
    }
  }));

  test.concurrent('with a lifetime that makes no sense', () => TokenScene.play(async (scene) => {
    scene.token = scene.cas360.issue();
    const lifetimes = [undefined, null, 0, -60, 1e300, 'soon'];
    for (const [index, expires_in] of lifetimes.entries()) {
      once(scene, (granted) => ({ body: json({ ...granted, expires_in }) }));
      const one = index === 0 ? await scene.start() : await scene.startAnew();
      expect([expires_in, (await one.ask()).got]).toEqual([expires_in, SERVED]);
      await one.end('SIGKILL');
    }
    expect(scene.cas360.asked).toHaveLength(lifetimes.length);
  }));

  test.concurrent.each([
    ['no refresh token', undefined],
    ['an empty refresh token', ''],
    ['a refresh token that is null', null],
  ])('%s: the one that was sent stays', (_what, refresh_token) => TokenScene.play(async (scene) => {
    let used = 0;
    // This endpoint does not rotate.
    const access = async ({ exchange }: Asked): Promise<Told> => {
      used++;
      granted ??= exchange();
      return { body: JSON.stringify({ ...granted, refresh_token }) };
    };
    let granted: Granted | undefined;
    scene.cas360.answer = access;
    const one = await scene.start();
    expect((await one.ask()).got).toBe(SERVED);
    expect((await scene.kept()).refreshToken).toBe(scene.token);
    expect(used).toBe(1);
  }));

  test.concurrent('no access token, and a new refresh token: that one is kept, and serves', () => TokenScene.play(async (scene) => {
    once(scene, ({ refresh_token }) => ({ body: JSON.stringify({ refresh_token }) }));
    const one = await scene.start();
    const first = await one.ask();
    expect([first.got, first.extensions.retryable]).toEqual([FAILED, true]);
    await until('it serves', async () => (await one.ask()).got === SERVED);
    expect(scene.cas360.asked).toHaveLength(2);
  }));
});

test.concurrent('after an answer that cannot be read the token is not sent again, and another one serves', () => TokenScene.play(async (scene) => {
  const forms: [string, (granted: Granted) => Told][] = [
    ['HTML', () => ({ body: '<html>Please wait</html>' })],
    ['nothing', () => ({ status: 204 })],
    ['half of it', (granted) => ({ headers: { 'content-length': '500' }, body: json(granted), cutAt: 40 })],
    ['too much', (granted) => ({ body: json({ ...granted, more: 'x'.repeat(200_000) }) })],
  ];
  for (const [index, [form, say]] of forms.entries()) {
    once(scene, say);
    const one = await scene.start();
    expect([form, (await one.ask()).got]).toEqual([form, FAILED]);
    expect(await scene.kept()).toMatchObject({ mark: 'unknown', refreshToken: scene.token });
    // Longer than the pauses between renewals that fail.
    await sleep(1_200);
    expect((await one.ask()).got).toBe(FAILED);
    await one.end('SIGKILL');
    if (index === 0) {
      const next = await scene.start();
      expect((await next.ask()).got).toBe(FAILED);
      await next.end('SIGKILL');
    }
    expect(scene.cas360.asked).toHaveLength(index + 1);
    scene.token = scene.cas360.issue();
  }
  expect((await (await scene.start()).ask()).got).toBe(SERVED);
}));

describe('a request that never left: the token serves later', () => {
  const UNSENT: Record<string, (scene: TokenScene) => Promise<Record<string, string>> | Record<string, string>> = {
    'the endpoint refuses connections': async () => ({ CAS360_TOKEN_URL: `http://127.0.0.1:${await freePort()}/oauth/token` }),
    'no such host': () => ({ CAS360_TOKEN_URL: 'http://tokens.invalid/oauth/token' }),
    'TLS with a certificate of nobody': () => ({}),
    'no TLS where it is expected': (scene) => ({ CAS360_TOKEN_URL: `${scene.cas360.url.replace('http:', 'https:')}/oauth/token` }),
  };
  test.concurrent.each(Object.keys(UNSENT))('%s; SIGTERM; put right, and started again', (what) => {
    const isTls = what.startsWith('TLS');
    return TokenScene.play(async (scene) => {
      const one = await scene.start(await UNSENT[what]!(scene));
      const reply = await one.ask();
      expect(reply.got).toBe(FAILED);
      expect(reply.extensions.retryable).toBe(true);
      expect(await one.end()).toBe(0);
      expect(scene.cas360.asked).toHaveLength(0);
      const two = await scene.start(isTls ? { NODE_EXTRA_CA_CERTS: issued.authorityFile } : {});
      expect((await two.ask()).got).toBe(SERVED);
    }, isTls ? issued.server : undefined);
  });

  test.concurrent('the connection is never established: SIGTERM ends in time, and the token serves', () => TokenScene.play(async (scene) => {
    const hole = await blackHole();
    try {
      const one = await scene.start({ CAS360_TOKEN_URL: `https://127.0.0.1:${hole.port}/oauth/token`, REQUEST_TIMEOUT_MS: '1000' });
      expect((await one.ask()).got).toBe('UPSTREAM_TIMEOUT');
      expect(await one.end()).toBe(0);
    } finally {
      hole.close();
    }
    expect((await (await scene.start()).ask()).got).toBe(SERVED);
  }));
});

/** Accepts connections, and says nothing: TLS never comes about. */
async function blackHole(): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

describe('a refusal that does not concern the token', () => {
  test.concurrent.each([
    ['a wrong client id', { CAS360_CLIENT_ID: 'another-client' }],
    ['a wrong secret', { CAS360_CLIENT_SECRET: 'wrong' }],
  ])('%s, put right and started again', (_what, settings) => TokenScene.play(async (scene) => {
    const one = await scene.start(settings);
    expect((await one.ask()).got).toBe(FAILED);
    expect(one.output.text).toContain('invalid_client');
    expect(await one.end()).toBe(0);
    const two = await scene.start();
    expect((await two.ask()).got).toBe(SERVED);
  }));

  test.concurrent('of a client, for long: a token that an operator sets meanwhile serves before the pause is over', () => TokenScene.play(async (scene) => {
    scene.cas360.answer = () => refusal(401, 'invalid_client');
    const one = await scene.start();
    // The pauses are 1, 2, 4 and 8 seconds.
    await until('the pauses are long', async () => {
      await one.ask();
      return scene.cas360.asked.length === 4;
    });
    scene.cas360.answer = granting;
    scene.token = scene.cas360.issue();
    expect((await (await scene.start()).ask()).got).toBe(SERVED);
    await until('it serves here too', async () => (await one.ask()).got === SERVED, 4_000);
    expect(scene.cas360.asked).toHaveLength(5);
  }));

  const OTHERS: [string, number, Record<string, string>?][] = [
    ['invalid_scope', 400],
    ['unauthorized_client', 400],
    ['unauthorized', 401],
    ['invalid_request', 400],
    ['temporarily_unavailable', 503],
    ['server_error', 500],
    ['access_denied', 403],
    ['too_many', 429],
    ['too_often', 429, { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }],
    ['too_fast', 429, { 'retry-after': 'soon, -1' }],
  ];
  test.concurrent('another refusal, then none', () => TokenScene.play(async (scene) => {
    scene.cas360.lifetimeSeconds = 0.5;
    const one = await scene.start();
    for (const [error, status, headers] of OTHERS) {
      scene.cas360.answer = () => refusal(status, error, headers);
      await until(`${error} is told`, async () => (await one.ask()).got === FAILED && one.output.text.includes(error));
      scene.cas360.answer = granting;
      await until(`it serves after ${error}`, async () => (await one.ask()).got === SERVED);
    }
  }));

  test.concurrent('invalid_grant for another client: the right one may send it', () => TokenScene.play(async (scene) => {
    // RFC 6749, 5.2: "or was issued to another client".
    scene.cas360.answer = () => refusal(400, 'invalid_grant');
    const one = await scene.start();
    expect((await one.ask()).got).toBe(FAILED);
    await one.end('SIGKILL');
    scene.cas360.answer = granting;
    const other = await scene.start();
    expect((await other.ask()).got).toBe(FAILED);
    await other.end('SIGKILL');
    expect(scene.cas360.asked).toHaveLength(1);
    // Another address of the endpoint stands for another client: the stand-in has one.
    const right = await scene.start({ CAS360_TOKEN_URL: `${scene.cas360.url.replace('127.0.0.1', 'localhost')}/oauth/token` });
    expect((await right.ask()).got).toBe(SERVED);
  }));
});

describe('a refusal that concerns it', () => {
  test.concurrent.each([
    ['invalid_grant', 400],
    ['invalid_grant', 401],
    ['invalid_token', 401],
  ])('%s %d: kept and marked, not sent again, and an operator’s new token serves', (error, status) => TokenScene.play(async (scene) => {
    scene.cas360.answer = () => refusal(status, error);
    const first = scene.token;
    const one = await scene.start();
    const reply = await one.ask();
    expect([reply.got, reply.extensions.retryable]).toEqual([FAILED, false]);
    expect(await scene.kept()).toMatchObject({ ...MARKED, refreshToken: first });
    expect(await one.metric('contacts_refresh_token_usable')).toBe(0);
    await sleep(1_500);
    expect((await one.ask()).got).toBe(FAILED);
    await one.end('SIGKILL');
    scene.cas360.answer = granting;
    const two = await scene.start();
    expect((await two.ask()).got).toBe(FAILED);
    expect(scene.cas360.asked).toHaveLength(1);
    await two.end('SIGKILL');

    scene.token = scene.cas360.issue();
    const three = await scene.start();
    expect((await three.ask()).got).toBe(SERVED);
    const text = await readFile(scene.file, 'utf8');
    await three.end('SIGKILL');
    // The deployment is rolled back.
    scene.token = first;
    const four = await scene.start();
    expect((await four.ask()).got).toBe(SERVED);
    expect(JSON.parse(await readFile(scene.file, 'utf8'))).toMatchObject({ refreshToken: (JSON.parse(text) as { refreshToken: string }).refreshToken });
    expect(scene.cas360.asked.map(({ refreshToken }) => refreshToken)).toEqual([first, expect.not.stringMatching(first.replaceAll(/\W/g, '.'))]);
  }));
});

describe('the endpoint asks to be left alone', () => {
  const inAnHour = (): string => new Date(Date.now() + 3_600_000).toUTCString();
  test.concurrent.each<[string, number, () => Record<string, string>]>([
    ['429 for an hour', 429, () => ({ 'retry-after': '3600' })],
    ['429 until a date', 429, () => ({ 'retry-after': inAnHour() })],
    ['503 for an hour', 503, () => ({ 'retry-after': '3600' })],
    ['429 for ever', 429, () => ({ 'retry-after': '99999999999999999999' })],
  ])('%s: once, also by a second process and after a restart', (what, status, headers) => TokenScene.play(async (scene) => {
    scene.cas360.answer = () => refusal(status, 'slow_down', headers());
    const one = await scene.start();
    const expectRest = async (service: Service): Promise<void> => {
      const { got, extensions } = await service.ask();
      expect([got, extensions.retryable]).toEqual([FAILED, true]);
      expect(extensions.retryAfterSeconds).toBeGreaterThan(3_500);
    };
    await expectRest(one);
    if (what === '429 for an hour') {
      const second = await scene.start();
      for (let n = 0; n < 12; n++) {
        for (const each of [one, second]) await expectRest(each);
        await sleep(150);
      }
      await second.end('SIGKILL');
    }
    await one.end('SIGKILL');
    await expectRest(await scene.start());
    expect(scene.cas360.asked).toHaveLength(1);
  }));

  test.concurrent('an operator’s new token does not wait for the rest of the old one', () => TokenScene.play(async (scene) => {
    scene.cas360.answer = () => refusal(429, 'slow_down', { 'retry-after': '3600' });
    const one = await scene.start();
    expect((await one.ask()).got).toBe(FAILED);
    await one.end('SIGKILL');
    scene.cas360.answer = granting;
    scene.token = scene.cas360.issue();
    expect((await (await scene.start()).ask()).got).toBe(SERVED);
  }));
});

describe('callers and signals while the token is being exchanged', () => {
  /** Answers when told to. */
  const slowly = (scene: TokenScene): (() => void) => {
    let go = (): void => {};
    const told = new Promise<void>((resolve) => (go = resolve));
    scene.cas360.answer = async (asked) => {
      const answer = await granting(asked);
      await told;
      return answer;
    };
    return go;
  };

  test.concurrent('an answer after 7 s, where callers wait for 2 s, serves', () => TokenScene.play(async (scene) => {
    const answer = slowly(scene);
    const one = await scene.start({ REQUEST_TIMEOUT_MS: '2000' });
    const startedAt = performance.now();
    expect((await one.ask()).got).toBe('UPSTREAM_TIMEOUT');
    await sleep(7_000 - (performance.now() - startedAt));
    answer();
    await until('it serves', async () => (await one.ask()).got === SERVED);
    expect(scene.cas360.asked).toHaveLength(1);
  }));

  test.concurrent.each<[string, NodeJS.Signals[]]>([
    ['SIGTERM', ['SIGTERM']],
    ['SIGTERM and a second one', ['SIGTERM', 'SIGTERM']],
    ['SIGHUP, as a terminal that closes sends it', ['SIGHUP', 'SIGHUP']],
    ['SIGINT, twice, and SIGTERM', ['SIGINT', 'SIGINT', 'SIGTERM']],
  ])('%s: it ends in order, and the next start uses the kept token', (_what, signals) => TokenScene.play(async (scene) => {
    const answer = slowly(scene);
    const one = await scene.start({ REQUEST_TIMEOUT_MS: '1000' });
    const reply = one.ask();
    await until('the endpoint is asked', () => scene.cas360.asked.length === 1);
    for (const signal of signals) {
      one.signal(signal);
      await sleep(400);
    }
    expect((await reply).got).toBe('UPSTREAM_TIMEOUT');
    // Longer than the drain, so that nothing but the token holds the process.
    await sleep(4_000);
    answer();
    expect(await one.ended).toBe(0);
    const two = await scene.start();
    expect((await two.ask()).got).toBe(SERVED);
    expect(scene.cas360.asked.map(({ client }) => client)).toEqual([CLIENT.id]);
  }));

  test.concurrent('a caller that leaves', () => TokenScene.play(async (scene) => {
    const answer = slowly(scene);
    const one = await scene.start();
    const leaving = new AbortController();
    const asking = fetch(`${one.url}/graphql`, { method: 'POST', signal: leaving.signal, headers: { 'content-type': 'application/json' }, body: '{"query":"{ contact(id: \\"cas360:54\\") { name } }"}' }).catch(() => {});
    await until('the endpoint is asked', () => scene.cas360.asked.length === 1);
    leaving.abort();
    await asking;
    await sleep(300);
    answer();
    await until('it serves', async () => (await one.ask()).got === SERVED);
    expect(scene.cas360.asked).toHaveLength(1);
  }));

  test.concurrent('killed before the answer: the token is not sent again, and the log says what to do', () => TokenScene.play(async (scene) => {
    slowly(scene);
    const one = await scene.start();
    const reply = one.ask().catch(() => {});
    await until('the endpoint is asked', () => scene.cas360.asked.length === 1);
    await one.end('SIGKILL');
    await reply;
    scene.cas360.answer = granting;
    const two = await scene.start();
    const after = await two.ask();
    expect([after.got, after.extensions.retryable]).toEqual([FAILED, false]);
    expect(two.output.text).toContain('npm run connect');
    expect(await two.metric('contacts_refresh_token_usable')).toBe(0);
    expect(scene.cas360.asked).toHaveLength(1);
  }));
});
