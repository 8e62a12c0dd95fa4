import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { listen, send, type RunningServer } from '../../sandbox/http.js';
import { createCallers, type Callers } from '../../src/web/callers.js';
import { ENDLESS, gzipBomb, startHostileServer } from '../support/hostileServer.js';
import { until } from '../support/until.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface Signer {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** What the key server does with the next requests. */
let answer: (response: ServerResponse) => void;
let fetches = 0;
let accepted: string | undefined;
let server: RunningServer;
let nowMs: number;
let failures: unknown[];
let callers: Callers;
let first: Signer;
let second: Signer;

const signer = async (kid: string): Promise<Signer> => {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } };
};
const publish = (...signers: Signer[]) => (response: ServerResponse) => send(response, { status: 200, body: { keys: signers.map(({ jwk }) => jwk) } });

beforeAll(async () => {
  [first, second] = [await signer('first'), await signer('second')];
  server = await listen(0, ({ headers }, response) => {
    fetches++;
    accepted = headers.accept;
    answer(response);
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => server.stop());
beforeEach(() => {
  answer = publish(first);
  fetches = 0;
  nowMs = Date.UTC(2031, 5, 1);
  failures = [];
  callers = createCallers(
    { jwksUrl: new URL(`${server.url}/jwks.json`), issuer: 'https://issuer.example', audience: 'contacts' },
    { now: () => nowMs, onFailure: (error) => failures.push(error) },
  );
});

/** A token that is good for a minute, by the injected clock. */
const call = async ({ privateKey, kid }: Signer, keyId = kid): Promise<string[]> => {
  const claims = new SignJWT({ scope: 'contact:identity' }).setProtectedHeader({ alg: 'ES256', kid: keyId });
  const token = await claims.setIssuer('https://issuer.example').setAudience('contacts').setExpirationTime(nowMs / 1_000 + 60).sign(privateKey);
  return [...(await callers(`Bearer ${token}`))];
};
const KNOWN = ['contact:identity'];
const refused = (attempt: Promise<unknown>) => expect(attempt).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
/** Resolves once the fetch that was begun in the background is over, whatever came of it. */
const settled = async (count: number) => {
  await until(`${count} fetches are over`, () => fetches >= count);
};
/** In the place of the timer of the next fetch, which is for 3 seconds. Call it, and the time of that fetch is over. */
const timerOfFetch = (): (() => void) => {
  let end: (() => void) | undefined;
  const { setTimeout } = globalThis;
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms?: number, ...more: unknown[]) => {
    // undici has another of 3 seconds, once an answer has come.
    if (ms !== 3_000 || end) return setTimeout(run, ms, ...more);
    end = run;
    return undefined;
  }) as typeof setTimeout);
  return () => end!();
};
const forgets = async (who: Signer) => {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await call(who).then(() => false, () => true)) return true;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return false;
};

