import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { begunWith, hashOf, type Kept } from '../../src/upstream/oauth2/refreshToken/state.js';
import { until } from '../support/until.js';
import { decide, endAll, show } from './support/connecting.js';
import { Stage } from './support/stage.js';

jest.setTimeout(30_000);

const stage = new Stage();

describe('Before a person is asked', () => {
  test.each<[string, () => string, string]>([
    ['a folder that is missing', () => join(stage.folder, 'none', 'token'), 'its folder does not exist'],
    ['a file that is not of the service', () => { writeFileSync(stage.path, 'mine'); return stage.path; }, 'it holds no refresh token of ours'],
    ['a folder in its place', () => { mkdirSync(stage.path); return stage.path; }, 'it is a folder'],
  ])('connect finds that it cannot store a token: %s', async (_what, place, said) => {
    const { output, ended } = stage.connectHere({ CAS360_TOKEN_FILE: place() });
    expect(await ended).toBe(1);
    expect(output.text).toContain('The token cannot be stored in CAS360_TOKEN_FILE: ');
    expect(output.text).toContain(said);
    expect(output.text).not.toContain('/oauth/authorize');
  });

  test('what is stored stays as it is, and nothing is left beside it', async () => {
    writeFileSync(join(stage.folder, 'other'), 'x');
    await stage.connectHere().address();
    expect(existsSync(stage.path)).toBe(false);
    expect(readdirSync(stage.folder)).toEqual(['other']);
    await endAll();
    const kept = { ...begunWith('refused', undefined), count: 7, mark: 'refused', refusedWith: 'x', leader: 'me', leaderSeenMs: 123_000 } as const;
    await stage.store(kept);
    await stage.connectHere().address();
    expect(await stage.stored()).toEqual(kept);
    expect(readdirSync(stage.folder).sort()).toEqual(['other', 'token']);
  });

  test('connect finds that its port is taken', async () => {
    const other = createServer().listen(stage.port, '127.0.0.1');
    await once(other, 'listening');
    const { output, ended } = stage.connectHere();
    expect(await ended).toBe(1);
    expect(output.text).toContain(`Port ${stage.port} is taken by another program`);
    other.close();
  });
});

describe('A refresh token that is stored', () => {
  test('is not replaced while it can be used, unless told to', async () => {
    const old = stage.sandbox.cas360.issueRefreshToken();
    await stage.store({ ...begunWith(old, undefined), count: 3 });
    const before = readFileSync(stage.path, 'utf8');
    const first = stage.connectHere();
    expect(await first.ended).toBe(1);
    expect(first.output.text).toContain('A refresh token is stored that can be used: CAS 360 is connected. To replace it, add --replace.');
    expect(first.output.text).not.toContain('/oauth/authorize');
    expect(readFileSync(stage.path, 'utf8')).toBe(before);

    const second = stage.connectHere({}, '--replace');
    await show(await decide(await second.address()));
    expect(await second.ended).toBe(0);
    const kept = (await stage.stored())!;
    expect(kept.began).toEqual([hashOf(kept.refreshToken), hashOf(old)]);
    expect(await stage.isGood(kept.refreshToken)).toBe(true);
  });

  test.each<[string, Partial<Kept>]>([
    ['may be spent', { mark: 'unknown' }],
    ['was refused', { mark: 'refused', refusedWith: 'x' }],
    ['was being sent by a process that has vanished', { turn: { id: 'gone 1', endsAtMs: 1 } }],
    ['was lost', { refreshToken: '', mark: 'unknown' }],
  ])('is replaced at once if it %s', async (_what, change) => {
    await stage.store({ ...begunWith('old', undefined), count: 3, ...change });
    const { address, ended, output } = stage.connectHere();
    await show(await decide(await address()));
    expect(await ended).toBe(0);
    expect(output.text).toContain('The stored refresh token cannot be used any more.');
    expect(await stage.stored()).toMatchObject({ count: 0, mark: 'usable', turn: undefined });
  });

  test('is later than the one of the environment, with which no service begins any more', async () => {
    const { address, ended } = stage.connectHere({ CAS360_REFRESH_TOKEN: 'of the environment' });
    await show(await decide(await address()));
    expect(await ended).toBe(0);
    const kept = (await stage.stored())!;
    expect(kept.began).toEqual([hashOf(kept.refreshToken), hashOf('of the environment')]);
  });

  test('waits for its folder, if that is away for a moment', async () => {
    const { address, ended, output } = stage.connectHere();
    const right = await decide(await address());
    stage.sandbox.cas360.faults.set([{ on: 'token', heldMs: 1_000 }]);
    const shown = show(right);
    await until('the code is exchanged', () => stage.exchanges() === 1);
    renameSync(stage.folder, `${stage.folder}-away`);
    await until('it says that it tries again', () => output.text.includes('The token cannot be stored yet in CAS360_TOKEN_FILE: its folder does not exist'));
    renameSync(`${stage.folder}-away`, stage.folder);
    expect((await shown).text).toContain('connected');
    expect(await ended).toBe(0);
    expect(await stage.isGood((await stage.stored())?.refreshToken)).toBe(true);
  });
});
