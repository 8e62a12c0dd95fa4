import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from './child.js';

const PROBE = fileURLToPath(new URL('probe.js', import.meta.url));
const HERE = fileURLToPath(new URL('..', import.meta.url));
const file = (name) => [fileURLToPath(new URL(`contestants/${name}.js`, import.meta.url))];

/** `raw` is first: all others are compared with it. */
export const CONTESTANTS = [
  { name: 'raw', title: 'raw Node', command: () => file('raw') },
  { name: 'ours', title: 'contacts subgraph', command: (server) => serve(HERE, server) },
  { name: 'mercurius', title: 'Mercurius, JIT', command: () => file('mercurius') },
  { name: 'yoga', title: 'GraphQL Yoga', command: () => file('yoga') },
  { name: 'tutorial', title: 'tutorial server', command: () => file('tutorial') },
];

/** The arguments with which the `serve` script of a checkout starts its build, or another one. */
export function serve(folder, server = join(folder, 'dist/src/main.js')) {
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return [...scripts.serve.split(' ').filter((word) => word.startsWith('--')), server];
}

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
});

/** On a busy machine the service must not refuse requests that the others answer. */
const REFUSES_NOTHING = { MAX_EVENT_LOOP_DELAY_MS: '0', MAX_WAIT_MS: '60000', REQUEST_TIMEOUT_MS: '60000' };

/** `refuses`: with the service's own limits. `group`: the control group of the process. */
export function startContestant({ name, command }, { upstream, isCached, server, refuses = false, group, env: more }) {
  const settings = name === 'ours' ? { ...settingsOf(upstream), ...(!refuses && REFUSES_NOTHING), ...(isCached && { CACHE_TTL_SECONDS: '600' }) } : { UPSTREAM_URL: upstream };
  return Child.start(name, ['--import', PROBE, ...command(server)], { env: { ...settings, ...more }, isServer: true, group });
}
