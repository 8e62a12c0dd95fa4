import { readFileSync } from 'node:fs';
import { inspectConfig, type Config } from '../src/config.js';
import type { Source } from '../src/model.js';
import { SettingsError } from '../src/settings.js';
import { parse } from '../src/upstream/oauth2/refreshToken/fileFormat.js';
import { isOfSandbox } from './refreshTokens.js';
import type { Sandbox } from './start.js';

/** The setting that names a real system, or a real token issuer, in the place of the sandbox's. */
const NAMED_BY = { PMS: 'PMS_BASE_URL', CAS360: 'CAS360_BASE_URL', AUTH: 'AUTH_JWKS_URL' } as const;

/** Where an account is, and its secrets: those of a real account and those of the sandbox must not be mixed. */
const OF_ACCOUNT = /_(?:TOKEN_URL|CLIENT_ID|CLIENT_SECRET|CLIENT_SECRET_FILE|REFRESH_TOKEN|REFRESH_TOKEN_FILE|ISSUER|AUDIENCE)$/;

/** Of `npm start`. Web pages of this machine may ask it, at any port. */
const DEFAULTS = { HOST: '127.0.0.1', GRAPHIQL: 'true', CORS_ORIGINS: 'http://localhost:*,http://127.0.0.1:*,http://[::1]:*' };

export interface DemoConfig {
  readonly config: Config;
  /** The systems that the sandbox plays. */
  readonly standIns: readonly Source[];
  /** Whether the sandbox issues callers' tokens. */
  readonly issuesTokens: boolean;
}

/**
 * The settings of `npm start`: those of the environment, and the sandbox's for what the environment does not name. An empty
 * text counts as not set. Throws one SettingsError that names every fault.
 */
export function readDemoConfig(env: NodeJS.ProcessEnv, sandbox: Sandbox): DemoConfig {
  const isGiven = (name: string): boolean => Boolean(env[name]?.trim());
  const standIns = (['PMS', 'CAS360'] as const).filter((source) => !isGiven(NAMED_BY[source]));
  // The sandbox gives a token to anybody who asks, and GraphiQL shows some: they must not open guarded fields of real people.
  const issuesTokens = !isGiven(NAMED_BY.AUTH) && standIns.length === 2;
  const played: readonly string[] = [...standIns, ...(issuesTokens ? ['AUTH'] : [])];
  const isPlayed = (name: string): boolean => played.includes(systemIn(name));
  const isOfAccount = (name: string): boolean => isPlayed(name) && OF_ACCOUNT.test(name);

  const given = pick(env, (name) => !isOfAccount(name));
  const ours = { ...DEFAULTS, ...pick(sandbox.environment, isPlayed) };
  const missing = pick(ours, (name) => isOfAccount(name) || !isGiven(name));
  const { config, faults } = inspectConfig({ ...given, ...missing, no_proxy: withoutProxy(env, sandbox) });

  const halves = Object.keys(env).filter((name) => isOfAccount(name) && isGiven(name));
  const all = [...halves.map(halfNamed), ...(standIns.includes('CAS360') ? faultsOfTokenFile(config.cas360?.tokenFile) : []), ...faults];
  if (all.length > 0) throw new SettingsError(all);
  return { config, standIns, issuesTokens };
}

function pick(env: NodeJS.ProcessEnv, isWanted: (name: string) => boolean): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => isWanted(name)));
}

function systemIn(name: string): string {
  return name.slice(0, name.indexOf('_'));
}

function halfNamed(name: string): string {
  return `${name} is set, and ${NAMED_BY[systemIn(name) as keyof typeof NAMED_BY]} is not: set both for a real one, or neither for the sandbox's`;
}

/** A refresh token of the sandbox would begin anew there, and the real one would be lost. */
function faultsOfTokenFile(path: string | undefined): string[] {
  let token;
  try {
    token = path === undefined ? undefined : parse(readFileSync(path, 'utf8')).refreshToken;
  } catch {
    // There is none, or none of ours: the app says what is wrong.
  }
  if (token === undefined || isOfSandbox(token)) return [];
  return ['CAS360_TOKEN_FILE holds the refresh token of a real CAS 360, which the sandbox would replace: name another file, or set CAS360_BASE_URL'];
}

/** No proxy reaches the sandbox, which is on this machine. */
function withoutProxy(env: NodeJS.ProcessEnv, { pms, cas360, identity }: Sandbox): string {
  const given = env.no_proxy?.trim() || env.NO_PROXY?.trim();
  return [...(given ? [given] : []), ...[pms, cas360, identity].map(({ url }) => new URL(url).host)].join(',');
}
