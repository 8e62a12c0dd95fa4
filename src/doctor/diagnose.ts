import type { Config } from '../config.js';
import { checkCas360 } from './cas360.js';
import type { Check } from './checks.js';
import { Findings } from './findings.js';
import { checkAuth } from './jwks.js';
import type { Options } from './options.js';
import { checkPms } from './pms.js';
import { reasonOf } from './reasons.js';
import { checkRedis } from './redis.js';
import { checkSettings, checkTimeoutMs } from './settings.js';
import { checkTelemetry } from './telemetry.js';

/** One thing that the settings point to. Without `run` it is switched off. */
interface Part {
  readonly check: Check;
  readonly title: string;
  /** Its settings begin with this. */
  readonly prefix: string;
  /** What the service does without it. */
  readonly off: string;
  readonly run: ((found: Findings) => Promise<void>) | undefined;
}

function partsOf(config: Config, options: Options): readonly Part[] {
  const { pms, cas360, auth, redisUrl, telemetry, cache } = config;
  const timeoutMs = checkTimeoutMs(config);
  return [
    { check: 'pms', title: 'PMS', prefix: 'PMS_', off: 'PMS_BASE_URL is not set: the PMS is switched off', run: pms && ((found) => checkPms(config, pms, options.pms, timeoutMs, found)) },
    { check: 'cas360', title: 'CAS 360', prefix: 'CAS360_', off: 'CAS360_BASE_URL is not set: CAS 360 is switched off', run: cas360 && ((found) => checkCas360(config, cas360, options, timeoutMs, found)) },
    { check: 'callers', title: 'Callers', prefix: 'AUTH_', off: 'AUTH_JWKS_URL is not set: every caller is anonymous, and nobody sees guarded fields', run: auth && ((found) => checkAuth(auth, config.proxies, timeoutMs, found)) },
    { check: 'redis', title: 'Redis', prefix: 'REDIS_', off: 'REDIS_URL is not set: replicas share nothing', run: redisUrl === undefined ? undefined : (found) => checkRedis(redisUrl, cache !== undefined, found) },
    { check: 'telemetry', title: 'Traces and metrics', prefix: 'OTEL_', off: 'nothing is sent: OTEL_EXPORTER_OTLP_ENDPOINT is not set, or other OTEL_ settings switch both off', run: telemetry && ((found) => checkTelemetry(config, telemetry, timeoutMs, found)) },
  ];
}

/** The check of one part. It is under way until `done` resolves. */
export interface Running {
  readonly check: Check;
  readonly found: Findings;
  readonly done: Promise<void>;
}

/** Starts all checks at once. */
export function diagnose(options: Options, env: NodeJS.ProcessEnv): readonly Running[] {
  const settings = new Findings('Settings');
  const { config, faulty } = checkSettings(env, settings);
  const parts = partsOf(config, options).map(({ check, title, prefix, off, run }): Running => {
    const found = new Findings(title);
    if (run) return { check, found, done: run(found).catch((error: unknown) => found.fault(check, `the check could not go on: ${reasonOf(error)}`)) };
    if (faulty.some((name) => name.startsWith(prefix))) found.unknown(check, 'not checked: its settings have faults');
    else found.note(check, off);
    return { check, found, done: Promise.resolve() };
  });
  return [{ check: 'settings.values', found: settings, done: Promise.resolve() }, ...parts];
}