describe('The keys of callers', () => {
  test('are fetched once, whoever calls', async () => {
    expect(await Promise.all(Array.from({ length: 50 }, () => call(first)))).toEqual(Array(50).fill(KNOWN));
    nowMs += 9 * MINUTE_MS;
    expect(await call(first)).toEqual(KNOWN);
    expect([fetches, accepted]).toEqual([1, 'application/json']);
  });

  test('are not fetched for callers without a token, or with none that could be one', async () => {
    expect([...(await callers(undefined))]).toEqual([]);
    await refused(callers('Basic dTpw'));
    await refused(callers('Bearer x.y.z'));
    expect(fetches).toBe(0);
  });

  test('are fetched again for an unknown key id, at most every 30 seconds', async () => {
    await call(first);
    answer = publish(first, second);
    nowMs += 29_999;
    await refused(call(second));
    expect(fetches).toBe(1);
    nowMs += 1;
    expect(await call(second)).toEqual(KNOWN);
    expect(fetches).toBe(2);
  });

  test('are fetched once in 30 seconds for 100 random key ids a second', async () => {
    await call(first);
    nowMs += 30_000;
    for (let seconds = 0; seconds < 29; seconds++) {
      await Promise.all(Array.from({ length: 100 }, (_, n) => callers(`Bearer ${unsigned(`random-${seconds}-${n}`)}`).catch(() => {})));
      nowMs += 1_000;
    }
    expect(fetches).toBe(2);
    expect(await call(first)).toEqual(KNOWN);
  });

  test('are renewed in the background after ten minutes: a key that was withdrawn ends', async () => {
    await call(first);
    answer = publish(second);
    nowMs += 10 * MINUTE_MS;
    expect(await call(first)).toEqual(KNOWN);
    await settled(2);
    expect(await forgets(first)).toBe(true);
    expect(await call(second)).toEqual(KNOWN);
    expect(fetches).toBe(2);
  });

  test.each<[string, (response: ServerResponse) => void]>([
    ['is down', (response) => response.socket?.resetAndDestroy()],
    ['answers 500', (response) => send(response, { status: 500, body: {} })],
    ['answers a page', (response) => send(response, { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } })],
    ['answers half of it', (response) => send(response, { status: 200, body: '{"keys":[{' })],
    ['answers null', (response) => send(response, { status: 200, body: 'null' })],
    ['answers no list', (response) => send(response, { status: 200, body: { keys: {} } })],
    ['answers a list of no keys', (response) => send(response, { status: 200, body: { keys: [1] } })],
    ['answers an empty list', (response) => send(response, { status: 200, body: { keys: [] } })],
    ['redirects', (response) => send(response, { status: 302, body: '', headers: { location: '/elsewhere' } })],
  ])('are kept for an hour while their server %s, and then not used any more, until it is back', async (_what, trouble) => {
    await call(first);
    answer = trouble;
    nowMs += HOUR_MS - 1;
    expect(await call(first)).toEqual(KNOWN);
    await settled(2);
    nowMs += 1;
    await refused(call(first));
    expect(failures.length).toBeGreaterThan(0);
    answer = publish(first);
    nowMs += 1_000;
    expect(await call(first)).toEqual(KNOWN);
  });

  test('are fetched again, and a withdrawn one is not used, where the clock was set back by hours', async () => {
    await call(first);
    answer = publish(second);
    nowMs -= 5 * HOUR_MS;
    expect(await call(second)).toEqual(KNOWN);
    await refused(call(first));
    expect(fetches).toBe(2);
  });

  test('are asked for at most once in 30 seconds of a server that is down, and once a second when there are none', async () => {
    await call(first);
    answer = (response) => response.socket?.resetAndDestroy();
    nowMs += 11 * MINUTE_MS;
    for (let seconds = 0; seconds < 30; seconds++) {
      await call(first);
      await refused(call(second));
      nowMs += 1_000;
    }
    expect(fetches).toBe(2);
    nowMs += HOUR_MS;
    for (let tenths = 0; tenths < 50; tenths++) {
      await refused(call(first));
      nowMs += 100;
    }
    expect(fetches).toBe(2 + 5);
  });

  test('that are known serve while their server hangs', async () => {
    await call(first);
    answer = () => {};
    nowMs += 11 * MINUTE_MS;
    const endTime = timerOfFetch();
    const waiting = refused(call(second));
    await settled(2);
    expect(await Promise.all(Array.from({ length: 20 }, () => call(first)))).toEqual(Array(20).fill(KNOWN));
    expect(failures).toEqual([]);
    endTime();
    await waiting;
    expect(failures).toEqual([expect.objectContaining({ name: 'TimeoutError' })]);
  });

  const MEBIBYTE = 1_048_576;
  const setOf = (bytes: number): string => {
    const set = JSON.stringify({ keys: [first.jwk] });
    return set + ' '.repeat(bytes - set.length);
  };

  test.each<[string, () => Parameters<typeof send>[1]]>([
    ['as they are', () => ({ status: 200, body: setOf(MEBIBYTE) })],
    ['in gzip', () => ({ status: 200, body: '', headers: { 'content-encoding': 'gzip' } })],
    ['in gzip called x-gzip', () => ({ status: 200, body: '', headers: { 'content-encoding': 'x-gzip' } })],
    ['in gzip that no header names', () => ({ status: 200, body: '' })],
  ])('are read up to 1 MiB, %s', async (_what, head) => {
    answer = (response) => {
      const { status, body, headers } = head();
      response.writeHead(status, headers).end(body === '' ? gzipSync(setOf(MEBIBYTE)) : body);
    };
    expect(await call(first)).toEqual(KNOWN);
  });

  test.each<[string, () => string | Buffer | Promise<Buffer>]>([
    ['come in more than 1 MiB', () => setOf(MEBIBYTE + 1)],
    ['are more than 1 MiB once inflated', () => gzipSync(setOf(MEBIBYTE + 1))],
    ['come in a bomb of 50 MB', () => gzipBomb(50_000_000)],
    ['come in broken gzip', () => gzipSync(setOf(1_000)).subarray(0, 100)],
  ])('are not taken where they %s', async (_what, body) => {
    const bytes = await body();
    answer = (response) => void response.end(bytes);
    await refused(call(first));
    expect(failures).toEqual([expect.objectContaining({ name: 'UnreadableBody' })]);
  });

  test.each<[string, (key: JWK) => JWK[]]>([
    ['are more than a hundred', (key) => Array.from({ length: 101 }, () => key)],
    ['have a key with many operations', (key) => [key, { ...key, key_ops: Array.from({ length: 21 }, (_, n) => `operation${n}`) }]],
  ])('are not taken where they %s: looking for one would take long', async (_what, many) => {
    answer = (response) => void response.end(JSON.stringify({ keys: many(first.jwk) }));
    await refused(call(first));
    expect(failures).toEqual([expect.objectContaining({ code: 'ERR_JWKS_INVALID' })]);
  });

  test('are not looked for where their server leads to', async () => {
    answer = (response) => {
      answer = publish(first);
      send(response, { status: 307, body: '', headers: { location: '/elsewhere' } });
    };
    await refused(call(first));
    expect(fetches).toBe(1);
  });

  test('are given up where their server sends without end', async () => {
    const hostile = await startHostileServer(ENDLESS['answers of 103']!);
    const waiting = createCallers({ jwksUrl: hostile.url, issuer: 'https://issuer.example', audience: 'contacts' }, { now: () => nowMs });
    await refused(waiting(`Bearer ${unsigned('first')}`));
    await hostile.allGone();
    expect(hostile.requests()).toBe(1);
    await hostile.stop();
  });

  test('are given up where their server drips', async () => {
    let drips = 0;
    answer = (response) => {
      response.writeHead(200).flushHeaders();
      const drip = setInterval(() => response.write(' ', () => drips++), 50);
      response.on('close', () => clearInterval(drip));
    };
    const endTime = timerOfFetch();
    const waiting = refused(call(first));
    await until('it drips', () => drips > 3);
    endTime();
    await waiting;
    expect(failures).toEqual([expect.objectContaining({ name: 'TimeoutError' })]);
  });

  test('are read where they came while the process was frozen for longer than they may take', async () => {
    const endTime = timerOfFetch();
    answer = (response) => {
      publish(first)(response);
      // The next turn of the loop begins with what is due, and reads afterwards.
      setTimeout(endTime, 1);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    };
    expect(await call(first)).toEqual(KNOWN);
    expect(failures).toEqual([]);
  });

  test('that could not be had at the start are had later', async () => {
    answer = (response) => send(response, { status: 503, body: {} });
    await refused(call(first));
    answer = publish(first);
    await refused(call(first));
    nowMs += 1_000;
    expect(await call(first)).toEqual(KNOWN);
  });
});

