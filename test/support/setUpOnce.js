import { spawnSync } from 'node:child_process';

/** Before a run: builds `dist`, also where Jest is started without npm. What a test starts finds it built, and leaves it alone. */
export default function setUpOnce() {
  const { status } = spawnSync(process.execPath, ['scripts/setup.mjs'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('The set-up failed.');
  process.env.SET_UP = 'done';
}
