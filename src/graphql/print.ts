import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { printProfile, PROFILES, type Profile } from './profiles.js';
import { readTypeDefs } from './schema.js';

try {
  const { values } = parseArgs({ args: process.argv.slice(2), options: { profile: { type: 'string', default: 'default' } } });
  if (!isProfile(values.profile)) throw new Error(`Unknown profile '${values.profile}'`);
  process.stdout.write(printProfile(readTypeDefs(fileURLToPath(new URL('../../schema', import.meta.url))), values.profile));
} catch (error) {
  process.stderr.write(`${(error as Error).message}.\nUsage: npm run -s schema -- [--profile ${PROFILES.join('|')}]\n`);
  process.exitCode = 1;
}

function isProfile(name: string): name is Profile {
  return (PROFILES as readonly string[]).includes(name);
}