describe('A token', () => {
  test('ends with its time, by the injected clock', async () => {
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'first' }).setIssuer('https://issuer.example').setAudience('contacts').setExpirationTime(nowMs / 1_000 + 1).sign(first.privateKey);
    expect([...(await callers(`Bearer ${token}`))]).toEqual([]);
    nowMs += 5_999;
    expect([...(await callers(`Bearer ${token}`))]).toEqual([]);
    nowMs += 1;
    await refused(callers(`Bearer ${token}`));
  });

  test('may come from an issuer whose clock is five seconds ahead', async () => {
    const early = (seconds: number) => new SignJWT({ nbf: nowMs / 1_000 + seconds, iat: nowMs / 1_000 + seconds }).setProtectedHeader({ alg: 'ES256', kid: 'first' }).setIssuer('https://issuer.example').setAudience('contacts').setExpirationTime(nowMs / 1_000 + 60).sign(first.privateKey);
    expect([...(await callers(`Bearer ${await early(5)}`))]).toEqual([]);
    await refused(callers(`Bearer ${await early(6)}`));
  });

  test('counts for nothing where no key server is set', async () => {
    expect([...(await createCallers(undefined)('Bearer whatever'))]).toEqual([]);
  });
});

describe('A token that several keys fit', () => {
  const nameless = ({ privateKey, jwk: { kid: _kid, ...jwk } }: Signer): Signer => ({ kid: '', privateKey, jwk });
  const callNameless = async (who: Signer, scope = 'contact:identity'): Promise<string[]> => {
    const claims = new SignJWT({ scope }).setProtectedHeader({ alg: 'ES256' });
    const token = await claims.setIssuer('https://issuer.example').setAudience('contacts').setExpirationTime(nowMs / 1_000 + 60).sign(who.privateKey);
    return [...(await callers(`Bearer ${token}`))];
  };
  const strangers = (count: number): Promise<Signer[]> => Promise.all(Array.from({ length: count }, (_, n) => signer(`stranger-${n}`)));

  test.each<[string, () => Signer[]]>([
    ['key ids', () => [first, second]],
    ['none', () => [nameless(first), nameless(second)]],
    ['the same one', () => [first, { ...second, jwk: { ...second.jwk, kid: first.kid } }]],
  ])('is verified by the one that signed it, whether they have %s', async (_what, signers) => {
    answer = publish(...signers());
    expect(await callNameless(first)).toEqual(KNOWN);
    nowMs += 5 * MINUTE_MS;
    expect(await callNameless(second)).toEqual(KNOWN);
    expect(fetches).toBe(1);
  });

  test('is verified by the one that signed it, where its key id is that of two', async () => {
    answer = publish(first, { ...second, jwk: { ...second.jwk, kid: first.kid } });
    expect(await call(second, first.kid)).toEqual(KNOWN);
    expect(await call(first)).toEqual(KNOWN);
  });

  test('and has expired is refused for that, and brings no further fetch', async () => {
    answer = publish(second, first);
    await callNameless(first);
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256' }).setIssuer('https://issuer.example').setAudience('contacts').setExpirationTime(nowMs / 1_000 - 60).sign(first.privateKey);
    nowMs += MINUTE_MS;
    await expect(callers(`Bearer ${token}`)).rejects.toMatchObject({ facts: { fault: 'expiredToken' } });
    expect(fetches).toBe(1);
  });

  test('is refused where none of them signed it, and brings no further fetch', async () => {
    answer = publish(first, second);
    const [stranger] = await strangers(1);
    nowMs += HOUR_MS;
    for (let times = 0; times < 20; times++) await refused(callNameless(stranger!));
    expect(fetches).toBe(1);
  });

  test('is tried with ten of them, and no more', async () => {
    const others = await strangers(10);
    answer = publish(...others.slice(0, 9), first);
    expect(await callNameless(first)).toEqual(KNOWN);
    answer = publish(...others, first);
    nowMs += HOUR_MS;
    await refused(callNameless(first));
    expect(fetches).toBe(2);
  });

  test('brings a new key when it fits none of the others, at most every 30 seconds', async () => {
    expect(await callNameless(first)).toEqual(KNOWN);
    // The issuer has another key now.
    answer = publish(nameless(second));
    await refused(callNameless(second));
    expect(fetches).toBe(1);
    nowMs += 30_000;
    expect(await callNameless(second)).toEqual(KNOWN);
    for (let times = 0; times < 5; times++) await refused(callNameless(first));
    expect(fetches).toBe(2);
  });

  test('is verified although one of them cannot be used', async () => {
    const broken = { ...first, jwk: { ...first.jwk, kid: 'broken', x: 'AAAA' } };
    answer = publish(broken, second, first);
    expect(await callNameless(first)).toEqual(KNOWN);
  });

  test('is refused, and brings no fetch, where its key id is that of one which did not sign it', async () => {
    await call(first);
    nowMs += 5 * MINUTE_MS;
    await refused(call(second, first.kid));
    expect(fetches).toBe(1);
  });

  test('is refused for its claims, whichever key signed it', async () => {
    answer = publish(first, second);
    const foreign = await new SignJWT({}).setProtectedHeader({ alg: 'ES256' }).setIssuer('https://issuer.example').setAudience('invoices').setExpirationTime(nowMs / 1_000 + 60).sign(second.privateKey);
    await refused(callers(`Bearer ${foreign}`));
    expect(fetches).toBe(1);
  });
});

/** Of the right form, with a key id that nobody published. */
function unsigned(kid: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'ES256', kid })}.${part({ iss: 'https://issuer.example', aud: 'contacts' })}.${'A'.repeat(86)}`;
}
