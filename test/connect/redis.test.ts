/** @needs redis-server */
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { CAS360_TOKEN_KEY } from '../../src/build/tokenStore.js';
import { RedisStore } from '../../src/upstream/oauth2/refreshToken/redisStore.js';
import { begunWith, hashOf, type Kept } from '../../src/upstream/oauth2/refreshToken/state.js';
import type { Change } from '../../src/upstream/oauth2/refreshToken/store.js';
import { freePort } from '../support/freePort.js';
import { RedisServer } from '../support/redisServer.js';
import { until } from '../support/until.js';
import { decide, show, type Connecting, type ConnectingHere } from './support/connecting.js';
import { Stage } from './support/stage.js';

jest.setTimeout(30_000);

const stage = new Stage();
let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
beforeEach(() => server.ask(async (client) => {
  await client.sendCommand(['REPLICAOF', 'NO', 'ONE']);
  await client.configSet('maxmemory', '0');
  await client.flushAll();
}));

const settings = (url = server.url) => ({ CAS360_TOKEN_FILE: undefined, REDIS_URL: url });
const connect = (url?: string): Connecting => stage.connect(settings(url));
const connectHere = (url?: string, ...words: string[]): ConnectingHere => stage.connectHere(settings(url), ...words);

/** Updates the state as a service would. */
const update = (change: Change): Promise<Kept | undefined> => server.ask((client) => new RedisStore({ run: (command) => command(client) }, CAS360_TOKEN_KEY).update(change));
const stored = (): Promise<Kept | undefined> => update((kept) => kept);

describe('npm run connect with Redis', () => {
  test('stores what the approval gave, and leaves nothing else there', async () => {
    const { address, ended, output } = connect();
    const asked = await address();
    expect(await server.ask((client) => client.keys('*'))).toEqual([]);
    await show(await decide(asked));
    expect(await ended).toBe(0);
    expect(output.text).toContain('The tokens are in Redis, and were read back');
    expect(await server.ask((client) => client.keys('*'))).toEqual([CAS360_TOKEN_KEY]);
    const kept = (await stored())!;
    expect(kept).toMatchObject({ count: 0, mark: 'usable', began: [hashOf(kept.refreshToken)], grant: { accessToken: expect.any(String) } });
    expect(await stage.isGood(kept.refreshToken)).toBe(true);
  });

  test('replaces what can be used only if told to', async () => {
    await update(() => ({ ...begunWith('old', undefined), count: 3 }));
    const first = connectHere();
    expect(await first.ended).toBe(1);
    expect(first.output.text).toContain('add --replace');
    const second = connectHere(server.url, '--replace');
    await show(await decide(await second.address()));
    expect(await second.ended).toBe(0);
    const kept = (await stored())!;
    expect(kept.began).toEqual([hashOf(kept.refreshToken), hashOf('old')]);
  });

  test.each<[string, () => Promise<string> | string, string, typeof connectHere?]>([
    ['is not there', async () => `redis://127.0.0.1:${await freePort()}`, 'in Redis: it does not answer', connect],
    ['takes no such password', () => server.url.replace('//', '//nobody:hunter2@'), 'does not take the user and the password'],
    ['has no such database', () => `${server.url}/99`, 'has no database with the number'],
    ['is a replica', async () => { await server.ask((client) => client.sendCommand(['REPLICAOF', '127.0.0.1', '1'])); return server.url; }, 'it takes no writes: it is a replica'],
  ])('asks nobody to approve while Redis %s', async (_what, url, said, run = connectHere) => {
    const { ended, output } = run(await url());
    expect(await ended).toBe(1);
    expect(output.text).toContain(said);
    expect(output.text).not.toMatch(/oauth\/authorize|hunter2/);
  });

  test('stores the token also in a Redis that is full', async () => {
    const { address, ended } = connectHere();
    const right = await decide(await address());
    await server.ask((client) => client.configSet('maxmemory', '1'));
    await show(right);
    expect(await ended).toBe(0);
    await server.ask((client) => client.configSet('maxmemory', '0'));
    expect(await stage.isGood((await stored())?.refreshToken)).toBe(true);
  });

  test('waits for a Redis that is restarted when the token is there', async () => {
    const { address, ended, output } = connectHere();
    const right = await decide(await address());
    stage.sandbox.cas360.faults.set([{ on: 'token', heldMs: 1_000 }]);
    const shown = show(right);
    await until('the code is exchanged', () => stage.exchanges() === 1);
    await server.end();
    await until('CAS 360 has answered', () => stage.sandbox.cas360.calls[0]?.endedAt !== undefined);
    await server.begin();
    expect((await shown).text).toContain('connected');
    expect(await ended).toBe(0);
    expect(await stage.isGood((await stored())?.refreshToken)).toBe(true);
    expect(output.text).not.toContain('refresh-');
  });
});
