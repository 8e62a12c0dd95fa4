import { setTimeout as sleep } from 'node:timers/promises';
import { diagnose } from './diagnose.js';
import type { Options } from './options.js';
import { faultsIn, printJson, printText } from './report.js';
import { checkUntilWell } from './waiting.js';

type Streams = { readonly stdout: NodeJS.WriteStream; readonly stderr: NodeJS.WriteStream };

/** Checks and prints the report. Resolves to the exit code. */
export async function run(options: Options, env: NodeJS.ProcessEnv, { stdout, stderr }: Streams): Promise<number> {
  const check = (): ReturnType<typeof diagnose> => diagnose(options, env);
  const tell = (line: string): unknown => stderr.write(line);
  const parts = options.waitSeconds === undefined ? check() : await checkUntilWell(check, options.waitSeconds, tell, { now: () => performance.now(), sleep: (ms, signal) => sleep(ms, undefined, { signal }) });
  await (options.output === 'json' ? printJson : printText)(parts, stdout);
  return faultsIn(parts).length > 0 ? 1 : 0;
}
