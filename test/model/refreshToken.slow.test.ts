/**
 * @needs spin
 * @needs gcc
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { report } from '../support/figures.js';
import { LONG_RUN } from '../support/longRun.js';

const run = promisify(execFile);
const MODEL = resolve('test/model/refreshToken.pml');
const MAX_MEGABYTES = LONG_RUN ? 12_000 : 2_000;
const MAX_DEPTH = 100_000;

interface Bounds {
  /** Processes. */
  readonly N: number;
  /** Faults of the world, of any kind, together. */
  readonly FAULTS: number;
  /** The number of a mistake in the protocol. */
  readonly FAULT?: number;
}

interface Checked {
  /** The property that does not hold, or `none`. */
  readonly violated: string;
  readonly isComplete: boolean;
  readonly states: number;
  readonly megabytes: number;
  readonly seconds: number;
}

/** Searches all that the model can do within these bounds, or until a property does not hold. */
async function check(bounds: Bounds): Promise<Checked> {
  const folder = await mkdtemp(join(tmpdir(), 'model-'));
  const at = { cwd: folder, maxBuffer: 16_777_216 };
  try {
    await run('spin', [...Object.entries(bounds).map(([name, value]) => `-D${name}=${value}`), '-a', MODEL], at);
    // A planted fault is found before a better compilation has paid.
    await run('gcc', [bounds.FAULT ? '-O0' : '-O2', '-w', '-DSAFETY', '-DNOREDUCE', `-DMEMLIM=${MAX_MEGABYTES}`, '-o', 'pan', 'pan.c'], at);
    const { stdout } = await run('./pan', [`-m${MAX_DEPTH}`], at);
    const figure = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? NaN);
    return {
      violated: /assertion violated\s+!\((S\d)\)/.exec(stdout)?.[1] ?? (/errors: 0\b/.test(stdout) ? 'none' : stdout),
      isComplete: !/Search not completed|max search depth too small|out of memory|truncated/.test(stdout),
      states: figure(/([\d.e+]+) states, stored/),
      megabytes: figure(/([\d.]+)\s+total actual memory usage/),
      seconds: figure(/elapsed time ([\d.]+) seconds/),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const WHOLE: readonly Bounds[] = LONG_RUN
  ? [{ N: 3, FAULTS: 2 }, { N: 2, FAULTS: 4 }]
  : [{ N: 3, FAULTS: 1 }, { N: 2, FAULTS: 3 }];

test.each(WHOLE)('the protocol keeps each promise with %o', async (bounds) => {
  const { violated, isComplete, ...figures } = await check(bounds);
  report(`model, ${bounds.N} processes, ${bounds.FAULTS} faults`, figures);
  expect({ violated, isComplete }).toEqual({ violated: 'none', isComplete: true });
}, LONG_RUN ? 3_600_000 : 600_000);

/** Each mistake, the property that it violates first, and the faults of the world that it takes. The model plants them by number. */
const PLANTED: readonly (readonly [mistake: string, violated: string, FAULTS: number])[] = [
  ['the token is sent before the turn is kept', 'S1', 1],
  ['a beat gives back a turn during which the token is sent', 'S4', 1],
  ['a turn whose take was not answered is not given back', 'S3', 1],
  ['of two states the one with the lower count wins', 'S4', 1],
  ['a refusal is not kept', 'S6', 1],
  ['a request without an answer counts as not sent', 'S1', 1],
  ['whoever puts back what the store has lost is the leader at once', 'S1', 1],
  ['a process that is not the leader goes on alone', 'S1', 1],
  ['counts of different chains are compared', 'S7', 1],
  ['a state that the store has lost is put back without its turn', 'S1', 1],
  ['a request that was not sent counts as one without an answer', 'S3', 1],
  ['what could not be written is not written again', 'S4', 1],
  ['a process that starts begins with the token of the environment again', 'S4', 1],
  ['a process that starts with an empty store may send at once', 'S1', 1],
  ['a process whose earlier turn is in the store puts back its state without a handover', 'S1', 1],
  ['only the last credentials that were refused are remembered', 'S6', 2],
  ['a silent leader is replaced without a handover', 'S1', 1],
  ['a beat runs between a take and its answer', 'S4', 1],
  ['a turn whose time is over is free', 'S1', 1],
  ['the leader alone ignores a turn of another process', 'S1', 1],
  ['what came of a turn is added to a chain that came meanwhile', 'S4', 1],
  ['the leader goes on alone before the others count it as silent', 'S1', 1],
  ['a store that was restored has a leader', 'S1', 1],
  ["a beat gives back another process's turn", 'S4', 1],
  ['each process writes what it has, later or not', 'S5', 1],
  ['a process that starts again has the same name', 'S3', 2],
  ['the leader alone does not read the store', 'S1', 1],
  ['the token is sent during a handover', 'S1', 1],
  ['an unknown token is sent', 'S1', 1],
  ['a handover gives back the turn', 'S1', 1],
  ['a request without an answer does not count', 'S1', 1],
  ['a refusal does not count', 'S6', 1],
  ['the turn of a process that ended is free', 'S1', 1],
  ['a process begins with the token of the environment at any time', 'S7', 2],
  ['a process stops without writing what it has', 'S3', 1],
  ['takes and turns that are given back do not count', 'S1', 1],
  ['the turn stays after a renewal', 'S3', 1],
  ['each refusal counts as one of the token', 'S5', 1],
  ['a vacant leadership stays vacant', 'S5', 1],
  ['a handover is shorter than a beat', 'S1', 1],
];

test('each mistake in the protocol is found', async () => {
  const found = [];
  for (const [index, [mistake, , FAULTS]] of PLANTED.entries()) {
    const { violated } = await check({ N: 2, FAULTS, FAULT: index + 1 });
    found.push([mistake, violated, FAULTS]);
  }
  report('model', { 'planted mistakes': found.length });
  expect(found).toEqual(PLANTED);
}, 600_000);
