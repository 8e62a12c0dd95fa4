// A replica reduced to its token of CAS 360, from the built subgraph. Run by Node as it stands, with its settings in REPLICA.
// Told "call", it asks for a contact as the subgraph does and says what became of it. SIGTERM ends it in order.
import { setTimeout as sleep } from 'node:timers/promises';
import type * as tokenModule from '../../../src/upstream/cas360/token.js';
import type * as sharedRefreshTokenModule from '../../../src/upstream/oauth2/sharedRefreshToken.js';
import type * as tokenSourceModule from '../../../src/upstream/oauth2/tokenSource.js';
import type * as redisModule from '../../../src/shared/redis.js';

const built = async <Module>(path: string): Promise<Module> => (await import(new URL(`../../../dist/src/${path}`, import.meta.url).href)) as Module;
const { cas360Grant } = await built<typeof tokenModule>('upstream/cas360/token.js');
const { SharedRefreshToken } = await built<typeof sharedRefreshTokenModule>('upstream/oauth2/sharedRefreshToken.js');
const { TokenSource } = await built<typeof tokenSourceModule>('upstream/oauth2/tokenSource.js');
const { Redis } = await built<typeof redisModule>('shared/redis.js');

interface Settings {
  readonly redisUrl: string;
  readonly cas360Url: string;
  readonly client: { readonly id: string; readonly secret: string };
  readonly refreshToken: string;
  readonly timeoutMs: number;
}

const { redisUrl, cas360Url, client, refreshToken, timeoutMs } = JSON.parse(process.env.REPLICA ?? '{}') as Settings;
const redis = new Redis({ url: redisUrl, onHealth: () => {} });
const shared = new SharedRefreshToken({ redis, key: 'contacts:{cas360}:token', initial: refreshToken, useMs: timeoutMs + 1_000, firstRestMs: 0 });
const credentials = { tokenUrl: new URL(`${cas360Url}/oauth/token`), clientId: client.id, clientSecret: client.secret, scope: 'cas360' };
const ignored = (): void => {};
const token = new TokenSource({
  source: 'CAS360',
  request: () => shared.grant((store) => cas360Grant(credentials, store, timeoutMs, ignored)()),
  now: () => performance.now(),
  random: Math.random,
  onFailure: ignored,
});

async function call(): Promise<number> {
  const signal = AbortSignal.timeout(10_000);
  const first = await token.get(signal);
  const status = await statusWith(first);
  const other = status === 401 ? await token.replacementFor(first, '/contacts/54', signal) : undefined;
  return other === undefined ? status : statusWith(other);
}

async function statusWith(value: string): Promise<number> {
  const { status } = await fetch(`${cas360Url}/contacts/54`, { headers: { authorization: `Bearer ${value}` } });
  return status;
}

process.on('message', () => {
  call().then(
    (status) => process.send!(status),
    () => process.send!('no token'),
  );
});
process.on('SIGTERM', async () => {
  await token.settled();
  process.exit(0);
});
// Whoever started it has gone.
process.on('disconnect', () => process.exit(0));
while (!redis.isUp) await sleep(5);
process.send!('ready');
