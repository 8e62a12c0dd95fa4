import { HELP, readOptions } from './options.js';
import { run } from './run.js';

// A closed pipe or terminal must not end a renewal of the refresh token half-way.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.help) process.stdout.write(HELP);
  else process.exitCode = await run(options, process.env, process);
  // A check that was cut off may still wait for an answer.
  if (options.waitSeconds !== undefined) process.stdout.write('', () => process.exit());
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  process.exitCode = 2;
}
