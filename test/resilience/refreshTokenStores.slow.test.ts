/** @needs redis-server */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
import { freePort } from '../support/freePort.js';
import { RedisServer } from '../support/redisServer.js';
import { granting } from '../support/rotatingServer.js';
import { SERVED, TokenScene, type Service } from '../support/tokenScene.js';
import { until } from '../support/until.js';

jest.setTimeout(240_000);

const FAILED = 'UPSTREAM_AUTH_FAILED';
const run = (program: string, ...words: string[]): void => void execFileSync(program, words, { stdio: 'ignore' });

/** Whether this user may mount, and protect files from root. In most containers nobody may. */
const MAY_MOUNT = ((): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'contacts-mount-'));
  try {
    run('mount', '-t', 'tmpfs', 'tmpfs', folder);
    run('umount', folder);
    run('chattr', '+i', folder);
    run('chattr', '-i', folder);
    return true;
  } catch {
    process.stderr.write('Left out: a disk that is full or read-only, and a file that cannot be replaced. They take a user that may mount.\n');
    return false;
  } finally {
    rmdirSync(folder);
  }
})();

interface Obstacle {
  readonly problem: string;
  /** Before the service starts. */
  prepare?(scene: TokenScene): void;
  begin(scene: TokenScene): Promise<void> | void;
  end(scene: TokenScene): Promise<void> | void;
  clean?(scene: TokenScene): void;
}

const tmpfs = (size: string) => ({
  prepare: ({ folder }: TokenScene) => run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder),
  clean: ({ folder }: TokenScene) => run('umount', '-l', folder),
});
const away = (folder: string): string => `${folder}-away`;

/** Root may do anything with modes. These stop root too. */
const FOR_ANYONE: Record<string, Obstacle> = {
  'its folder is away': { problem: 'missing', begin: ({ folder }) => rename(folder, away(folder)), end: ({ folder }) => rename(away(folder), folder) },
  'a file is where its folder was': {
    problem: 'missing',
    begin: async ({ folder }) => {
      await rename(folder, away(folder));
      await writeFile(folder, '');
    },
    end: async ({ folder }) => {
      await rm(folder);
      await rename(away(folder), folder);
    },
  },
};
const FOR_ROOT: Record<string, Obstacle> = {
  'it cannot be replaced': { problem: 'no permission', begin: ({ file }) => run('chattr', '+i', file), end: ({ file }) => run('chattr', '-i', file) },
  'nothing can be put into its folder': { problem: 'no permission', begin: ({ folder }) => run('chattr', '+i', folder), end: ({ folder }) => run('chattr', '-i', folder) },
  'its disk is full': {
    problem: 'full',
    ...tmpfs('64k'),
    begin: async ({ folder }) => {
      await writeFile(join(folder, 'large'), Buffer.alloc(60_000)).catch(() => {});
      for (let n = 0; n < 100; n++) await writeFile(join(folder, `small-${n}`), Buffer.alloc(4_096)).catch(() => {});
    },
    end: async ({ folder }) => {
      for (const name of await readdir(folder)) if (/^(large|small)/.test(name)) await rm(join(folder, name));
    },
  },
  'its disk is read-only': { problem: 'read-only', ...tmpfs('1m'), begin: ({ folder }) => run('mount', '-o', 'remount,ro', folder), end: ({ folder }) => run('mount', '-o', 'remount,rw', folder) },
};

const OBSTACLES = { ...FOR_ANYONE, ...(MAY_MOUNT && FOR_ROOT) };

async function withObstacle(name: string, act: (scene: TokenScene, obstacle: Obstacle) => Promise<void>): Promise<void> {
  const obstacle = OBSTACLES[name]!;
  await TokenScene.play(async (scene) => {
    obstacle.prepare?.(scene);
    const there = new Set<Obstacle>();
    const tracked: Obstacle = {
      ...obstacle,
      begin: async () => {
        there.add(obstacle);
        await obstacle.begin(scene);
      },
      end: async () => {
        there.delete(obstacle);
        await obstacle.end(scene);
      },
    };
    try {
      await act(scene, tracked);
    } finally {
      if (there.size > 0) await obstacle.end(scene);
      await scene.killAll();
      obstacle.clean?.(scene);
    }
  });
}

