import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NotOurs, parse, serialise } from '../../../src/upstream/oauth2/refreshToken/fileFormat.js';
import { hashOf } from '../../../src/upstream/oauth2/refreshToken/state.js';
import { anyState, FIRST } from './support/states.js';

const OLD = { beganWith: hashOf('token-1'), refreshToken: 'token-3', grant: { accessToken: 'access-3', expiresAtMs: 5 }, inUse: false };
const parsedFields = (): Record<string, unknown> => JSON.parse(serialise({ ...FIRST, turn: { id: 'a 1', endsAtMs: 2 } })) as Record<string, unknown>;

describe('The file of a refresh token', () => {
  test('gives back each state as it was written', () => {
    fc.assert(fc.property(anyState, (state) => expect(parse(serialise(state))).toEqual(state)));
  });

  test('of an older version begins the chain', () => {
    expect(parse(JSON.stringify(OLD))).toEqual({ ...FIRST, began: [OLD.beganWith], refreshToken: 'token-3', grant: OLD.grant });
    expect(parse(JSON.stringify({ ...OLD, grant: undefined }))).toMatchObject({ mark: 'usable', grant: undefined });
  });

  test.each([{ inUse: true }, { refreshToken: undefined }, { refreshToken: '' }])('of an older version with %j holds a token that may be spent', (change) => {
    expect(parse(JSON.stringify({ ...OLD, ...change })).mark).toBe('unknown');
  });

  test('is not sent by an older version while its token may be spent', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const { beganWith, inUse } = JSON.parse(serialise(state)) as Record<string, unknown>;
        expect(beganWith).toBe(state.began[0]);
        expect(inUse).toBe(state.turn !== undefined || state.mark !== 'usable');
      }),
    );
  });

  test.each([
    ['', 'no JSON'],
    [' ', 'no JSON'],
    ['{', 'no JSON'],
    ['\0', 'no JSON'],
    ['[]', 'no object'],
    ['null', 'no object'],
    ['1', 'no object'],
    ['{}', 'inUse'],
    ['{"refreshToken":"secret"}', 'inUse'],
    ['{"began":[]}', 'began'],
  ])('is not ours if it is %j, and the error says no more than %s', (text, message) => {
    expect(() => parse(text)).toThrow(NotOurs);
    expect(() => parse(text)).toThrow(expect.objectContaining({ name: 'NotOurs', message }));
  });

  test.each(Object.keys(parsedFields()).filter((name) => name !== 'beganWith' && name !== 'inUse'))('is not ours if its %s has another type', (name) => {
    for (const other of [null, true, {}, [1], ['a', 1], [], name.endsWith('Ms') || name === 'count' ? '1' : 1]) {
      expect(() => parse(JSON.stringify({ ...parsedFields(), [name]: other }))).toThrow(NotOurs);
    }
  });

  test.each(Object.keys(OLD))('is not ours if it is of an older version and its %s has another type', (name) => {
    for (const other of [null, 0, {}, [1]]) expect(() => parse(JSON.stringify({ ...OLD, [name]: other }))).toThrow(NotOurs);
  });

  test('is read or is not ours, whatever is in it', () => {
    const fields = fc.constantFrom(...Object.keys(parsedFields()));
    fc.assert(
      fc.property(fc.dictionary(fields, fc.jsonValue()), (changes) => {
        try {
          const state = parse(JSON.stringify({ ...parsedFields(), ...changes }));
          expect(parse(serialise(state))).toEqual(state);
        } catch (error) {
          expect(error).toBeInstanceOf(NotOurs);
        }
      }),
    );
  });
});
