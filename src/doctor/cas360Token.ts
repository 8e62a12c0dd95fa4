import type { Dispatcher } from 'undici';
import { createCas360Tokens } from '../build/cas360Tokens.js';
import { tokenDispatcher } from '../build/network.js';
import type { Cas360Config, Config } from '../config.js';
import { Redis } from '../shared/redis.js';
import { requestToken, TokenRefused } from '../upstream/oauth2/tokenEndpoint.js';
import { keptInFile, keptInRedis, type KeptTokens } from './cas360Kept.js';
import { milliseconds, type Findings } from './findings.js';
import { whyNot } from './redis.js';
import { checkTokenFile } from './tokenFile.js';
import { tokenLife, whyNoToken } from './upstreamReport.js';

const APPROVE_AGAIN = 'Approve the connection again, and set the CAS360_REFRESH_TOKEN that comes of it';

/** Returns an access token for CAS 360. Spends the refresh token only if `mayRenew`, since a running service needs it. */
export async function getCas360Token(config: Config, cas360: Cas360Config, mayRenew: boolean, timeoutMs: number, found: Findings): Promise<string | undefined> {
  const dispatcher = tokenDispatcher(config, cas360);
  await checkClient(cas360, dispatcher, timeoutMs, found);
  const kept = await readKeptTokens(config, cas360, found);
  if (!kept) return undefined;
  const { state, accessToken, lifetimeSeconds } = kept;
  if (state === 'void') found.fault(`the refresh token is void: CAS 360 refused it. ${APPROVE_AGAIN}`);
  if (state === 'inUse') found.warning(`the refresh token is being used at this moment, or a process ended while it used it: run this again in a minute. If it says the same, the token may be void. ${APPROVE_AGAIN}`);
  if (accessToken !== undefined) {
    found.ok(`an access token is kept: ${tokenLife(lifetimeSeconds)} from now`);
    return accessToken;
  }
  if (state === 'void' || state === 'inUse') return undefined;
  if (mayRenew) return renew(config, cas360, dispatcher, timeoutMs, found);
  found.note(
    'no living access token is kept, and getting one would spend the refresh token: no contact was read. ' +
      `Start the service and run this beside it, or let --renew spend and replace the token${config.redisUrl === undefined ? ', while the service is stopped' : ''}`,
  );
  return undefined;
}

/** Requests a grant type that does not exist: the answer shows whether client id and secret are valid, and nothing is spent. */
async function checkClient({ tokenUrl, clientId, clientSecret }: Cas360Config, dispatcher: Dispatcher, timeoutMs: number, found: Findings): Promise<void> {
  const url = new URL(tokenUrl);
  url.searchParams.set('grant_type', 'none');
  const startedAtMs = performance.now();
  try {
    await requestToken({ url, clientId, clientSecret, timeoutMs, dispatcher });
    found.warning('CAS360_TOKEN_URL grants whatever it is asked for: is it the right address?');
  } catch (error) {
    const status = error instanceof TokenRefused ? error.status : undefined;
    if (status === 401 || (error instanceof TokenRefused && error.reason === 'invalid_client')) {
      found.fault('CAS360_TOKEN_URL does not take CAS360_CLIENT_ID with CAS360_CLIENT_SECRET');
    } else if (status === 400) found.ok(`the token endpoint answers in ${milliseconds(startedAtMs)}, and takes the client (nothing was spent)`);
    else found.fault(whyNoToken(error, 'CAS360'));
  }
}

async function readKeptTokens({ redisUrl }: Config, cas360: Cas360Config, found: Findings): Promise<KeptTokens | undefined> {
  if (redisUrl !== undefined) {
    try {
      return await keptInRedis(redisUrl, cas360);
    } catch (error) {
      found.fault(`the tokens that replicas share cannot be read in Redis: ${whyNot(error)}`);
      return undefined;
    }
  }
  const { tokenFile } = cas360;
  if (tokenFile !== undefined) return (await checkTokenFile(tokenFile, found)) ? keptInFile(tokenFile, cas360) : undefined;
  found.warning('neither CAS360_TOKEN_FILE nor REDIS_URL is set: the refresh token is lost with the process, and must then be approved again');
  found.note('no contact was read: that would spend the refresh token, and there is no place to keep the next one');
  return undefined;
}

/** Renews as the service does, with the same store. */
async function renew(config: Config, cas360: Cas360Config, dispatcher: Dispatcher, timeoutMs: number, found: Findings): Promise<string | undefined> {
  const redis = config.redisUrl === undefined ? undefined : new Redis({ url: config.redisUrl, onHealth: () => {} });
  const startedAtMs = performance.now();
  const errors: string[] = [];
  try {
    const { request } = await createCas360Tokens(cas360, timeoutMs, { log: { info: () => {}, warn: () => {}, error: (message) => errors.push(message) }, redis, dispatcher });
    const { accessToken, lifetimeSeconds } = await request();
    found.ok(`token granted in ${milliseconds(startedAtMs)}; ${tokenLife(lifetimeSeconds)}. The refresh token was replaced`);
    if (errors.length > 0) found.fault(`the new refresh token could not be kept, and is lost. ${APPROVE_AGAIN}`);
    return accessToken;
  } catch (error) {
    const isRefused = error instanceof TokenRefused && (error.status === 400 || error.status === 401);
    found.fault(isRefused ? `CAS 360 refuses the refresh token, or CAS360_SCOPE. If it is void: ${APPROVE_AGAIN}` : whyNoToken(error, 'CAS360'));
    return undefined;
  } finally {
    redis?.close();
  }
}
