import { describe, expect, test } from '@jest/globals';
import { OperationLoader } from '../../src/loaders/operationLoader.js';
import type { UpstreamRecord } from '../../src/loaders/resource.js';
import type { CallRecording, RecordedIds } from '../../src/recording.js';
import { StatusError } from '../../src/upstream/callErrors.js';
import { FOREVER, gathererOverDouble, settle } from '../support/upstreamDouble.js';

describe('What an operation waits for', () => {
  test('is recorded as sent, or as joined where another operation had asked for it', async () => {
    const { gatherer, calls } = gathererOverDouble();
    const waits: RecordedIds[] = [];
    const fields = new Set(['contacts']);
    const others = [gatherer.request(new Set(['1', '9']), true, FOREVER)];
    await settle();
    others.push(gatherer.request(new Set(['1', '2', '3']), false, FOREVER, { waits, fields }));
    await settle();
    for (const call of calls) call.answer();
    await Promise.all(others);
    const common = { source: 'CAS360', resource: 'contacts', fields, calls: [], startedAtMs: expect.any(Number) };
    expect(waits).toEqual([
      { ...common, ids: ['1'], relationships: true, kind: 'joined' },
      { ...common, ids: ['2', '3'], relationships: false, kind: 'sent' },
    ]);
  });

  test('is recorded once for each id, also where a chunk of others has it too', async () => {
    const { gatherer, calls } = gathererOverDouble({ maxIds: 4 });
    const waits: RecordedIds[] = [];
    void gatherer.request(new Set(['1', '2', '3', '4']), false, FOREVER);
    await settle();
    calls[0]!.answer(new StatusError(400, 'CAS360'));
    await settle();
    void gatherer.request(new Set(['2', '4']), false, FOREVER, { waits, fields: new Set() });
    expect(waits.map(({ ids, kind }) => [ids, kind])).toEqual([[['2'], 'joined'], [['4'], 'sent']]);
    for (const call of calls) {
      call.answer();
      await settle();
    }
  });

  test('is recorded with every field that waits, also for what is here already', async () => {
    const recordings: (CallRecording | undefined)[] = [];
    const request = async (ids: ReadonlySet<string>, _relationships: boolean, _deadline: unknown, recording?: CallRecording): Promise<Map<string, UpstreamRecord>> => {
      recordings.push(recording);
      return new Map([...ids].map((id) => [id, { id }]));
    };
    const waits: RecordedIds[] = [];
    const loader = new OperationLoader<string>({ source: 'PMS', records: { request }, toModel: (id) => id }, FOREVER, waits);
    await Promise.all([loader.load(['1'], false, 'a'), loader.load(['1', '2'], false, 'b')]);
    await loader.load(['3'], false, 'c');
    await loader.load(['2', '3'], false, 'd');
    expect(loader.loadOne('3', false, 'e')).toBe('3');
    expect(recordings.map((recording) => [...recording!.fields])).toEqual([['a', 'b', 'd'], ['c', 'd', 'e']]);
    expect(recordings.every((recording) => recording!.waits === waits)).toBe(true);
  });

  test('is not recorded if nobody wants to know', async () => {
    const recordings: unknown[] = [];
    const request = async (_ids: unknown, _relationships: boolean, _deadline: unknown, recording?: CallRecording): Promise<Map<string, UpstreamRecord>> => {
      recordings.push(recording);
      return new Map([['1', { id: '1' }]]);
    };
    await new OperationLoader<string>({ source: 'PMS', records: { request }, toModel: (id) => id }, FOREVER, undefined).load(['1'], false, 'a');
    expect(recordings).toEqual([undefined]);
  });
});
