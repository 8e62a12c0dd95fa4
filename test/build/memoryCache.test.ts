import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { buildSources } from '../support/builtSources.js';
import { FOREVER, settle } from '../support/upstreamDouble.js';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  // A process is some time old when it keeps its first record; at 0 lru-cache takes the time for unknown.
  jest.advanceTimersByTime(1);
});
afterEach(() => {
  jest.useRealTimers();
});

/** Asks for ids one after the other, and tells which of them took a call. */
function asker(settings: Record<string, string>): (...ids: string[]) => Promise<string[]> {
  const { sources, calls } = buildSources(settings);
  return async (...ids) => {
    const before = calls.length;
    for (const id of ids) await sources.pmsContacts!.records.request(new Set([id]), false, FOREVER);
    await settle();
    return calls.slice(before).flatMap((call) => call.ids);
  };
}

describe('The cache of one process', () => {
  test('is off unless it is asked for', async () => {
    expect(await asker({})('1', '1')).toEqual(['1', '1']);
  });

  test('keeps a record for as long as is set', async () => {
    const ask = asker({ CACHE_TTL_SECONDS: '90' });
    expect(await ask('1')).toEqual(['1']);
    jest.advanceTimersByTime(90_000);
    expect(await ask('1')).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(await ask('1')).toEqual(['1']);
  });

  test('keeps as many records as are set', async () => {
    const ask = asker({ CACHE_TTL_SECONDS: '90', CACHE_MAX_ENTRIES: '2' });
    expect(await ask('1', '2', '1', '2', '3')).toEqual(['1', '2', '3']);
    expect(await ask('2', '3', '1')).toEqual(['1']);
  });
});
