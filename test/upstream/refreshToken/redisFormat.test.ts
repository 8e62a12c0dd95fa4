import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FIELDS, fieldsOf, stateIn } from '../../../src/upstream/oauth2/refreshToken/redisFormat.js';
import { anyState, FIRST } from './support/states.js';

/** The values of a hash with these fields. */
const valuesOf = (hash: Readonly<Record<string, string>>): string[] => FIELDS.map((name) => hash[name] ?? '');

describe('The hash of a refresh token', () => {
  test('gives back each state as it was written', () => {
    // Only `refused` has credentials to remember.
    fc.assert(fc.property(anyState, (state) => expect(stateIn(fieldsOf(state))).toEqual(state)));
  });

  test('has no word where there is nothing to say', () => {
    expect(fieldsOf({ ...FIRST, grant: undefined })).toEqual([FIRST.began[0], '0', 'token-1', '', '0', '', '', '0', '', '', '', '', '0']);
  });

  test('is none if no field has a value', () => {
    expect(stateIn(valuesOf({}))).toBeUndefined();
  });

  test('of an older version is read', () => {
    const old = { began: 'a b', count: '3', token: 'token-3', access: 'access-3', expires: '5', usedBy: 'x/1', usedUntil: '7', rests: '9' };
    expect(stateIn(valuesOf(old))).toEqual({
      ...FIRST,
      began: ['a', 'b'],
      count: 3,
      refreshToken: 'token-3',
      grant: { accessToken: 'access-3', expiresAtMs: 5 },
      turn: { id: 'x/1', endsAtMs: 7 },
      restsUntilMs: 9,
    });
    // It puts a blank behind the first hash.
    expect(stateIn(valuesOf({ ...old, began: 'a ', usedBy: '' }))).toMatchObject({ began: ['a'], turn: undefined });
    expect(stateIn(valuesOf({ ...old, token: '' }))).toMatchObject({ refreshToken: '', mark: 'unknown' });
  });

  test('shows a token to an older version only if it may be sent', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const token = fieldsOf(state)[FIELDS.indexOf('token')];
        expect(token).toBe(state.mark === 'usable' ? state.refreshToken : '');
      }),
    );
  });

  test.each([{ token: 'x' }, { began: ' ', token: 'x' }, { began: 'a', count: 'x' }, { began: 'a', expires: '1e999', access: 'x' }, { began: 'a', seen: '-' }])(
    'is not ours if it is %j',
    (hash) => {
      expect(() => stateIn(valuesOf(hash as unknown as Record<string, string>))).toThrow('no state of ours');
    },
  );
});
