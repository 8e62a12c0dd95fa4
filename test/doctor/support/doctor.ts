import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import { Writable, type Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { Sandbox } from '../../../sandbox/start.js';
import { checkCas360 } from '../../../src/doctor/cas360.js';
import type { Running } from '../../../src/doctor/diagnose.js';
import { Findings, type Level } from '../../../src/doctor/findings.js';
import { readOptions } from '../../../src/doctor/options.js';
import { faultsIn, printText } from '../../../src/doctor/report.js';
import { run } from '../../../src/doctor/run.js';
import { checkSettings, checkTimeoutMs } from '../../../src/doctor/settings.js';
import { Canaries } from '../../security/support/canaries.js';
import { COMPILE_CACHE } from '../../support/subgraph.js';
import { until } from '../../support/until.js';

export interface Diagnosis {
  readonly code: number | null;
  /** The signal that ended it. */
  readonly signal: NodeJS.Signals | null;
  /** Both streams, as a terminal shows them. */
  readonly output: string;
  /** The findings of one level, without the level. */
  of(level: Level): string[];
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

/** Runs the doctor in this process, which takes less time than to start one. */
export async function diagnoseHere(settings: Readonly<Record<string, string>>, ...words: string[]): Promise<Diagnosis> {
  const said = new Said();
  const code = await run(readOptions(words, settings), settings, { stdout: said.stream, stderr: said.stream });
  return { code, signal: null, output: said.text, of: findingsIn(said.text) };
}

/** Settings of a token whose access token is kept: the doctor uses that, and neither sends nor writes anything. */
export async function withAccessToken({ cas360, environment }: Sandbox, folder: string): Promise<Record<string, string>> {
  let tries = 0;
  return until('an access token is kept', async () => {
    const settings = { CAS360_REFRESH_TOKEN: cas360.issueRefreshToken(), CAS360_TOKEN_FILE: join(folder, `kept-${++tries}`) };
    const { code } = await diagnoseCas360({ ...environment, ...settings }, '54', true);
    return code === 0 && settings;
  });
}

/** Checks the settings and CAS 360 alone, in this process. */
export async function diagnoseCas360(settings: Readonly<Record<string, string>>, contact: string, renew: boolean): Promise<Diagnosis> {
  const said = new Said();
  const found = new Findings('CAS 360');
  const { config } = checkSettings(settings, found);
  const done = config.cas360 ? checkCas360(config, config.cas360, { cas360: contact, renew }, checkTimeoutMs(config), found) : Promise.resolve();
  const running: Running[] = [{ check: 'cas360', found, done }];
  await printText(running, said.stream);
  return { code: faultsIn(running).length > 0 ? 1 : 0, signal: null, output: said.text, of: findingsIn(said.text) };
}

/** Keeps what is written, without colours. */
export class Said {
  #text = '';
  readonly stream = new Writable({
    write: (text, _encoding, done) => {
      this.#text += stripVTControlCharacters(String(text));
      done();
    },
  }) as NodeJS.WriteStream;

  get text(): string {
    return this.#text;
  }
}

/** Without the pages that explain them. */
function findingsIn(output: string): Diagnosis['of'] {
  return (level) => [...output.matchAll(new RegExp(`^  ${level.padEnd(8)} (.*?)(?: \\(docs/\\S+\\))?$`, 'gm'))].map(([, text]) => text!);
}

/** The words of these settings that must not be seen. */
export function secretsOf(settings: Readonly<Record<string, string>>): Canaries {
  const canaries = new Canaries();
  for (const [name, value] of Object.entries(settings)) if (/SECRET|TOKEN$|CLIENT_ID|URL/.test(name) && value.trim() !== '') canaries.add(name, value);
  return canaries;
}
