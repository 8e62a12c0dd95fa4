// Preloaded into every contestant: reports the CPU and memory that its process has used.
import { existsSync, readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { answer } from './control.js';

let session;

answer({
  usage: () => {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    return { cpuMicroseconds: user + system, peakBytes: peakBytes(), rssBytes: rss, heapBytes: heapUsed };
  },
  startProfile: async () => {
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 200 });
    await session.post('Profiler.start');
  },
  stopProfile: async () => (await session.post('Profiler.stop')).profile,
});

function peakBytes() {
  const status = '/proc/self/status';
  // On Linux, maxRSS starts with the parent's value from before exec.
  const own = existsSync(status) ? /VmHWM:\s+(\d+) kB/.exec(readFileSync(status, 'utf8'))?.[1] : undefined;
  return Number(own ?? process.resourceUsage().maxRSS) * 1_024;
}
