import { expect, test } from '@jest/globals';
import type { UpstreamSandbox } from '../../sandbox/upstream.js';
import { NAMES } from '../support/caller.js';
import { ms, quantile, report } from '../support/figures.js';
import { after, closedLoop, openLoop } from '../support/load.js';
import { firstIds, startStand, type Stand } from '../support/stand.js';
import { until } from '../support/until.js';

const tokenCalls = (system: UpstreamSandbox): number => system.calls.filter(({ kind }) => kind === 'token').length;
const both = ({ sandbox }: Stand): UpstreamSandbox[] => [sandbox.pms, sandbox.cas360];

test('1,000 callers at once on a cold start make one token request to each system', async () => {
  // A slow machine needs longer than the default for so many, and this is about their tokens.
  const stand = await startStand({ MAX_WAIT_MS: '8000' });
  try {
    for (const system of both(stand)) system.faults.set([{ on: 'token', latencyMs: 200 }]);
    const [pms, cas360] = [firstIds(stand.sandbox, 'pms', 1_000), firstIds(stand.sandbox, 'cas360', 1_000)];
    const codes: string[] = [];
    await closedLoop(1_000, 1_000, async (n) => {
      codes.push(...(await stand.caller.ask(NAMES, { ids: [pms[n], cas360[n]] })).codes);
    });
    const requests = both(stand).map(tokenCalls);
    report('cold start', { callers: 1_000, errors: codes.length, 'token requests to the PMS': requests[0]!, 'to CAS 360': requests[1]! });
    expect(codes).toEqual([]);
    expect(requests).toEqual([1, 1]);
  } finally {
    await stand.stop();
  }
}, 30_000);

/** Longer than an answer takes on a busy machine: a call is tried with two tokens at most. */
const LIFE_MS = 1_000;

/** Begins it, and hands back what ends it. */
const DEATHS: Record<string, (systems: UpstreamSandbox[]) => () => void> = {
  revoked: (systems) => {
    const timer = setInterval(() => systems.forEach((system) => system.revokeTokens()), LIFE_MS);
    return () => clearInterval(timer);
  },
  over: (systems) => {
    for (const system of systems) {
      system.tokenLifetimeSeconds = LIFE_MS / 1_000;
      system.revokeTokens();
    }
    return () => {};
  },
};

test.each(Object.keys(DEATHS))('a token that is %s all the time costs nobody an answer', async (how) => {
  const stand = await startStand();
  let end: (() => void) | undefined;
  try {
    const ids = [firstIds(stand.sandbox, 'pms'), firstIds(stand.sandbox, 'cas360')];
    for (const system of both(stand)) system.faults.set([{ on: 'token', latencyMs: 5 }]);
    const codes: string[] = [];
    let wrong = 0;
    let asked = 0;
    const renewals = (): number[] => both(stand).map(tokenCalls);
    end = DEATHS[how]!(both(stand));
    // A quick machine is done with ten thousand requests before ten tokens have died.
    await until('each system has given more than ten tokens', async () => {
      await closedLoop(5_000, 24, async (n) => {
        const id = ids[n % 2]![n % 1_500]!;
        const reply = await stand.caller.ask(NAMES, { ids: [id] });
        codes.push(...reply.codes);
        if (reply.data?.contacts[0]?.id !== id) wrong++;
      });
      asked += 5_000;
      return asked >= 10_000 && Math.min(...renewals()) > 10;
    }, 45_000);
    report(`tokens ${how} every ${LIFE_MS} ms`, { requests: asked, errors: codes.length, 'tokens of the PMS': renewals()[0]!, 'of CAS 360': renewals()[1]! });
    expect(codes).toEqual([]);
    expect(wrong).toBe(0);
  } finally {
    end?.();
    await stand.stop();
  }
}, 60_000);

test.concurrent('a token endpoint that is down is not missed while the token is good', async () => {
  const stand = await startStand();
  try {
    for (const system of both(stand)) system.tokenLifetimeSeconds = 8;
    const [pms, cas360] = [firstIds(stand.sandbox, 'pms'), firstIds(stand.sandbox, 'cas360')];
    const codes: string[] = [];
    await stand.caller.ask(NAMES, { ids: [pms[0], cas360[0]] });
    for (const system of both(stand)) {
      system.resetCalls();
      system.faults.set([{ on: 'token', status: 503 }]);
    }
    let asked = 0;
    const mended = new Set<UpstreamSandbox>();
    // The first tokens are over after 8 s; renewing them early fails once, and is tried again a second later.
    await openLoop(50, after(9_000), async (n) => {
      for (const system of both(stand)) if (tokenCalls(system) > 0 && !mended.has(system.faults.clear() ?? system)) mended.add(system);
      codes.push(...(await stand.caller.ask(NAMES, { ids: [pms[n], cas360[n]] })).codes);
      asked++;
    });
    const attempts = both(stand).map(tokenCalls);
    report('token endpoint down while the token is good', { requests: asked, errors: codes.length, 'attempts at the PMS': attempts[0]!, 'at CAS 360': attempts[1]! });
    expect(codes).toEqual([]);
    expect(Math.min(...attempts)).toBeGreaterThan(1);
  } finally {
    await stand.stop();
  }
}, 30_000);

test.concurrent('without a token callers hear so at once, and the endpoint is asked once a second', async () => {
  const stand = await startStand();
  try {
    for (const system of both(stand)) system.faults.set([{ on: 'token', status: 503 }]);
    const [pms, cas360] = [firstIds(stand.sandbox, 'pms'), firstIds(stand.sandbox, 'cas360')];
    const times: number[] = [];
    const codes = new Set<string>();
    const seconds = 4;
    await openLoop(50, after(seconds * 1_000), async (n) => {
      const reply = await stand.caller.ask(NAMES, { ids: [pms[n], cas360[n]] });
      times.push(reply.ms);
      for (const code of reply.codes) codes.add(code);
      expect(reply.codes).toHaveLength(2);
    });
    const attempts = both(stand).map(tokenCalls);
    for (const system of both(stand)) system.faults.clear();
    // Each endpoint is asked again within two seconds.
    await until('there are tokens again', async () => (await stand.caller.ask(NAMES, { ids: [pms[0], cas360[0]] })).codes.length === 0);
    report('token endpoint down without a token', {
      requests: times.length,
      'told in (median)': ms(quantile(times, 0.5)),
      'told in (p99)': ms(quantile(times, 0.99)),
      'attempts at the PMS': attempts[0]!,
      'at CAS 360': attempts[1]!,
    });
    expect(codes).toEqual(new Set(['UPSTREAM_AUTH_FAILED']));
    expect(Math.max(...attempts)).toBeLessThanOrEqual(seconds + 1);
    expect(quantile(times, 0.5)).toBeLessThan(100);
  } finally {
    await stand.stop();
  }
}, 30_000);
