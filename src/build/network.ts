import type { Dispatcher } from 'undici';
import type { Config, PmsConfig } from '../config.js';
import { openDispatcher, type Network } from '../upstream/network.js';

type System = Pick<PmsConfig, 'tokenUrl' | 'certificate'>;

/** How a system is reached: data and tokens alike. */
export function networkOf({ proxies }: Pick<Config, 'proxies'>, { certificate }: Pick<System, 'certificate'>): Network {
  return { proxies, certificate };
}

/** Sends the token requests of a system. */
export function tokenDispatcher(config: Pick<Config, 'proxies'>, system: System): Dispatcher {
  return openDispatcher(system.tokenUrl, networkOf(config, system));
}

/** Fetches callers' keys. Undefined: they need none. */
export function keysDispatcher({ auth, proxies }: Pick<Config, 'auth' | 'proxies'>): Dispatcher | undefined {
  return auth && openDispatcher(auth.jwksUrl, { proxies });
}
