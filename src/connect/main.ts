import { tokenDispatcher } from '../build/network.js';
import { openTokenStore, tryTokenStore } from '../build/tokenStore.js';
import { SettingsError } from '../settings.js';
import { Redis } from '../shared/redis.js';
import { onSignals } from '../signals.js';
import { connect } from './connect.js';
import { ConnectError } from './connectError.js';
import { Keeper } from './keeper.js';
import { HELP, readOptions, type Options } from './options.js';
import { readConnectSettings } from './settings.js';

const APPROVAL_MS = 10 * 60_000;

// A closed pipe or terminal must not end the command while it holds the only token.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Aborts with the first signal. The second ends the process. */
function watchSignals(): AbortSignal {
  const stopping = new AbortController();
  onSignals(() => stopping.abort(), () => process.exit(130));
  return stopping.signal;
}

async function run({ redirectUri, replace }: Options): Promise<void> {
  const { config, cas360 } = readConnectSettings(process.env);
  const signal = watchSignals();
  const redis = config.redisUrl === undefined ? undefined : new Redis({ url: config.redisUrl, onHealth: () => {} });
  try {
    const storeName = redis ? 'Redis' : 'CAS360_TOKEN_FILE';
    const keeper = new Keeper({ store: openTokenStore(config, redis)!, storeName, tryBeside: () => tryTokenStore(config, redis), initial: cas360.refreshToken, signal, say });
    const dispatcher = tokenDispatcher(config, cas360);
    await connect({ cas360, dispatcher, keeper, redirectUri, replace, input: process.stdin, signal, approvalEnds: AbortSignal.timeout(APPROVAL_MS), say });
    say(`
CAS 360 is connected. The tokens are in ${storeName}, and were read back.

A service that runs with these settings uses them within seconds. If none runs, start it: npm run serve.
CAS360_REFRESH_TOKEN need not be set. If it is set, leave it as it is.`);
    if (!redis && process.getuid?.() === 0) say('This command ran as root. The file belongs to the owner of the file before it, or of its folder: that must be the user of the service.');
  } finally {
    process.stdin.destroy();
    redis?.close();
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(HELP);
  else await run(options).catch(report);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
  process.exitCode = 2;
}

function report(error: unknown): void {
  const isOurs = error instanceof ConnectError || error instanceof SettingsError;
  // Other messages may quote what was sent.
  process.stderr.write(`${isOurs ? error.message : 'Connecting failed in a way that is not known here.'}\n`);
  process.exitCode = error instanceof ConnectError ? error.exitCode : 1;
}
