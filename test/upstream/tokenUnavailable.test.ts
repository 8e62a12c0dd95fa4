import { describe, expect, test } from '@jest/globals';
import { NoAnswer, UnusableAnswer } from '../../src/upstream/oauth2/noAnswer.js';
import { unavailable } from '../../src/upstream/oauth2/tokenUnavailable.js';

const LOOK_AGAIN_MS = 1_000;

describe('A request that brought no token', () => {
  test.each([
    [400, false],
    [407, false],
    [408, true],
    [409, false],
    [428, false],
    [429, true],
    [430, false],
    [499, false],
    [500, true],
    [503, true],
  ])('because the endpoint answered %i may do so later: %s', (status, isTransient) => {
    const outcome = { kind: 'refused', status, reason: 'slow_down', retryAfterMs: undefined } as const;
    expect(unavailable(outcome, LOOK_AGAIN_MS)).toMatchObject({ message: `the token endpoint answered ${status} slow_down`, code: undefined, facts: { isTransient, status } });
    expect(unavailable({ ...outcome, reason: '' }).message).toBe(`the token endpoint answered ${status}`);
  });

  test.each([
    [60_000, LOOK_AGAIN_MS],
    [undefined, undefined],
  ])('is repeated for a token from elsewhere only while the endpoint wants to rest (%j ms: after %j ms)', (retryAfterMs, lookAgainMs) => {
    const { facts } = unavailable({ kind: 'refused', status: 429, reason: '', retryAfterMs }, LOOK_AGAIN_MS);
    expect(facts).toEqual({ isTransient: true, status: 429, retryAfterMs, lookAgainMs });
  });

  test.each([
    ['unsent', new NoAnswer(Object.assign(new Error('canary'), { code: 'ECONNREFUSED' })), 'the token endpoint did not answer', 'ECONNREFUSED'],
    ['unknown', new NoAnswer(new DOMException('canary', 'TimeoutError')), 'the token endpoint did not answer in time', undefined],
    ['unknown', new UnusableAnswer('the token endpoint answered no JSON'), 'the token endpoint answered no JSON', undefined],
  ] as const)('and is %s because of %s may bring one later', (kind, cause, message, code) => {
    const failure = unavailable({ kind, cause } as never, LOOK_AGAIN_MS);
    expect(failure).toMatchObject({ name: 'TokenUnavailable', message, code, cause, facts: { isTransient: true } });
    expect(failure.facts.lookAgainMs).toBeUndefined();
  });
});
