import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { Caller, NAMES } from '../support/caller.js';
import { report } from '../support/figures.js';
import { startSubgraph } from '../support/subgraph.js';

const KILLS = 100;
/** As many cores as the smallest machine has. */
const AT_ONCE = 2;
const LONGEST_LIFE_MS = 300;

interface Tally {
  kills: number;
  answers: number;
  /** Starts at which the refresh token was in doubt, and an operator had to put another in its place. */
  doubts: number;
}

/** One installation, with its token file: it is killed and started again until all have been killed often enough. */
async function killOverAndOver(sandbox: Sandbox, tokenFile: string, tally: Tally): Promise<void> {
  let refreshToken = sandbox.cas360.issueRefreshToken();
  while (tally.kills < KILLS) {
    tally.kills++;
    const { PMS_BASE_URL: _, ...settings } = sandbox.environment;
    const subgraph = await startSubgraph({ ...settings, CAS360_REFRESH_TOKEN: refreshToken, CAS360_TOKEN_FILE: tokenFile });
    const caller = new Caller(subgraph.url);
    let isOver = false;
    const asking = [0, 1].map(async (worker) => {
      let isInDoubt = false;
      for (let n = 54 + worker; !isOver; n += 2) {
        const reply = await caller.ask(NAMES, { ids: [`cas360:${n}`] }).catch(() => undefined);
        if (reply?.codes.length === 0) tally.answers++;
        isInDoubt ||= reply?.codes[0] === 'UPSTREAM_AUTH_FAILED';
      }
      return isInDoubt;
    });
    await sleep(Math.random() * LONGEST_LIFE_MS);
    isOver = true;
    await subgraph.end('SIGKILL');
    const toldOfDoubt = await Promise.all(asking);
    await caller.close();
    if (toldOfDoubt.includes(true)) {
      tally.doubts++;
      refreshToken = sandbox.cas360.issueRefreshToken();
    }
  }
}

test('however often it is killed while it renews its token, a spent refresh token is never sent again', async () => {
  const sandbox = await startSandbox();
  const folder = await mkdtemp(join(tmpdir(), 'contacts-crash-'));
  const tally: Tally = { kills: 0, answers: 0, doubts: 0 };
  try {
    // Renewed all the time, and slowly: the moment at which the old token is spent and the new one unknown is a long one.
    sandbox.cas360.tokenLifetimeSeconds = 0.03;
    sandbox.cas360.faults.set([{ on: 'token', drip: { bytes: 40, everyMs: 6 } }]);
    await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => killOverAndOver(sandbox, join(folder, `token-${n}`), tally)));
    const renewals = sandbox.cas360.calls.filter(({ kind, status }) => kind === 'token' && status === 200);
    const cutOff = renewals.filter(({ aborted }) => aborted).length;
    report('kill -9 while renewing', { ...tally, renewals: renewals.length, 'cut off with the old token spent': cutOff, 'spent tokens sent': sandbox.cas360.spentTokenUses });
    expect(sandbox.cas360.spentTokenUses).toBe(0);
    // Else the kills came at harmless moments only.
    expect(cutOff).toBeGreaterThan(0);
    expect(tally.doubts).toBeGreaterThan(0);
  } finally {
    await sandbox.stop();
    await rm(folder, { recursive: true });
  }
}, 170_000);
