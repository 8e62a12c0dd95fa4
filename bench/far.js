// A system an ocean away, over TLS: what an operation waits for after a pause and without one, and what is sent.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { bodiesOf } from './bodies.js';
import { casesNamed } from './cases.js';
import { Child, UPSTREAM } from './child.js';
import { Connection, post } from './connection.js';
import { CONTESTANTS, startContestant } from './contestants.js';
import { median } from './statistics.js';

const IDLE_MS = 5_000;
const WARM_UPS = 3;
const PAGES = 3;

const farContestants = CONTESTANTS.filter(({ name }) => name === 'raw' || name === 'ours');

/** The number of steps, for the progress bar. */
export const farSteps = ({ rounds }) => farContestants.length * rounds;

/** Measures all contestants at the same time: they wait almost always. */
export async function runFar(each, { rounds }, { server, onStep }) {
  // Built by then: the bench can be asked for its options without it.
  const { makeCertificate } = await import('../dist/sandbox/certificate.js');
  const certificate = makeCertificate();
  try {
    return { each, far: await Promise.all(farContestants.map((one) => measureOne(one, { each, rounds, server, certificate, onStep }))) };
  } finally {
    certificate.remove();
  }
}

async function measureOne(contestant, { each, rounds, server, certificate, onStep }) {
  const { name, title } = contestant;
  const upstream = await Child.start('upstream', UPSTREAM, { env: { ROUND_TRIP_MS: String(each.roundTripMs), TLS_KEY: certificate.key, TLS_CERT: certificate.cert } });
  let ours;
  try {
    const origin = upstream.origin.replace('http:', 'https:');
    const begun = await upstream.ask('traffic');
    ours = await startContestant(contestant, { upstream: origin, server, env: { NODE_EXTRA_CA_CERTS: certificate.path } });
    const ask = asker(ours, each);
    for (let n = 0; n < WARM_UPS; n++) await ask();
    const warm = [];
    for (let n = 0; n < rounds; n++) warm.push(await ask());
    const idle = [];
    for (let n = 0; n < rounds; n++) {
      await sleep(IDLE_MS);
      idle.push(await ask());
      onStep(`${name} after a pause, ${n + 1} of ${rounds}`);
    }
    const pageBytes = await bytesOfPage(ours, upstream);
    const { connections } = await upstream.ask('traffic');
    return { name, title, warmMs: median(warm), idleMs: median(idle), pageBytes, connections: connections - begun.connections };
  } finally {
    await Promise.all([upstream.stop(), ours?.stop()]);
  }
}

/** Returns a function that sends the next operation of a case and resolves to its duration. */
function asker({ origin }, each) {
  const bodyOf = bodiesOf(each, 0);
  let number = 0;
  return async () => {
    const connection = new Connection(origin);
    const startedAt = performance.now();
    await connection.ask(post('/graphql', bodyOf(number++)));
    connection.close();
    return performance.now() - startedAt;
  };
}

/** What the upstream sends for one page, on a connection that is open: headers and TLS included. */
async function bytesOfPage(server, upstream) {
  const ask = asker(server, casesNamed(['list'])[0]);
  const bytes = [];
  for (let n = 0; n < PAGES; n++) {
    const before = await upstream.ask('traffic');
    await ask();
    bytes.push((await upstream.ask('traffic')).bytes - before.bytes);
  }
  return median(bytes);
}
