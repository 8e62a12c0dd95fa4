import { describe, expect, test } from '@jest/globals';
import { Batch } from '../../src/loaders/batch.js';
import { FOREVER } from '../support/upstreamDouble.js';

describe('A batch', () => {
  test('tells each who waits once, and keeps nothing of it', () => {
    const batch = new Batch<string>(false);
    const heard: unknown[] = [];
    for (let n = 0; n < 2; n++) batch.onSettled((outcomes) => heard.push([n, outcomes.get('1')]));
    batch.settle(new Map([['1', 'first']]));
    batch.settle(new Map([['1', 'second']]));
    expect(heard).toEqual([[0, 'first'], [1, 'first']]);
  });

  test('counts the bytes of its ids with the commas between them', () => {
    const batch = new Batch<string>(false);
    for (const id of ['1', '22', '333']) {
      batch.add(id);
      expect(batch.idBytes).toBe(batch.ids.join(',').length);
    }
  });

  test('belongs to the trace of whoever asked first and has one', () => {
    const batch = new Batch<string>(false);
    batch.join(FOREVER);
    batch.join({ ...FOREVER, traceparent: 'first' });
    batch.join({ ...FOREVER, traceparent: 'second' });
    expect(batch.traceparent).toBe('first');
  });
});
