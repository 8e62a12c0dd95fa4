import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { Writable, type Readable } from 'node:stream';
import { checkCas360 } from '../../../src/doctor/cas360.js';
import { Findings } from '../../../src/doctor/findings.js';
import { checkSettings, checkTimeoutMs } from '../../../src/doctor/settings.js';
import { Canaries } from '../../security/support/canaries.js';
import { COMPILE_CACHE } from '../../support/subgraph.js';

export interface Diagnosis {
  readonly code: number | null;
  /** The signal that ended it. */
  readonly signal: NodeJS.Signals | null;
  /** Both streams, as a terminal shows them. */
  readonly output: string;
  /** The findings of one level, without the level. */
  of(level: 'ok' | 'note' | 'warning' | 'fault'): string[];
}

/** Runs `npm run doctor` without npm's own words, with these settings and no others. */
export function runDoctor(settings: Readonly<Record<string, string>>, ...words: string[]): Promise<Diagnosis> {
  return startDoctor(settings, ...words).ended;
}

/** The same, while it runs. */
export interface RunningDoctor {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** What it has said so far. */
  said(): string;
  readonly ended: Promise<Diagnosis>;
}

export function startDoctor(settings: Readonly<Record<string, string>>, ...words: string[]): RunningDoctor {
  const child = spawn(process.execPath, ['dist/src/doctor/main.js', ...words], { env: { ...COMPILE_CACHE, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
  const ended = new Promise<Diagnosis>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, output, of: findingsIn(output) }));
  });
  return { child, said: () => output, ended };
}

/** Checks the settings and CAS 360 in this process, which takes less time than to start one. */
export async function diagnoseCas360(settings: Readonly<Record<string, string>>, contact: string, renew: boolean): Promise<Diagnosis> {
  let output = '';
  const out = new Writable({
    write: (text, _encoding, done) => {
      output += String(text);
      done();
    },
  });
  const found = new Findings('CAS 360');
  found.show(out as NodeJS.WriteStream);
  const { config } = checkSettings(settings, found);
  if (config.cas360) await checkCas360(config, config.cas360, { pms: undefined, cas360: contact, renew, help: false }, checkTimeoutMs(config), found);
  return { code: found.count('fault') > 0 ? 1 : 0, signal: null, output, of: findingsIn(output) };
}

function findingsIn(output: string): Diagnosis['of'] {
  return (level) => [...output.matchAll(new RegExp(`^  ${level.padEnd(8)} (.*)$`, 'gm'))].map(([, text]) => text!);
}

/** The words of these settings that must not be seen. */
export function secretsOf(settings: Readonly<Record<string, string>>): Canaries {
  const canaries = new Canaries();
  for (const [name, value] of Object.entries(settings)) if (/SECRET|TOKEN$|CLIENT_ID|URL/.test(name) && value.trim() !== '') canaries.add(name, value);
  return canaries;
}
