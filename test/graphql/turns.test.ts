import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { AnswerBudget } from '../../src/graphql/limits/answerBudget.js';
import { FIELDS_A_TURN, MAX_FIELDS_UNDER_WAY, Turns } from '../../src/graphql/limits/turns.js';

test('what fits into a turn of the event loop waits for nobody; the next one waits for the next turn', async () => {
  const turns = new Turns();
  expect(turns.take(FIELDS_A_TURN - 1)).toBeUndefined();
  expect(turns.take(FIELDS_A_TURN)).toBeUndefined();
  expect(turns.take(1)).toBeInstanceOf(Promise);
  await nextTurn();
  await nextTurn();
  expect(turns.take(1)).toBeUndefined();
});

test('what fills a turn exactly leaves nothing of it to the next one', async () => {
  const turns = new Turns();
  expect(turns.take(FIELDS_A_TURN)).toBeUndefined();
  const [first, second] = [turns.take(FIELDS_A_TURN), turns.take(FIELDS_A_TURN)];
  expect([first, second]).toEqual([expect.any(Promise), expect.any(Promise)]);
  let isSecond = false;
  const ended = second!.then(() => (isSecond = true));
  await first;
  await Promise.resolve();
  expect(isSecond).toBe(false);
  await ended;
});

test('nothing is done in the turns in which nobody waits', async () => {
  const later = jest.spyOn(globalThis, 'setImmediate');
  void new Turns().take(1);
  for (let n = 0; n < 5; n++) await nextTurn();
  const calls = later.mock.calls.length;
  later.mockRestore();
  expect(calls).toBe(1);
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

test('a short list waits for one slice of a long one, not for all of it', async () => {
  const turns = new Turns();
  const long = new AnswerBudget({ maxAnswerFields: 250_000, maxIds: 1_000 }, turns);
  const short = new AnswerBudget({ maxAnswerFields: 250_000, maxIds: 1_000 }, turns);
  const slices = long.inTurns(Array.from({ length: 1_000 }, (_, n) => n), 250) as unknown[];
  const order: string[] = [];
  const ended = Promise.all(slices.slice(-1)).then(() => order.push('long'));
  const begun = Promise.all([short.inTurns([1, 2, 3], 10)]).then(() => order.push('short'));
  await Promise.all([begun, ended]);
  expect(order).toEqual(['short', 'long']);
});

test('so many fields may be under way, and no more long operations begin; a longer one may by itself, and a short one always', () => {
  const turns = new Turns();
  const long = MAX_FIELDS_UNDER_WAY / 2;
  expect([turns.begin(long), turns.begin(long), turns.begin(long), turns.begin(FIELDS_A_TURN)]).toEqual([true, true, false, true]);
  turns.end(long);
  turns.end(FIELDS_A_TURN);
  expect([turns.begin(long), turns.begin(long)]).toEqual([true, false]);
  turns.end(2 * long);
  expect([turns.begin(4 * long), turns.begin(long)]).toEqual([true, false]);
});
