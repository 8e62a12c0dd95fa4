import { parseArgs } from 'node:util';
import { startAtUsualPorts, type Sandbox } from './start.js';

const HELP = `npm run sandbox -- [--without-refresh-token]

Runs both systems and the token issuer alone, and prints the settings that point serve, doctor and connect to them.

  --without-refresh-token  leaves out CAS360_REFRESH_TOKEN: npm run connect gets another one
`;

/** Every line is one for a shell: the output can be sourced. */
function settingsOf({ environment, pms, cas360, identity }: Sandbox, withRefreshToken: boolean): string {
  const given = Object.entries(environment).filter(([name]) => withRefreshToken || name !== 'CAS360_REFRESH_TOKEN');
  return `# The sandbox is running: PMS ${pms.url}, CAS 360 ${cas360.url}, token issuer ${identity.url}
# These settings point serve, doctor and connect to it:
${given.map(([name, value]) => `export ${name}='${value}'`).join('\n')}
# Ctrl-C ends it, and voids all its tokens.
`;
}

try {
  const { values } = parseArgs({ options: { 'without-refresh-token': { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } });
  if (values.help) console.log(HELP);
  else await run(!values['without-refresh-token']);
} catch (error) {
  console.error(`${(error as Error).message}\n\n${HELP}`);
  process.exitCode = 2;
}

async function run(withRefreshToken: boolean): Promise<void> {
  const sandbox = await startAtUsualPorts();
  process.stdout.write(settingsOf(sandbox, withRefreshToken));
  const stop = (): void => void sandbox.stop().then(() => process.exit(0));
  process.once('SIGINT', stop).once('SIGTERM', stop);
}
