/** @needs redis-server */
import { expect, test } from '@jest/globals';
import { startSandbox } from '../../sandbox/start.js';
import { report } from '../support/figures.js';
import { LONG_RUN } from '../support/longRun.js';
import { REPLICAS, Rounds } from './support/rounds.js';
import { startFile, startRedis } from './support/tokenStores.js';

const ROUNDS = LONG_RUN ? 500 : 60;

test.each([
  ['one Redis', startRedis],
  ['one file', startFile],
])(`${ROUNDS} rounds of ${REPLICAS} replicas that renew at once on %s, with one trouble in each: no spent token is sent, and none is lost unless a replica is killed while it sends it`, async (where, startStore) => {
  const [sandbox, store] = await Promise.all([startSandbox(), startStore(REPLICAS)]);
  const rounds = new Rounds(sandbox, store);
  try {
    await rounds.start();
    // Slow before the token is spent and slow after it, so that each trouble meets both.
    sandbox.cas360.faults.set([{ on: 'token', latencyMs: 60 }, { on: 'token', drip: { bytes: 30, everyMs: 10 } }]);
    for (let n = 0; n < ROUNDS; n++) await rounds.play();
    const { events, late, spentAndUnkept, unspent, lost, odd, longestMs } = rounds;
    report(`replicas that renew at once on ${where}`, {
      rounds: ROUNDS,
      ...Object.fromEntries(events),
      late,
      'lost with a killed replica after it was spent': spentAndUnkept,
      'lost with a killed replica before it was spent': unspent,
      'lost otherwise': lost.length,
      'spent tokens sent': sandbox.cas360.spentTokenUses,
      'longest round in s': longestMs / 1_000,
    });
    expect(odd).toEqual([]);
    expect(lost).toEqual([]);
    expect(sandbox.cas360.spentTokenUses).toBe(0);
  } finally {
    await rounds.stop();
    await store.stop();
    await sandbox.stop();
  }
}, LONG_RUN ? 3_600_000 : 300_000);