async function expectTold(service: Service, problem: string): Promise<void> {
  await until('the metric tells', async () => (await service.metric('contacts_refresh_token_store_up')) === 0);
  expect(service.output.text).toContain(`"reason":"${problem}"`);
}

describe.each(Object.keys(OBSTACLES))('while %s', (name) => {
  test.concurrent('during an exchange: the caller is served, and the token is written as soon as it can be', () => withObstacle(name, async (scene, obstacle) => {
    const one = await scene.start();
    scene.cas360.answer = async (asked) => {
      const told = await granting(asked);
      await obstacle.begin(scene);
      return told;
    };
    expect((await one.ask()).got).toBe(SERVED);
    await expectTold(one, obstacle.problem);
    expect(await one.metric('contacts_refresh_token_unkept')).toBe(1);
    await obstacle.end(scene);
    await until('it is written', async () => (await one.metric('contacts_refresh_token_unkept')) === 0);
    expect(await one.metric('contacts_refresh_token_store_up')).toBe(1);
    await one.end('SIGKILL');
    scene.cas360.answer = granting;
    expect((await (await scene.startAnew()).ask()).got).toBe(SERVED);
    expect(scene.cas360.asked).toHaveLength(2);
  }));

  test.concurrent('during an exchange and the stop: it ends when the token is written', () => withObstacle(name, async (scene, obstacle) => {
    const one = await scene.start();
    scene.cas360.answer = async (asked) => {
      const told = await granting(asked);
      await obstacle.begin(scene);
      return told;
    };
    expect((await one.ask()).got).toBe(SERVED);
    one.signal('SIGTERM');
    // Longer than the drain.
    await sleep(5_000);
    await obstacle.end(scene);
    expect(await one.ended).toBe(0);
    scene.cas360.answer = granting;
    expect((await (await scene.startAnew()).ask()).got).toBe(SERVED);
    expect(scene.cas360.asked).toHaveLength(2);
  }));

  test.concurrent('before an exchange: the one process goes on, and the token is written as soon as it can be', () => withObstacle(name, async (scene, obstacle) => {
    const one = await scene.start({ REQUEST_TIMEOUT_MS: '20000' });
    await obstacle.begin(scene);
    // Longer than a leader may be silent.
    await sleep(3_500);
    expect((await one.ask()).got).toBe(SERVED);
    await expectTold(one, obstacle.problem);
    await obstacle.end(scene);
    await until('it is written', async () => (await one.metric('contacts_refresh_token_unkept')) === 0);
    await one.end('SIGKILL');
    expect((await (await scene.startAnew()).ask()).got).toBe(SERVED);
    expect(scene.cas360.asked).toHaveLength(2);
  }));
});

test.concurrent.each(Object.keys(OBSTACLES).filter((name) => name in FOR_ROOT))('a start while %s serves with the access token that the file holds', (name) => withObstacle(name, async (scene, obstacle) => {
  const one = await scene.start();
  expect((await one.ask()).got).toBe(SERVED);
  await one.end('SIGKILL');
  await obstacle.begin(scene);
  const two = await scene.start();
  expect((await two.ask()).got).toBe(SERVED);
  await obstacle.end(scene);
  await until('it is written', async () => (await two.metric('contacts_refresh_token_store_up')) === 1);
}));

if (MAY_MOUNT) test.concurrent('a file that is a mount of its own stops the start, which says what to do', () => TokenScene.play(async (scene) => {
  await writeFile(`${scene.file}.host`, JSON.stringify({ beganWith: createHash('sha256').update(scene.token).digest('hex'), refreshToken: scene.token, inUse: false }));
  await writeFile(scene.file, '');
  run('mount', '--bind', `${scene.file}.host`, scene.file);
  try {
    await expect(scene.start()).rejects.toThrow(/CAS360_TOKEN_FILE: .*mount its folder/);
  } finally {
    run('umount', scene.file);
  }
}));

