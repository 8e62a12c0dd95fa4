// A replica reduced to its token of CAS 360, from the built subgraph. Run by Node as it stands, with its settings in REPLICA.
// Told a number, it asks for a contact as the subgraph does and says with the number what became of it. SIGTERM ends it in order.
import { setTimeout as sleep } from 'node:timers/promises';
import type * as cas360TokensModule from '../../../src/build/cas360Tokens.js';
import type * as configModule from '../../../src/config.js';
import type * as errorsModule from '../../../src/errors.js';
import type * as redisStoreModule from '../../../src/upstream/oauth2/refreshToken/redisStore.js';
import type * as tokenSourceModule from '../../../src/upstream/oauth2/tokenSource.js';
import type * as redisModule from '../../../src/shared/redis.js';
import type { Told } from './place.js';

const built = async <Module>(path: string): Promise<Module> => (await import(new URL(`../../../dist/src/${path}`, import.meta.url).href)) as Module;
const { createCas360Tokens } = await built<typeof cas360TokensModule>('build/cas360Tokens.js');
const { readConfig } = await built<typeof configModule>('config.js');
const { ContactsError } = await built<typeof errorsModule>('errors.js');
const { RedisStore } = await built<typeof redisStoreModule>('upstream/oauth2/refreshToken/redisStore.js');
const { TokenSource } = await built<typeof tokenSourceModule>('upstream/oauth2/tokenSource.js');
const { Redis } = await built<typeof redisModule>('shared/redis.js');

/** Longer than a replica is frozen: an answer that came in time is read afterwards. */
const EXCHANGE_MS = 10_000;
// As if each replica ran on a machine of its own, and could not know that another has ended.
RedisStore.prototype.isGone = () => false;

const { redisUrl, cas360 } = readConfig(JSON.parse(process.env.REPLICA ?? '{}') as NodeJS.ProcessEnv);
const redis = redisUrl === undefined ? undefined : new Redis({ url: redisUrl, onHealth: () => {} });
const ignored = (): void => {};
const { refreshToken, request, initial } = await createCas360Tokens(cas360!, {
  log: { info: ignored, warn: ignored, error: ignored },
  metrics: { watchRefreshToken: ignored },
  redis,
  exchangeMs: EXCHANGE_MS,
});
const token = new TokenSource({ source: 'CAS360', request, initial, now: () => performance.now(), random: Math.random, onFailure: ignored });

async function call(): Promise<number> {
  const signal = AbortSignal.timeout(10_000);
  const first = await token.get(signal);
  const status = await statusWith(first);
  const other = status === 401 ? await token.replacementFor(first, '/contacts/54', signal) : undefined;
  return other === undefined ? status : statusWith(other);
}

async function statusWith(value: string): Promise<number> {
  const { status } = await fetch(`${cas360!.baseUrl.origin}/contacts/54`, { headers: { authorization: `Bearer ${value}` } });
  return status;
}

const tell = (told: Told): boolean => process.send!(told);
process.on('message', (number: number) => {
  call().then(
    (status) => tell({ call: number, what: String(status) }),
    (error: unknown) => tell({ call: number, what: error instanceof ContactsError && error.facts.isTransient === false ? 'needs an operator' : 'no token' }),
  );
});
process.on('SIGTERM', async () => {
  refreshToken.endWaiting();
  await token.settled();
  await refreshToken.close();
  process.exit(0);
});
// Whoever started it has gone.
process.on('disconnect', () => process.exit(0));
while (redis && !redis.isUp) await sleep(5);
tell({ call: 0, what: 'ready' });
