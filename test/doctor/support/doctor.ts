import { spawn } from 'node:child_process';
import { Canaries } from '../../security/support/canaries.js';
import { COMPILE_CACHE } from '../../support/subgraph.js';

export interface Diagnosis {
  readonly code: number | null;
  /** Both streams, as a terminal shows them. */
  readonly output: string;
  /** The findings of one level, without the level. */
  of(level: 'ok' | 'note' | 'warning' | 'fault'): string[];
}

/** Runs `npm run doctor` without npm's own words, with these settings and no others. */
export async function runDoctor(settings: Readonly<Record<string, string>>, ...words: string[]): Promise<Diagnosis> {
  const child = spawn(process.execPath, ['dist/src/doctor/main.js', ...words], { env: { ...COMPILE_CACHE, ...settings } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output, of: (level) => [...output.matchAll(new RegExp(`^  ${level.padEnd(8)} (.*)$`, 'gm'))].map(([, text]) => text!) };
}

/** The words of these settings that must not be seen. */
export function secretsOf(settings: Readonly<Record<string, string>>): Canaries {
  const canaries = new Canaries();
  for (const [name, value] of Object.entries(settings)) if (/SECRET|TOKEN$|CLIENT_ID|URL/.test(name) && value.trim() !== '') canaries.add(name, value);
  return canaries;
}
