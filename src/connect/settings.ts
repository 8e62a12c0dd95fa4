import { inspectConfig, type Cas360Config, type Config } from '../config.js';
import { Settings, SettingsError } from '../settings.js';

export interface ConnectSettings {
  readonly config: Config;
  readonly cas360: Cas360Config & { readonly scope: string };
}

const BECAUSE = 'npm run connect requests a token with it';
/** Settings with other names have no part in this. */
const RELEVANT = /^(?:CAS360_|REDIS_URL|https?_proxy|no_proxy)/i;

/** Reads what the command needs, whatever other settings lack. Throws one SettingsError that names every fault. */
export function readConnectSettings(env: NodeJS.ProcessEnv): ConnectSettings {
  const { config, faults } = inspectConfig(env);
  const settings = new Settings(env);
  settings.required('CAS360_BASE_URL', settings.url('CAS360_BASE_URL'), BECAUSE);
  settings.required('CAS360_CLIENT_ID', settings.text('CAS360_CLIENT_ID'), BECAUSE);
  settings.required('CAS360_CLIENT_SECRET', settings.secret('CAS360_CLIENT_SECRET'), BECAUSE);
  const scope = settings.required('CAS360_SCOPE', settings.text('CAS360_SCOPE'), BECAUSE);
  for (const fault of faults) {
    // This command has a list of its own of what must be set. The refresh token is not in it.
    const isOurs = RELEVANT.test(fault) && !fault.includes(' is missing: it is needed since CAS360_BASE_URL is set');
    if (isOurs && !settings.faults.includes(fault)) settings.fault(...split(fault));
  }
  const isRedisFaulty = settings.faults.some((fault) => fault.startsWith('REDIS_URL'));
  if (settings.text('CAS360_TOKEN_FILE') === undefined && config.redisUrl === undefined && !isRedisFaulty) {
    settings.fault('CAS360_TOKEN_FILE or REDIS_URL', 'is missing: the token must be stored where the service finds it');
  }
  const { cas360 } = config;
  if (settings.faults.length > 0 || !cas360 || scope === undefined) throw new SettingsError(settings.faults);
  return { config, cas360: { ...cas360, scope } };
}

function split(fault: string): [string, string] {
  const [name = ''] = fault.split(' ', 1);
  return [name, fault.slice(name.length + 1)];
}
