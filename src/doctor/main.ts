import type { Config } from '../config.js';
import { checkCas360 } from './cas360.js';
import { counted, Findings } from './findings.js';
import { checkAuth } from './jwks.js';
import { HELP, readOptions, type Options } from './options.js';
import { checkPms } from './pms.js';
import { reasonOf } from './reasons.js';
import { checkRedis } from './redis.js';
import { checkSettings, checkTimeoutMs } from './settings.js';
import { checkTraces } from './traces.js';

/** One thing that the settings point to. Without `run` it is switched off. */
interface Part {
  readonly title: string;
  /** The setting that switches it on. */
  readonly setting: string;
  /** What the service does without it. */
  readonly without: string;
  readonly run: ((found: Findings) => Promise<void>) | undefined;
}

function partsOf(config: Config, options: Options): readonly Part[] {
  const { pms, cas360, auth, redisUrl, tracesUrl, cache } = config;
  const timeoutMs = checkTimeoutMs(config);
  return [
    { title: 'PMS', setting: 'PMS_BASE_URL', without: 'the PMS is switched off', run: pms && ((found) => checkPms(config, pms, options.pms, timeoutMs, found)) },
    { title: 'CAS 360', setting: 'CAS360_BASE_URL', without: 'CAS 360 is switched off', run: cas360 && ((found) => checkCas360(config, cas360, options, timeoutMs, found)) },
    { title: 'Callers', setting: 'AUTH_JWKS_URL', without: 'every caller is anonymous, and nobody sees guarded fields', run: auth && ((found) => checkAuth(auth, config.proxies, timeoutMs, found)) },
    { title: 'Redis', setting: 'REDIS_URL', without: 'replicas share nothing', run: redisUrl === undefined ? undefined : (found) => checkRedis(redisUrl, cache !== undefined, found) },
    { title: 'Traces', setting: 'OTEL_EXPORTER_OTLP_ENDPOINT', without: 'there are none', run: tracesUrl && ((found) => checkTraces(tracesUrl, timeoutMs, found)) },
  ];
}

/** Resolves to the exit code. */
async function diagnose(options: Options, env: NodeJS.ProcessEnv, out: NodeJS.WriteStream): Promise<number> {
  const settings = new Findings('Settings');
  const { config, faulty } = checkSettings(env, settings);
  settings.show(out);
  const all = [settings];
  // They run together and are printed in order.
  const running = partsOf(config, options).map(({ title, setting, without, run }) => {
    const found = new Findings(title);
    if (run) return { found, done: run(found).catch((error: unknown) => found.fault(`the check could not go on: ${reasonOf(error)}`)) };
    found.note(faulty.some((name) => name.startsWith(setting.split('_', 1)[0]!)) ? 'not checked: its settings have faults' : `${setting} is not set: ${without}`);
    return { found, done: undefined };
  });
  for (const { found, done } of running) {
    out.write('\n');
    found.show(out);
    await done;
    all.push(found);
  }
  out.write('\n');
  const count = (level: 'fault' | 'warning'): number => all.reduce((sum, found) => sum + found.count(level), 0);
  out.write(`${counted(count('fault'), 'fault')}, ${counted(count('warning'), 'warning')}\n`);
  return count('fault') > 0 ? 1 : 0;
}

// A closed pipe or terminal must not end a renewal of the refresh token half-way.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.help) process.stdout.write(HELP);
  else process.exitCode = await diagnose(options, process.env, process.stdout);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  process.exitCode = 2;
}
