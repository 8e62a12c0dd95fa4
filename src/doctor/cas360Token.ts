import type { Dispatcher } from 'undici';
import { tokenDispatcher } from '../build/network.js';
import type { Cas360Config, Config } from '../config.js';
import { requestToken } from '../upstream/oauth2/tokenEndpoint.js';
import { unavailable } from '../upstream/oauth2/tokenUnavailable.js';
import { milliseconds, type Findings } from './findings.js';
import { renew } from './renewal.js';
import { reportAccessToken, reportLeader, reportTokenState, type TokenState } from './tokenState.js';
import { checkTokenStore } from './tokenStore.js';
import { whyNoToken } from './tokenReasons.js';

/** In these a process of the service would send the token, or wait for another process. A refused one is sent because --renew says so. */
const RENEWABLE: readonly TokenState[] = ['usable', 'new', 'elsewhere', 'inUse', 'refused'];

/** The errors of RFC 6749, 5.2, that say what is wrong besides the client. */
const OF_OTHER_THINGS: readonly string[] = ['unsupported_grant_type', 'invalid_request', 'invalid_grant', 'invalid_scope'];
/** CAS 360 answers `unauthorized` to a client id that it does not know. */
const OF_THE_CLIENT: readonly string[] = ['invalid_client', 'unauthorized'];

/** Returns an access token for CAS 360. Spends the refresh token only if `mayRenew`, since a running service needs it. */
export async function getCas360Token(config: Config, cas360: Cas360Config, mayRenew: boolean, timeoutMs: number, found: Findings): Promise<string | undefined> {
  if (cas360.scope === undefined) found.warning('cas360.scope', 'CAS360_SCOPE is not set: CAS 360 requires a scope when a refresh token is used');
  const dispatcher = tokenDispatcher(config, cas360);
  const isClientTaken = await checkClient(cas360, dispatcher, timeoutMs, found);
  const stored = await checkTokenStore(config, cas360, found);
  if (!stored) return undefined;
  const state = reportTokenState(stored, cas360, found, mayRenew);
  reportLeader(stored, found);
  const accessToken = state === 'new' ? undefined : reportAccessToken(stored.kept?.grant, stored.nowMs, found);
  if (accessToken !== undefined) {
    if (mayRenew) found.note('cas360.renewal', '--renew did not send the refresh token: the access token that is kept is still valid');
    return accessToken;
  }
  if (!RENEWABLE.includes(state)) return undefined;
  if (mayRenew && isClientTaken && stored.canWrite) return renew(config, cas360, state, dispatcher, found);
  if (mayRenew) found.note('cas360.renewal', '--renew did not send the refresh token: first repair what is wrong above');
  else if (state !== 'refused') {
    found.unknown(
      'cas360.accessToken',
      'no living access token is kept, and getting one would spend the refresh token: no contact was read. ' +
        'Start the service and run this beside it, or let --renew spend and replace the token',
    );
  }
  return undefined;
}

/** Requests a grant type that does not exist: the answer shows whether client id and secret are valid, and nothing is spent. Resolves to whether the endpoint may get a refresh token. */
async function checkClient({ baseUrl, tokenUrl, clientId, clientSecret }: Cas360Config, dispatcher: Dispatcher, timeoutMs: number, found: Findings): Promise<boolean> {
  const url = new URL(tokenUrl);
  url.searchParams.set('grant_type', 'none');
  const startedAtMs = performance.now();
  const outcome = await requestToken({ url, clientId, clientSecret, timeoutMs, dispatcher });
  if (outcome.kind === 'granted') {
    found.warning('cas360.client', 'CAS360_TOKEN_URL grants whatever it is asked for: is it the right address?');
    return true;
  }
  const { status = 0, reason = '' } = outcome.kind === 'refused' ? outcome : {};
  // CAS 360's own description writes blanks.
  const error = reason.replaceAll(' ', '_');
  const isClientRefused = status === 401 || OF_THE_CLIENT.includes(error);
  // Some endpoints refuse with 200.
  const isClientTaken = !isClientRefused && (status === 400 || status < 300) && OF_OTHER_THINGS.includes(error);
  if (isClientRefused) found.fault('cas360.client', 'CAS360_TOKEN_URL does not take CAS360_CLIENT_ID with CAS360_CLIENT_SECRET', 'credentials');
  else if (isClientTaken) found.ok('cas360.client', `the token endpoint answers in ${milliseconds(startedAtMs)}, and takes the client (nothing was spent)`);
  else if (status === 400) found.unknown('cas360.client', 'CAS360_TOKEN_URL answered 400, and named no error that shows whether it takes the client: is it the right address, or does a gateway in front of it refuse?');
  else {
    const why = whyNoToken(unavailable(outcome), 'CAS360', 'the client');
    const isBelowBase = tokenUrl.href === `${baseUrl.href.replace(/\/$/, '')}/oauth/token`;
    found.fault('cas360.client', why.reason === 'path' && isBelowBase ? `${why.text}. It is below CAS360_BASE_URL: is there a path too many or too few in that?` : why.text, why.reason);
  }
  return isClientTaken;
}
