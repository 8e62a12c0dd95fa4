import { describe, expect, test } from '@jest/globals';
import type { UpstreamCall } from '../../src/recording.js';
import { TokenUnavailable } from '../../src/upstream/oauth2/tokenUnavailable.js';
import { TokenSource, type Grant } from '../../src/upstream/oauth2/tokenSource.js';
import { FOREVER } from '../support/upstreamDouble.js';

interface Endpoint {
  readonly source: TokenSource;
  readonly requests: { grant(grant: Partial<Grant>): void; fail(error?: Error): void }[];
  readonly failures: unknown[];
  grants: number;
  /** Whether there is a token from elsewhere. */
  hasOther: boolean;
  /** Milliseconds, moved by the test. */
  clock: number;
}

/** A token source whose endpoint answers when the test says so. */
function endpoint(random = 0): Endpoint {
  const self: Endpoint = {
    requests: [],
    failures: [],
    grants: 0,
    hasOther: false,
    clock: 0,
    source: new TokenSource({
      source: 'PMS',
      now: () => self.clock,
      random: () => random,
      onGrant: () => self.grants++,
      onFailure: (error) => self.failures.push(error),
      hasOther: () => self.hasOther,
      request: () =>
        new Promise((resolve, reject) => {
          self.requests.push({
            grant: (grant) => resolve({ accessToken: `token${self.requests.length}`, lifetimeSeconds: 100, ...grant }),
            fail: (error = new Error('the token endpoint answered 500')) => reject(error),
          });
        }),
    }),
  };
  return self;
}

async function endpointWithToken(random?: number): Promise<Endpoint> {
  const self = endpoint(random);
  const token = self.source.get(FOREVER.signal);
  self.requests[0]?.grant({});
  expect(await token).toBe('token1');
  return self;
}

