import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Aborter } from '../../src/deadline.js';
import { ContactsError } from '../../src/errors.js';
import { UnreadableBody } from '../../src/readBody.js';
import { asCallError, AttemptSignal, Cancelled, StatusError } from '../../src/upstream/callErrors.js';
import { CountedAborter } from '../support/countedAborter.js';

test.each([
  [302, 'UPSTREAM_INVALID_RESPONSE'],
  [400, 'UPSTREAM_INVALID_RESPONSE'],
  [401, 'UPSTREAM_AUTH_FAILED'],
  [403, 'UPSTREAM_AUTH_FAILED'],
  [404, 'UPSTREAM_INVALID_RESPONSE'],
  [429, 'UPSTREAM_RATE_LIMITED'],
  [499, 'UPSTREAM_INVALID_RESPONSE'],
  [500, 'UPSTREAM_UNAVAILABLE'],
  [503, 'UPSTREAM_UNAVAILABLE'],
])('The status %i has the code %s, and by itself says neither that nothing was found nor how long to wait', (status, code) => {
  expect(new StatusError(status, 'PMS')).toMatchObject({ status, code, source: 'PMS', isNotFound: false, facts: { retryAfterSeconds: undefined } });
  expect(new StatusError(status, 'PMS', true, 9)).toMatchObject({ isNotFound: true, facts: { retryAfterSeconds: 9 } });
});

describe('The signal of an attempt', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('aborts when its time is over', () => {
    const attempt = new AttemptSignal(new Aborter(), 3_000, 'PMS');
    jest.advanceTimersByTime(2_999);
    expect(attempt.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(attempt.aborted).toBe(false);
    // What has arrived is read first. A fake immediate takes a millisecond.
    jest.advanceTimersByTime(1);
    expect(attempt.reason).toMatchObject({ code: 'UPSTREAM_TIMEOUT', source: 'PMS', cause: { message: 'the attempt timed out' } });
  });

  test.each([true, false])('aborts with its call, also one that has aborted before (%s)', (isBefore) => {
    const call = new AbortController();
    const reason = new Error('too late');
    if (isBefore) call.abort(reason);
    const attempt = new AttemptSignal(call.signal, 3_000, 'PMS');
    expect(attempt.aborted).toBe(isBefore);
    call.abort(reason);
    expect(attempt.reason).toBe(reason);
  });

  test('is left alone once it has ended', () => {
    const call = new CountedAborter();
    const attempt = new AttemptSignal(call, 3_000, 'PMS');
    expect(call.listenerCount).toBe(1);
    attempt.end();
    expect([call.listenerCount, jest.getTimerCount()]).toEqual([0, 0]);
    const other = new AbortController();
    const ended = new AttemptSignal(other.signal, 3_000, 'PMS');
    ended.end();
    other.abort();
    expect(ended.aborted).toBe(false);
  });
});

describe('The error of a call is', () => {
  const ours = new ContactsError('UPSTREAM_AUTH_FAILED', 'PMS');
  const aborted = (reason: Error): Aborter => {
    const signal = new Aborter();
    signal.abort(reason);
    return signal;
  };

  test.each([
    ['our own one', ours, aborted(new Error('too late')), ours],
    ['the reason of the signal, if that is ours', new Error('aborted'), aborted(ours), ours],
    ['that it was cancelled, if the signal has another reason', new Error('aborted'), aborted(new Error('too late')), new Cancelled('PMS')],
  ])('%s', (_what, error, signal, expected) => {
    const found = asCallError(error, 'PMS', signal);
    expect(found).toBeInstanceOf(expected.constructor);
    expect(found).toMatchObject({ code: expected.code, source: 'PMS' });
    if (expected === ours) expect(found).toBe(ours);
  });

  test.each([
    ['UPSTREAM_INVALID_RESPONSE', new SyntaxError('no JSON')],
    ['UPSTREAM_INVALID_RESPONSE', new UnreadableBody('too large')],
    ['UPSTREAM_UNAVAILABLE', new Error('ECONNRESET')],
  ])('%s because of %s', (code, cause) => expect(asCallError(cause, 'PMS', new Aborter())).toMatchObject({ code, source: 'PMS', cause }));
});