async function withRedis(act: (scene: TokenScene, redis: RedisServer, start: () => Promise<Service>) => Promise<void>): Promise<void> {
  const redis = await RedisServer.start();
  try {
    await TokenScene.play((scene) => act(scene, redis, () => scene.start({ REDIS_URL: redis.url, REQUEST_TIMEOUT_MS: '9000' })));
  } finally {
    redis.thaw();
    await redis.stop();
  }
}

const config = (redis: RedisServer, words: Record<string, string>): Promise<unknown> => redis.ask((client) => client.configSet(words));

interface Trouble {
  readonly problem: string;
  begin(redis: RedisServer): Promise<unknown>;
  end(redis: RedisServer): Promise<unknown>;
}

/** What can still be read. */
const READABLE: Record<string, Trouble> = {
  full: { problem: 'full', begin: (redis) => config(redis, { maxmemory: '1', 'maxmemory-policy': 'noeviction' }), end: (redis) => config(redis, { maxmemory: '0' }) },
  'read-only': {
    problem: 'read-only',
    begin: async (redis) => {
      const port = await freePort();
      return redis.ask((client) => client.sendCommand(['REPLICAOF', '127.0.0.1', String(port)]));
    },
    end: (redis) => redis.ask((client) => client.sendCommand(['REPLICAOF', 'NO', 'ONE'])),
  },
};
/** What cannot. */
const AWAY: Record<string, Trouble> = {
  'killed, and restarted empty': { problem: 'away', begin: (redis) => redis.end(), end: (redis) => redis.begin() },
  frozen: { problem: 'slow', begin: async (redis) => redis.freeze(), end: async (redis) => redis.thaw() },
};

/** Asks all of them again and again for so long. Resolves to what they got that is no contact. */
async function asked(services: readonly Service[], forMs: number): Promise<string[]> {
  const failures: string[] = [];
  for (const endsAt = performance.now() + forMs; performance.now() < endsAt; await sleep(100)) {
    for (const { got } of await Promise.all(services.map((service) => service.ask()))) if (got !== SERVED) failures.push(got);
  }
  return failures;
}

const told = async (service: Service, problem: string): Promise<void> => {
  await until('readiness names it', async () => JSON.stringify(await service.ready()).includes(problem));
  await until('the log names it', () => service.output.text.includes(`"reason":"${problem}"`));
};

describe.each(Object.keys(READABLE))('while Redis is %s', (what) => {
  const trouble = READABLE[what]!;
  test.concurrent('one process serves, also after the next renewals; then the latest token is kept', () => withRedis(async (scene, redis, start) => {
    scene.cas360.lifetimeSeconds = 8;
    const one = await start();
    expect((await one.ask()).got).toBe(SERVED);
    await trouble.begin(redis);
    await told(one, trouble.problem);
    expect(await asked([one], 16_000)).toEqual([]);
    expect(scene.cas360.asked.length).toBeGreaterThan(2);
    await trouble.end(redis);
    await until('it is kept', async () => (await one.metric('contacts_refresh_token_unkept')) === 0 && (await one.metric('contacts_refresh_token_store_up')) === 1);
    await one.end('SIGKILL');
    await sleep(8_000);
    expect((await (await start()).ask()).got).toBe(SERVED);
  }));

  test.concurrent('two processes serve while their token is good, and after the trouble', () => withRedis(async (scene, redis, start) => {
    const two = await Promise.all([start(), start()]);
    expect(await asked(two, 1)).toEqual([]);
    expect(scene.cas360.asked).toHaveLength(1);
    await trouble.begin(redis);
    await told(two[1], trouble.problem);
    expect(await asked(two, 1_000)).toEqual([]);
    await trouble.end(redis);
    expect(await asked(two, 1_000)).toEqual([]);
  }));

  // A small state is kept even if Redis is full.
  if (what === 'read-only') test.concurrent('from the start: it serves as soon as Redis can be written', () => withRedis(async (scene, redis, start) => {
    await trouble.begin(redis);
    const one = await start();
    await told(one, trouble.problem);
    const { got, extensions } = await one.ask();
    // Another process may hold the token: nothing is known here.
    expect([got, extensions.retryable]).toEqual([FAILED, true]);
    expect(scene.cas360.asked).toHaveLength(0);
    await trouble.end(redis);
    await until('it serves', async () => (await one.ask()).got === SERVED);
  }));
});