describe('A token source', () => {
  test('makes one request for a thousand callers at once', async () => {
    const { source, requests } = endpoint();
    const tokens = Array.from({ length: 1_000 }, () => source.get(FOREVER.signal));
    requests[0]?.grant({});
    expect(new Set(await Promise.all(tokens))).toEqual(new Set(['token1']));
    expect(requests).toHaveLength(1);
  });

  test('gives the token out again while it is young', async () => {
    const self = await endpointWithToken();
    self.clock = 69_999;
    expect(await self.source.get(FOREVER.signal)).toBe('token1');
    expect(self.requests).toHaveLength(1);
  });

  test.each([
    [0, 70_000],
    [1, 85_000],
  ])('renews it after 70 to 85 %% of its life (%d: %i ms)', async (random, renewsAtMs) => {
    const self = await endpointWithToken(random);
    for (const [clock, requests] of [[renewsAtMs - 1, 1], [renewsAtMs, 2]] as const) {
      self.clock = clock;
      expect(self.source.get(FOREVER.signal)).toBe('token1');
      expect(self.requests).toHaveLength(requests);
    }
  });

  test('renews it in the background before it expires, and nobody waits', async () => {
    const self = await endpointWithToken();
    self.clock = 70_000;
    expect(await self.source.get(FOREVER.signal)).toBe('token1');
    expect(await self.source.get(FOREVER.signal)).toBe('token1');
    expect(self.requests).toHaveLength(2);
    self.requests[1]?.grant({});
    await new Promise((resolve) => setImmediate(resolve));
    expect(await self.source.get(FOREVER.signal)).toBe('token2');
  });

  test('waits for a new one once the old one has expired', async () => {
    const self = await endpointWithToken();
    self.clock = 100_000;
    const token = self.source.get(FOREVER.signal);
    self.requests[1]?.grant({});
    expect(await token).toBe('token2');
  });

  test('counts the life of a token from the moment at which it was asked for', async () => {
    const self = endpoint();
    const first = self.source.get(FOREVER.signal);
    self.clock = 60_000;
    self.requests[0]?.grant({});
    expect([await first, self.source.ageMs]).toEqual(['token1', 60_000]);
    self.clock = 100_000;
    const second = self.source.get(FOREVER.signal);
    self.requests[1]?.grant({});
    expect(await second).toBe('token2');
    self.clock = 100_500;
    expect(self.source.ageMs).toBe(500);
  });

  test.each([0, -1, NaN])('does not begin with a token of an earlier process that has %d s to live', (lifetimeSeconds) => {
    const options = { source: 'PMS', now: () => 0, random: () => 0, onFailure: () => {}, request: () => new Promise<Grant>(() => {}) } as const;
    expect(new TokenSource({ ...options, initial: { accessToken: 'over', lifetimeSeconds } }).ageMs).toBeUndefined();
    expect(new TokenSource({ ...options, initial: { accessToken: 'good', lifetimeSeconds: 1 } }).get(FOREVER.signal)).toBe('good');
  });

  /** The times at which the endpoint was asked while it failed like this. */
  async function triedAt(forMs: number, error?: Error): Promise<number[]> {
    const self = await endpointWithToken();
    const times: number[] = [];
    for (self.clock = 70_000; self.clock < 70_000 + forMs; self.clock += 100) {
      expect(await self.source.get(FOREVER.signal)).toBe('token1');
      if (self.requests.length - 1 > times.length) times.push(self.clock - 70_000);
      self.requests.at(-1)?.fail(error);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(self.failures).toHaveLength(times.length);
    return times;
  }

  test('goes on with a valid token while the endpoint is down, and tries it every two seconds at last', async () => {
    expect(await triedAt(8_000)).toEqual([0, 1_000, 3_000, 5_000, 7_000]);
  });

  test.each([
    new TokenUnavailable('invalid_client', { isTransient: false }),
    new TokenUnavailable('too many', { isTransient: true, status: 429 }),
  ])('tries less often what takes an operator, or asks for less, but every minute at least', async (error) => {
    expect(await triedAt(29_900, error)).toEqual([0, 1_000, 3_000, 7_000, 15_000]);
    const self = endpoint();
    for (let n = 0; n < 20; n++) {
      void Promise.resolve(self.source.get(FOREVER.signal)).catch(() => {});
      self.requests.at(-1)?.fail(error);
      await new Promise((resolve) => setImmediate(resolve));
      self.clock += 60_000;
    }
    expect(self.requests).toHaveLength(20);
  });

  test.each([
    [true, 3_600_000],
    [false, 3_600_000],
    [true, 10],
  ])('asks no earlier than the endpoint says (transient: %s, %d ms), and tells callers', async (isTransient, retryAfterMs) => {
    const self = endpoint();
    const pauseMs = Math.max(1_000, retryAfterMs);
    for (self.clock of [0, 1, pauseMs - 1]) {
      const getting = self.source.get(FOREVER.signal);
      self.requests.at(-1)?.fail(new TokenUnavailable('429', { isTransient, retryAfterMs }));
      const retryAfterSeconds = isTransient ? Math.max(1, Math.ceil((pauseMs - self.clock) / 1_000)) : undefined;
      await expect(getting).rejects.toMatchObject({ code: 'UPSTREAM_AUTH_FAILED', facts: { isTransient, retryAfterSeconds } });
    }
    expect(self.requests).toHaveLength(1);
    self.clock = pauseMs;
    void self.source.get(FOREVER.signal);
    expect(self.requests).toHaveLength(2);
  });

  test('looks for a token from elsewhere before the time that the endpoint asked for, and tells callers that time', async () => {
    const self = endpoint();
    for (self.clock of [0, 1_000]) {
      const getting = self.source.get(FOREVER.signal);
      self.requests.at(-1)?.fail(new TokenUnavailable('429', { isTransient: true, retryAfterMs: 3_600_000 - self.clock, lookAgainMs: 1_000 }));
      await expect(getting).rejects.toMatchObject({ facts: { retryAfterSeconds: 3_600 - self.clock / 1_000 } });
    }
    self.clock = 1_999;
    await expect(self.source.get(FOREVER.signal)).rejects.toMatchObject({ facts: { retryAfterSeconds: 3_599 } });
    expect(self.requests).toHaveLength(2);
    self.clock = 2_000;
    const getting = self.source.get(FOREVER.signal);
    self.requests.at(-1)?.grant({});
    expect(await getting).toBe('token3');
  });

  test('does not wait for the end of a pause when there is a token from elsewhere', async () => {
    const self = await endpointWithToken();
    for (const clock of [70_000, 100_000]) {
      self.clock = clock;
      self.hasOther = false;
      const asked = self.requests.length;
      for (let n = 0; n < 2; n++) {
        void Promise.resolve(self.source.get(FOREVER.signal)).catch(() => {});
        self.requests.at(-1)?.fail(new TokenUnavailable('invalid_client', { isTransient: false, retryAfterMs: 60_000 }));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(self.requests).toHaveLength(asked + 1);
      self.hasOther = true;
      void self.source.get(FOREVER.signal);
      expect(self.requests).toHaveLength(asked + 2);
      self.requests.at(-1)?.grant({ lifetimeSeconds: clock === 70_000 ? 30 : 100 });
      await new Promise((resolve) => setImmediate(resolve));
      expect(self.source.get(FOREVER.signal)).toBe(`token${asked + 2}`);
    }
  });

  test('fails fast for a second after the endpoint has failed', async () => {
    const self = endpoint();
    const first = self.source.get(FOREVER.signal);
    self.requests[0]?.fail();
    await expect(first).rejects.toMatchObject({ code: 'UPSTREAM_AUTH_FAILED', source: 'PMS' });
    await expect(self.source.get(FOREVER.signal)).rejects.toMatchObject({ code: 'UPSTREAM_AUTH_FAILED' });
    expect(self.requests).toHaveLength(1);
    self.clock = 1_000;
    const third = self.source.get(FOREVER.signal);
    self.requests[1]?.grant({});
    expect(await third).toBe('token2');
  });

  test('is settled once a renewal is over, whatever came of it', async () => {
    const self = await endpointWithToken();
    await self.source.settled();
    for (const end of ['grant', 'fail'] as const) {
      self.clock += 100_000;
      Promise.resolve(self.source.get(FOREVER.signal)).catch(() => {});
      let isSettled = false;
      const settled = self.source.settled().then(() => (isSettled = true));
      await new Promise((resolve) => setImmediate(resolve));
      expect(isSettled).toBe(false);
      self.requests.at(-1)?.[end]({} as never);
      await settled;
    }
    expect([self.grants, self.failures.length]).toEqual([2, 1]);
  });

  test.each([
    ['grant', '200'],
    ['fail', 'UPSTREAM_AUTH_FAILED'],
  ] as const)('records a request for a token with the call that began it (%s)', async (end, outcome) => {
    const { source, requests } = endpoint();
    const [first, second]: UpstreamCall[][] = [[], []];
    const getting = [first, second].map((calls) => Promise.resolve(source.get(FOREVER.signal, calls)));
    requests[0]?.[end]({} as never);
    await Promise.allSettled(getting);
    expect(first).toEqual([{ resource: 'token', ids: [], relationships: false, attempt: 1, startedAtMs: expect.any(Number), endedAtMs: expect.any(Number), outcome }]);
    expect(second).toEqual([]);
  });

  test('records no request for a token that another process has asked for', async () => {
    const { source, requests } = endpoint();
    const calls: UpstreamCall[] = [];
    const getting = source.get(FOREVER.signal, calls);
    requests[0]?.grant({ isAdopted: true });
    await getting;
    expect(calls).toEqual([]);
  });

  test('lets a caller go at its own deadline and goes on for the others', async () => {
    const self = endpoint();
    const impatient = new AbortController();
    const short = self.source.get(impatient.signal);
    const long = self.source.get(FOREVER.signal);
    impatient.abort(new Error('too late'));
    await expect(short).rejects.toThrow('too late');
    self.requests[0]?.grant({});
    expect(await long).toBe('token1');
  });
});

const [OLD, NEW] = ['token1', 'token2'];
const REST_MS = 30_000;

describe('A refused token', () => {
  const replacement = (self: Endpoint, refused: string, path = '/contacts/1') => self.source.replacementFor(refused, path, FOREVER.signal);

  /** After a call was refused with the first token and with its replacement, while others are served. */
  async function withBadRecord(): Promise<Endpoint> {
    const self = await endpointWithToken();
    const renewed = replacement(self, OLD);
    self.requests[1]?.grant({});
    expect(await renewed).toBe(NEW);
    self.source.didNotHelp(NEW);
    return self;
  }

  test('brings one renewal, however many calls were refused with it, and when they hear of that', async () => {
    const self = await endpointWithToken();
    const replays = Array.from({ length: 100 }, (_, n) => replacement(self, OLD, `/contacts/${n}`));
    self.requests[1]?.grant({});
    expect(new Set(await Promise.all(replays))).toEqual(new Set([NEW]));
    expect(replacement(self, OLD)).toBe(NEW);
    expect(self.source.get(FOREVER.signal)).toBe(NEW);
    expect(self.requests).toHaveLength(2);
  });

  test('brings one soon after one that did not help, if there is a token from elsewhere', async () => {
    const self = await withBadRecord();
    expect(replacement(self, NEW)).toBeUndefined();
    self.hasOther = true;
    const renewed = replacement(self, NEW);
    self.requests[2]?.grant({});
    expect(await renewed).toBe('token3');
  });

  test('is used by others until the new one is there', async () => {
    const self = await endpointWithToken();
    const renewed = replacement(self, OLD);
    expect(self.source.get(FOREVER.signal)).toBe(OLD);
    self.requests[1]?.grant({});
    await renewed;
    expect(self.source.get(FOREVER.signal)).toBe(NEW);
  });

  test('is used by others when no other can be had, and asked for again a second later', async () => {
    const self = await endpointWithToken();
    const renewed = replacement(self, OLD);
    self.requests[1]?.fail();
    await expect(renewed).rejects.toMatchObject({ code: 'UPSTREAM_AUTH_FAILED' });
    expect(self.source.get(FOREVER.signal)).toBe(OLD);
    await expect(replacement(self, OLD)).rejects.toMatchObject({ code: 'UPSTREAM_AUTH_FAILED' });
    expect(self.requests).toHaveLength(2);
    self.clock = 1_000;
    void replacement(self, OLD);
    expect(self.requests).toHaveLength(3);
  });

  test('is not replaced by one that is over by now', async () => {
    const self = await endpointWithToken();
    self.clock = 99_999;
    expect(replacement(self, 'token0')).toBe(OLD);
    self.clock = 100_000;
    const renewed = replacement(self, 'token0');
    self.requests.at(-1)?.grant({});
    expect(await renewed).toBe(NEW);
  });

  test('lets a caller go at its own deadline', async () => {
    const self = await endpointWithToken();
    const impatient = new AbortController();
    const renewed = self.source.replacementFor(OLD, '/contacts/1', impatient.signal);
    impatient.abort(new Error('too late'));
    await expect(renewed).rejects.toThrow('too late');
  });

  test('brings no other for half a minute after one that did not help, while others are served', async () => {
    const self = await withBadRecord();
    for (self.clock = 0; self.clock < REST_MS; self.clock += 100) {
      expect(replacement(self, NEW)).toBeUndefined();
      self.source.served(NEW);
    }
    expect(self.requests).toHaveLength(2);
    void replacement(self, NEW);
    expect(self.requests).toHaveLength(3);
  });

  test('brings no other where it never served: then the tokens are not the reason', async () => {
    const self = await withBadRecord();
    for (self.clock = 0; self.clock < REST_MS; self.clock += 100) expect(replacement(self, NEW, `/contacts/${self.clock}`)).toBeUndefined();
    expect(self.requests).toHaveLength(2);
  });

  test.each([
    ['three records were refused for a second', ['1', '2', '3'], 1_000, true],
    ['more were', ['1', '2', '3', '4', '5'], 1_000, true],
    ['only two were', ['1', '2', '1', '2'], 1_000, false],
    ['that lasts for less than a second', ['1', '2', '3'], 999, false],
  ])('that had served was revoked if nothing but refusals came since, and %s', async (_what, records, afterMs, isRevoked) => {
    const self = await withBadRecord();
    self.source.served(NEW);
    for (const record of records) expect(replacement(self, NEW, `/contacts/${record}`)).toBeUndefined();
    self.clock += afterMs;
    const renewed = replacement(self, NEW, `/contacts/${records.at(-1)}`);
    expect(renewed === undefined).toBe(!isRevoked);
    expect(self.requests).toHaveLength(isRevoked ? 3 : 2);
  });

  test('was not revoked if a call was served in between', async () => {
    const self = await withBadRecord();
    self.source.served(NEW);
    for (const record of ['1', '2', '3']) expect(replacement(self, NEW, `/contacts/${record}`)).toBeUndefined();
    self.source.served(NEW);
    self.clock += 1_000;
    for (const record of ['1', '2', '3']) expect(replacement(self, NEW, `/contacts/${record}`)).toBeUndefined();
  });

  test.each([
    ['three bad records', ['9', '1', '2', '3'], {}],
    ['three bad records, each time with the same token,', ['9', '1', '2', '3'], { accessToken: 'same' }],
    ['one bad record in three chunks', ['9', '54,1', '54,2', '54,3'], {}],
  ])('brings one renewal in half a minute, and one more at first, where %s are asked for between others', async (_what, asked, grant) => {
    const self = await endpointWithToken();
    /** As an endpoint asks: with one replay. */
    const call = async (ids: string): Promise<void> => {
      const token = await self.source.get(FOREVER.signal);
      if (ids === '9') return self.source.served(token);
      const renewed = replacement(self, token, `/contacts/${ids}`);
      self.requests.at(-1)?.grant({ lifetimeSeconds: 3_600, ...grant });
      const other = await renewed;
      // Each of the calls that waited for the token tells of it.
      if (other !== undefined) for (let n = 0; n < 3; n++) self.source.didNotHelp(other);
    };
    const before = self.requests.length;
    for (let n = 0; self.clock < 10 * REST_MS; n++, self.clock += 600) await call(asked[n % asked.length]!);
    expect(self.requests.length - before).toBeLessThanOrEqual(1 + 10);
  });

  test('that was revoked is replaced although the endpoint fails at first', async () => {
    const self = await withBadRecord();
    self.source.served(NEW);
    for (const record of ['1', '2', '3']) expect(replacement(self, NEW, `/contacts/${record}`)).toBeUndefined();
    for (self.clock of [1_000, 2_000]) {
      const renewed = replacement(self, NEW);
      self.requests.at(-1)?.fail();
      await expect(renewed).rejects.toMatchObject({ code: 'UPSTREAM_AUTH_FAILED' });
    }
    expect(self.requests).toHaveLength(4);
  });

  test('that is over by the time its replay is refused says nothing: the next one brings another', async () => {
    const self = await endpointWithToken();
    const renewed = replacement(self, OLD);
    self.requests[1]?.grant({ lifetimeSeconds: 5 });
    await renewed;
    self.clock = 5_000;
    self.source.didNotHelp(NEW);
    void replacement(self, NEW);
    expect(self.requests).toHaveLength(3);
  });

  test('that was replaced meanwhile begins no rest', async () => {
    const self = await endpointWithToken();
    const renewed = replacement(self, OLD);
    self.requests[1]?.grant({});
    await renewed;
    self.source.didNotHelp(OLD);
    void replacement(self, NEW);
    expect(self.requests).toHaveLength(3);
  });
});
