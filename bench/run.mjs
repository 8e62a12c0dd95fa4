// The benchmark, as docs/performance.md describes it.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const installed = `${here}node_modules/.package-lock.json`;
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(`${here}package-lock.json`).mtimeMs) {
  process.stderr.write("Installing the bench's packages.\n");
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--loglevel=error'], { cwd: here, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
const { main } = await import('./main.js');
try {
  await main();
} catch (error) {
  process.stderr.write(`\n${error.message}\n`);
  process.exit(1);
}
