import { parseArgs } from 'node:util';
import { portsFrom, startAtUsualPorts, startSandbox, USUAL_PORT, type Sandbox } from './start.js';

const LAST_PORT = 65_535 - 2;

const HELP = `npm run sandbox -- [--port <number>] [--without-refresh-token]

Runs both systems and the token issuer alone, and prints the settings that point serve, doctor and connect to them.

  --port <number>          the PMS listens there, CAS 360 and the token issuer at the next two. If one of the three is taken,
                           it does not start. Without it: ${USUAL_PORT}, or any free ports
  --without-refresh-token  leaves out CAS360_REFRESH_TOKEN: npm run connect gets another one
`;

/** Contacts that the doctor can ask for. */
const FOR_THE_DOCTOR = { DOCTOR_PMS_CONTACT: '4711', DOCTOR_CAS360_CONTACT: '54' };

/** Comments and NAME=value, without quotes: Node, Docker, dotenv and a shell read that in the same way. */
function settingsOf({ environment, pms, cas360, identity }: Sandbox, withRefreshToken: boolean): string {
  const given = Object.entries({ ...environment, ...FOR_THE_DOCTOR }).filter(([name]) => withRefreshToken || name !== 'CAS360_REFRESH_TOKEN');
  return `# The sandbox is running: PMS ${pms.url}, CAS 360 ${cas360.url}, token issuer ${identity.url}
# Open one of the first two in a browser: contacts, calls and switches for faults.
# These settings point serve, doctor and connect to it. Save them in a file, for example sandbox.env:
#   npm run -s sandbox > sandbox.env
# Then, in another terminal, a shell reads them with:
#   set -a; . ./sandbox.env; set +a
# Or Node with --env-file=sandbox.env, or Docker with --env-file sandbox.env.
${given.map(([name, value]) => `${name}=${value}`).join('\n')}
# Ctrl-C ends it, and voids all its tokens.
`;
}

try {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, 'without-refresh-token': { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) process.stdout.write(HELP);
  else await run(portOf(values.port), !values['without-refresh-token']);
} catch (error) {
  const { message, code = '', port } = error as NodeJS.ErrnoException & { port?: number };
  const fault = { EADDRINUSE: 'another program listens there', EACCES: 'this user may not' }[code];
  process.stderr.write(fault ? `--port: cannot listen at port ${port} of 127.0.0.1: ${fault}. Choose three ports in a row that are free.\n` : `${message}\n\n${HELP}`);
  process.exitCode = fault ? 1 : 2;
}

/** Undefined: the usual ports. */
function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= LAST_PORT) return port;
  throw new Error(`--port must be a whole number from 1 to ${LAST_PORT}`);
}

async function run(port: number | undefined, withRefreshToken: boolean): Promise<void> {
  const sandbox = await (port === undefined ? startAtUsualPorts() : startSandbox(portsFrom(port)));
  const stop = (): void => void sandbox.stop().then(() => process.exit(0));
  // Before it says that it runs: somebody may end it then.
  process.once('SIGINT', stop).once('SIGTERM', stop);
  process.stdout.write(settingsOf(sandbox, withRefreshToken));
}
