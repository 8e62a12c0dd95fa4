/** @needs redis-server */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
import { report } from '../support/figures.js';
import { RedisServer } from '../support/redisServer.js';
import { granting, refusal } from '../support/rotatingServer.js';
import { SERVED, TokenScene, type Service } from '../support/tokenScene.js';
import { until } from '../support/until.js';

jest.setTimeout(240_000);

type Start = (settings?: Record<string, string>) => Promise<Service>;

/** What processes share. */
const SHARED: Record<string, (act: (scene: TokenScene, start: Start) => Promise<void>) => Promise<void>> = {
  'one file': (act) => TokenScene.play((scene) => act(scene, (settings) => scene.start(settings))),
  'one Redis': async (act) => {
    const redis = await RedisServer.start();
    try {
      await TokenScene.play((scene) => act(scene, (settings) => scene.start({ REDIS_URL: redis.url, ...settings })));
    } finally {
      await redis.stop();
    }
  },
};

/** Asks all processes that are not `out`, about 20 times a second each, until told to end. */
function steadily(services: readonly Service[], out: Set<Service>): { readonly end: () => Promise<{ requests: number; failures: string[] }> } {
  let isOver = false;
  let requests = 0;
  const failures: string[] = [];
  const asking = services.map(async (service) => {
    while (!isOver) {
      if (!out.has(service)) {
        requests++;
        // A request to a process that has meanwhile been ended does not count.
        const got = await service.ask().then((reply) => reply.got, (error: unknown) => String(error));
        if (got !== SERVED && !out.has(service)) failures.push(got);
      }
      await sleep(50);
    }
  });
  return {
    end: async () => {
      isOver = true;
      await Promise.all(asking);
      return { requests, failures };
    },
  };
}

/**
 * Between two renewals: a process that ends while the token is on its way, or before the store has it, loses it, and nothing
 * can help that. The next renewal begins 1.4 s after the last one at the earliest.
 */
async function quietly({ cas360 }: TokenScene): Promise<void> {
  const before = cas360.asked.length;
  await until('there is a renewal', () => cas360.asked.length > before);
  await sleep(1_000);
}

const EVENTS: Record<string, (service: Service, scene: TokenScene) => Promise<void>> = {
  'nothing else happens': () => sleep(5_000),
  'one is killed': (service) => service.end('SIGKILL').then(() => {}),
  'one is told to stop': async (service) => {
    expect(await service.end()).toBe(0);
  },
  'one is frozen for 5 s, in the middle of a renewal': async (service, { cas360 }) => {
    const before = cas360.asked.length;
    await until('there is a renewal', () => cas360.asked.length > before);
    service.signal('SIGSTOP');
    await sleep(5_000);
    service.signal('SIGCONT');
  },
  'one is frozen for 5 s': async (service) => {
    service.signal('SIGSTOP');
    await sleep(5_000);
    service.signal('SIGCONT');
  },
};

describe.each(Object.keys(SHARED))('processes on %s, with access tokens that live for 2 s', (what) => {
  test.each([2, 4].flatMap((count) => Object.keys(EVENTS).map((event) => [count, event] as const)))('%d, and %s', (count, event) => SHARED[what]!(async (scene, start) => {
    scene.cas360.lifetimeSeconds = 2;
    const services = await Promise.all(Array.from({ length: count }, () => start({ REQUEST_TIMEOUT_MS: '20000' })));
    const out = new Set<Service>();
    const load = steadily(services, out);
    await sleep(4_000);
    await quietly(scene);
    out.add(services[0]!);
    await EVENTS[event]!(services[0]!, scene);
    if (!event.includes('killed') && !event.includes('stop')) out.delete(services[0]!);
    await sleep(6_000);
    const { requests, failures } = await load.end();
    report(`${count} processes on ${what}, ${event}`, { requests, failed: failures.length, renewals: scene.cas360.asked.length, 'spent tokens sent': scene.cas360.spentUses });
    expect(failures).toEqual([]);
  }));
});

describe('a token endpoint that takes its time', () => {
  test.concurrent.each([
    ['answers after 30 s', 30_000, undefined],
    ['answers in drips, for 20 s', 0, 80],
  ])('%s, to a process that is told to stop: it waits, and the next start uses the kept token', (_what, afterMs, dripMs) => TokenScene.play(async (scene) => {
    scene.cas360.answer = async (asked) => {
      const told = await granting(asked);
      await sleep(afterMs);
      return { ...told, ...(dripMs && { dripMs }) };
    };
    const one = await scene.start({ REQUEST_TIMEOUT_MS: '2000' });
    expect((await one.ask()).got).toBe('UPSTREAM_TIMEOUT');
    expect(await one.end()).toBe(0);
    expect((await (await scene.start()).ask()).got).toBe(SERVED);
    expect(scene.cas360.asked).toHaveLength(1);
  }));

  test.concurrent('never answers: it ends after a minute, and the token is not sent again', () => TokenScene.play(async (scene) => {
    scene.cas360.answer = () => undefined;
    const one = await scene.start({ REQUEST_TIMEOUT_MS: '2000' });
    expect((await one.ask()).got).toBe('UPSTREAM_TIMEOUT');
    expect(await one.end()).toBe(0);
    expect(await scene.kept()).toMatchObject({ mark: 'unknown', refreshToken: scene.token });
    scene.cas360.answer = granting;
    expect((await (await scene.start()).ask()).got).toBe('UPSTREAM_AUTH_FAILED');
    expect(scene.cas360.asked).toHaveLength(1);
  }));

  test.concurrent.each([5_000, 20_000])('answers while the process is frozen for %d ms: the answer is read after that', (frozenMs) => TokenScene.play(async (scene) => {
    const one = await scene.start({ REQUEST_TIMEOUT_MS: '60000' });
    scene.cas360.answer = async (asked) => {
      const told = await granting(asked);
      one.signal('SIGSTOP');
      return told;
    };
    const reply = one.ask();
    await until('it is asked', () => scene.cas360.asked.length === 1);
    await sleep(frozenMs);
    one.signal('SIGCONT');
    expect((await reply).got).toBe(SERVED);
  }));

  test.concurrent('refuses for an hour while the access token is valid: all is served until it is over', () => TokenScene.play(async (scene) => {
    scene.cas360.lifetimeSeconds = 12;
    const one = await scene.start();
    expect((await one.ask()).got).toBe(SERVED);
    scene.cas360.answer = () => refusal(429, 'slow_down', { 'retry-after': '3600' });
    for (const endsAt = performance.now() + 11_000; performance.now() < endsAt; await sleep(100)) expect((await one.ask()).got).toBe(SERVED);
    await sleep(2_000);
    const { got, extensions } = await one.ask();
    expect([got, extensions.retryable]).toEqual(['UPSTREAM_AUTH_FAILED', true]);
    expect(extensions.retryAfterSeconds).toBeGreaterThan(3_500);
    expect(scene.cas360.asked).toHaveLength(2);
  }));
});
