// Loaded before the service: at each message it makes the service log many long lines, and says how many.
import { setImmediate } from 'node:timers';

const LINES = 20_000;

process.on('message', () => {
  for (let n = 0; n < LINES; n++) void Promise.reject(new Error('something to log'));
  setImmediate(() => process.send(LINES));
});
process.on('disconnect', () => process.exit(1));
process.channel.unref();
