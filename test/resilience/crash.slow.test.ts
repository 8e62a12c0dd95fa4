import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { parse } from '../../src/upstream/oauth2/refreshToken/fileFormat.js';
import { hashOf } from '../../src/upstream/oauth2/refreshToken/state.js';
import { Caller, NAMES } from '../support/caller.js';
import { report } from '../support/figures.js';
import { startSubgraph } from '../support/subgraph.js';

const KILLS = 80;
/** As many cores as the smallest machine has. */
const AT_ONCE = 2;
const LONGEST_LIFE_MS = 300;

interface Tally {
  kills: number;
  answers: number;
  /** Starts after a process that was killed with the right to send the token: an operator had to put another in its place. */
  unknown: number;
  /** Processes that gave an answer and did not know whether it is unknown. */
  wrong: number;
}

/** Whether the process that was killed had said that it sends this token, and had not kept what came of it. */
async function isUnknown(tokenFile: string, refreshToken: string): Promise<boolean> {
  const text = await readFile(tokenFile, 'utf8').catch(() => undefined);
  const kept = text === undefined ? undefined : parse(text);
  return kept?.turn !== undefined && kept.began[0] === hashOf(refreshToken);
}

/** One installation, with its token file: it is killed and started again until all have been killed often enough. */
async function killOverAndOver(sandbox: Sandbox, tokenFile: string, tally: Tally): Promise<void> {
  let refreshToken = sandbox.cas360.issueRefreshToken();
  while (tally.kills < KILLS) {
    tally.kills++;
    const shouldBeUnknown = await isUnknown(tokenFile, refreshToken);
    const { PMS_BASE_URL: _, ...settings } = sandbox.environment;
    const subgraph = await startSubgraph({ ...settings, CAS360_REFRESH_TOKEN: refreshToken, CAS360_TOKEN_FILE: tokenFile });
    const caller = new Caller(subgraph.url);
    let isOver = false;
    const asking = [0, 1].map(async (worker) => {
      let isAnswered = false;
      for (let n = 54 + worker; !isOver; n += 2) {
        const reply = await caller.ask(NAMES, { ids: [`cas360:${n}`] }).catch(() => undefined);
        isAnswered ||= reply !== undefined;
        if (reply?.codes.length === 0) tally.answers++;
      }
      return isAnswered;
    });
    await sleep(Math.random() * LONGEST_LIFE_MS);
    isOver = true;
    await subgraph.end('SIGKILL');
    const isAnswered = (await Promise.all(asking)).includes(true);
    await caller.close();
    if (!isAnswered) continue;
    const isToldUnknown = subgraph.output.text.includes('no answer was kept');
    if (isToldUnknown !== shouldBeUnknown) tally.wrong++;
    if (shouldBeUnknown) {
      tally.unknown++;
      refreshToken = sandbox.cas360.issueRefreshToken();
    }
  }
}

test('however often it is killed while it renews its token, a spent refresh token is never sent again, and the next start says at once whether it is unknown', async () => {
  const sandbox = await startSandbox();
  const folder = await mkdtemp(join(tmpdir(), 'contacts-crash-'));
  const tally: Tally = { kills: 0, answers: 0, unknown: 0, wrong: 0 };
  try {
    // Renewed all the time, and slowly: the moment at which the old token is spent and the new one unknown is a long one.
    sandbox.cas360.tokenLifetimeSeconds = 0.2;
    sandbox.cas360.faults.set([{ on: 'token', drip: { bytes: 40, everyMs: 6 } }]);
    await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => killOverAndOver(sandbox, join(folder, `token-${n}`), tally)));
    const renewals = sandbox.cas360.calls.filter(({ kind, status }) => kind === 'token' && status === 200);
    const cutOff = renewals.filter(({ aborted }) => aborted).length;
    report('kill -9 while renewing', { ...tally, renewals: renewals.length, 'cut off with the old token spent': cutOff, 'spent tokens sent': sandbox.cas360.spentTokenUses });
    expect(sandbox.cas360.spentTokenUses).toBe(0);
    expect(tally.wrong).toBe(0);
    // Else the kills came at harmless moments only.
    expect(cutOff).toBeGreaterThan(0);
    expect(tally.unknown).toBeGreaterThan(0);
  } finally {
    await sandbox.stop();
    await rm(folder, { recursive: true });
  }
}, 170_000);
