import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FIELDS_A_TURN, Turns } from '../../src/graphql/limits/turns.js';

test('what fits into a turn of the event loop waits for nobody; the next one waits for the next turn', async () => {
  const turns = new Turns();
  expect(turns.take(FIELDS_A_TURN - 1)).toBeUndefined();
  expect(turns.take(FIELDS_A_TURN)).toBeUndefined();
  expect(turns.take(1)).toBeInstanceOf(Promise);
  await nextTurn();
  await nextTurn();
  expect(turns.take(1)).toBeUndefined();
});

test('no turn takes much more than its share, and all go on in the order in which they asked', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: FIELDS_A_TURN }), { minLength: 1, maxLength: 60 }), async (wanted) => {
      const turns = new Turns();
      let turn = 0;
      let isOver = false as boolean;
      const resolved: { number: number; turn: number }[] = [];
      const counting = (async () => {
        while (!isOver) {
          await nextTurn();
          turn++;
        }
      })();
      await Promise.all(wanted.map(async (fields, number) => {
        await turns.take(fields);
        resolved.push({ number, turn });
      }));
      isOver = true;
      await counting;
      expect(resolved.map(({ number }) => number)).toEqual(wanted.map((_, number) => number));
      const inTurn = Map.groupBy(resolved, (one) => one.turn);
      for (const some of inTurn.values()) expect(some.reduce((sum, { number }) => sum + wanted[number]!, 0)).toBeLessThan(2 * FIELDS_A_TURN);
    }),
  );
});

test('so many fields may wait, and no more operations begin', async () => {
  const turns = new Turns();
  turns.take(FIELDS_A_TURN);
  const waiting = Array.from({ length: 100 }, () => turns.take(FIELDS_A_TURN));
  expect(turns.areCrowded).toBe(false);
  waiting.push(turns.take(1));
  expect(turns.areCrowded).toBe(true);
  await Promise.all(waiting);
  expect(turns.areCrowded).toBe(false);
  // Whatever was taken has been given back.
  for (let n = 0; n < 150; n++) {
    turns.take(7 * FIELDS_A_TURN);
    while (turns.take(1)) await nextTurn();
  }
  expect(turns.areCrowded).toBe(false);
});