describe.each(Object.keys(AWAY))('while Redis is %s', (what) => {
  const trouble = AWAY[what]!;
  test.concurrent('processes with a good token serve; nobody sends the refresh token', () => withRedis(async (scene, redis, start) => {
    scene.cas360.lifetimeSeconds = 10;
    const two = await Promise.all([start(), start()]);
    expect(await asked(two, 1)).toEqual([]);
    await trouble.begin(redis);
    expect(await asked(two, 4_000)).toEqual([]);
    await until('readiness tells', async () => JSON.stringify(await two[0].ready()).includes('down'));
    await told(two[0], trouble.problem);
    expect([await two[0].metric('contacts_refresh_token_store_up'), await two[0].metric('contacts_refresh_token_usable')]).toEqual([0, 1]);
    await sleep(6_500);
    for (const service of two) {
      const { got, extensions } = await service.ask();
      expect([got, extensions.retryable]).toEqual([FAILED, true]);
    }
    expect(scene.cas360.asked).toHaveLength(1);
    await trouble.end(redis);
    await until('both serve', async () => (await asked(two, 1)).length === 0);
  }));

  test.concurrent('from the start: nothing is said of the token until Redis is there', () => withRedis(async (_scene, redis, start) => {
    await trouble.begin(redis);
    const one = await start();
    await until('the metric tells', async () => (await one.metric('contacts_refresh_token_store_up')) === 0);
    expect([await one.metric('contacts_refresh_token_usable'), (await one.ready()).refreshToken]).toEqual([NaN, undefined]);
    await trouble.end(redis);
    await until('it is known', async () => (await one.metric('contacts_refresh_token_usable')) === 1);
    expect(one.output.text).not.toContain('npm run connect');
  }));

  test.concurrent('during an exchange and SIGTERM: it ends when the token is kept', () => withRedis(async (scene, redis, start) => {
    const one = await start();
    await until('the store is known', async () => (await one.metric('contacts_redis_up')) === 1);
    scene.cas360.answer = async (asked) => {
      const told = await granting(asked);
      await trouble.begin(redis);
      return told;
    };
    expect((await one.ask()).got).toBe(SERVED);
    expect(await one.metric('contacts_refresh_token_unkept')).toBe(1);
    one.signal('SIGTERM');
    await sleep(5_000);
    await trouble.end(redis);
    expect(await one.ended).toBe(0);
    scene.cas360.answer = granting;
    const { got } = await (await start()).ask();
    expect(got).toBe(SERVED);
    // The access token was kept with it.
    expect(scene.cas360.asked).toHaveLength(1);
  }));
});

describe('a setting of Redis is wrong', () => {
  test.concurrent.each<[string, (url: string) => string, string, (redis: RedisServer) => Promise<unknown>]>([
    ['a wrong password', (url) => url.replace('//', '//:wrong-but-secret@'), 'wrong password', (redis) => config(redis, { requirepass: 'right-and-secret' })],
    ['no password', (url) => url, 'wrong password', (redis) => config(redis, { requirepass: 'right-and-secret' })],
    ['a database that does not exist', (url) => `${url}/9999`, 'wrong database', async () => {}],
  ])('%s: readiness, log and metric name it; put right, it serves', (_what, wrong, problem, prepare) => withRedis(async (scene, redis) => {
    scene.cas360.secrets.add('wrong-but-secret').add('right-and-secret');
    await prepare(redis);
    const one = await scene.start({ REDIS_URL: wrong(redis.url) });
    await told(one, problem);
    expect(await one.metric('contacts_redis_up')).toBe(0);
    const { got, extensions } = await one.ask();
    expect([got, extensions.retryable]).toEqual([FAILED, true]);
    expect(scene.cas360.asked).toHaveLength(0);
    expect(await one.end()).toBe(0);
    const right = problem === 'wrong password' ? redis.url.replace('//', '//:right-and-secret@') : redis.url;
    expect((await (await scene.start({ REDIS_URL: right })).ask()).got).toBe(SERVED);
  }));
});
