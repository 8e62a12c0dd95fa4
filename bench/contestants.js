import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Child } from './child.js';

const PROBE = fileURLToPath(new URL('probe.js', import.meta.url));
const OURS = fileURLToPath(new URL('../dist/src/main.js', import.meta.url));
const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const FLAGS = scripts.serve.split(' ').filter((word) => word.startsWith('--'));
const file = (name) => [fileURLToPath(new URL(`contestants/${name}.js`, import.meta.url))];

/** `raw` is first: all others are compared with it. */
export const CONTESTANTS = [
  { name: 'raw', title: 'raw Node', command: () => file('raw') },
  { name: 'ours', title: 'contacts subgraph', command: (server = OURS) => [...FLAGS, server] },
  { name: 'mercurius', title: 'Mercurius, JIT', command: () => file('mercurius') },
  { name: 'yoga', title: 'GraphQL Yoga', command: () => file('yoga') },
  { name: 'tutorial', title: 'tutorial server', command: () => file('tutorial') },
];

/** The service as `npm run serve` starts it: both systems, otherwise the defaults. */
const settingsOf = (upstream) => ({
  PMS_BASE_URL: upstream,
  PMS_TOKEN_URL: `${upstream}/oauth/token`,
  PMS_CLIENT_ID: 'bench',
  PMS_CLIENT_SECRET: 'bench',
  CAS360_BASE_URL: upstream,
  CAS360_CLIENT_ID: 'bench',
  CAS360_CLIENT_SECRET: 'bench',
  CAS360_REFRESH_TOKEN: 'bench',
  // No limits: on a busy machine it must not refuse requests that the others answer.
  MAX_EVENT_LOOP_DELAY_MS: '0',
  MAX_WAIT_MS: '60000',
  REQUEST_TIMEOUT_MS: '60000',
});

export function startContestant({ name, command }, { upstream, isCached, server, env: more }) {
  const settings = name === 'ours' ? { ...settingsOf(upstream), ...(isCached && { CACHE_TTL_SECONDS: '600' }) } : { UPSTREAM_URL: upstream };
  return Child.start(name, ['--import', PROBE, ...command(server)], { env: { ...settings, ...more }, isServer: true });
}
