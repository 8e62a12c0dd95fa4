// The built subgraph, which tells what a time cost it: run by Node as it stands. "start" begins to count; "stop" answers
// with the milliseconds of CPU since, and the longest time for which the event loop stood still; "collect" with the megabytes
// of heap that are left after a collection (with --expose-gc).
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
let before = process.cpuUsage();

process.on('message', (message) => {
  if (message === 'start') {
    before = process.cpuUsage();
    delay.reset();
    process.send!('started');
    return;
  }
  if (message === 'collect') {
    globalThis.gc!();
    process.send!(process.memoryUsage().heapUsed / 1e6);
    return;
  }
  const { user, system } = process.cpuUsage(before);
  // A stall is noticed by the timer that comes too late; it has not come yet.
  setTimeout(() => process.send!({ cpuMs: (user + system) / 1_000, stallMs: delay.max / 1e6 }), 5);
});
process.channel!.unref();
await import(new URL('../../../dist/src/main.js', import.meta.url).href);
