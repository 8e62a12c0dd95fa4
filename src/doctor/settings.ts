import { inspectConfig, type Config } from '../config.js';
import type { Findings } from './findings.js';

export interface UsableSettings {
  /** The settings without those that have faults. */
  readonly config: Config;
  /** The names of the settings with faults. */
  readonly faulty: readonly string[];
}

/** A fault in one of these settings leaves out the whole family, so that the rest can be checked. */
const FAMILIES: Readonly<Record<string, string>> = { PMS: 'PMS_BASE_URL', CAS360: 'CAS360_BASE_URL', AUTH: 'AUTH_JWKS_URL' };

/** The user waits at the terminal. */
const MAX_CHECK_MS = 7_000;

const MIN_SECRET_LENGTH = 32;
const MIN_DIFFERENT_CHARACTERS = 10;

export function checkSettings(env: NodeJS.ProcessEnv, found: Findings): UsableSettings {
  const { config, faults, warnings } = readUsable(env);
  if (faults.length === 0) found.ok('settings.values', 'can be used: the service would start');
  for (const fault of faults) found.fault('settings.values', fault);
  for (const warning of warnings) found.warning('settings.values', warning);
  if (config.graphiql) found.warning('settings.graphiql', 'GRAPHIQL is true: GraphiQL and introspection are open to whoever may ask. Leave it off in production');
  const faulty = faults.map((fault) => fault.split(' ', 1)[0]!);
  if (!faulty.some((name) => name.startsWith('ROUTER_SECRET'))) checkRouterSecrets(config.routerSecrets, found);
  return { config, faulty };
}

/** How long one call may take: as in the service, but at most MAX_CHECK_MS. */
export function checkTimeoutMs({ requestTimeoutMs }: Config): number {
  return Math.min(Math.ceil(requestTimeoutMs * 0.85), MAX_CHECK_MS);
}

function readUsable(env: NodeJS.ProcessEnv): { config: Config; faults: readonly string[]; warnings: readonly string[] } {
  const { faults, config: given } = inspectConfig(env);
  const useless = faults.flatMap((fault) => {
    const name = fault.split(' ', 1)[0]!.replace(/_FILE$/, '');
    return [FAMILIES[name.split('_', 1)[0]!] ?? name, name, `${name}_FILE`];
  });
  const usable = Object.fromEntries(Object.entries(env).filter(([name]) => !useless.includes(name)));
  return { config: inspectConfig(usable).config, faults, warnings: given.warnings };
}

function checkRouterSecrets(secrets: readonly string[], found: Findings): void {
  if (secrets.length === 0) return found.warning('settings.routerSecret', 'ROUTER_SECRET is not set: whoever reaches the port may ask');
  for (const [index, secret] of secrets.entries()) {
    const which = secrets.length === 1 ? 'ROUTER_SECRET' : `ROUTER_SECRET, part ${index + 1},`;
    if (secret.length < MIN_SECRET_LENGTH || new Set(secret).size < MIN_DIFFERENT_CHARACTERS) {
      found.warning('settings.routerSecret', `${which} can be guessed: take ${MIN_SECRET_LENGTH} characters or more, drawn at random`);
    }
  }
}
