import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import * as answerText from '../../src/graphql/answerText.js';
import type { TestApp } from '../support/testApp.js';

const LONG_FIELDS = 8;
/** Of each answer that was written, whether it was known to be long. */
const wereLong: (boolean | undefined)[] = [];

jest.unstable_mockModule('../../src/graphql/answerText.js', () => ({
  ...answerText,
  LONG_FIELDS,
  answerText: (...given: Parameters<typeof answerText.answerText>) => {
    wereLong.push(given[2]);
    return answerText.answerText(...given);
  },
}));
const { startTestApp } = await import('../support/testApp.js');

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

test('An answer with more than LONG_FIELDS fields is known to be long when it is written', async () => {
  // Each twice: the second time, the operation is compiled.
  const asked = [LONG_FIELDS, LONG_FIELDS + 1].flatMap((fields) => Array<number>(2).fill(fields));
  for (const fields of asked) {
    const names = Array.from({ length: fields }, (_, n) => `a${n}: __typename`);
    expect((await app.query(`{ ${names.join(' ')} }`)).errors).toBeUndefined();
  }
  expect((await app.query('{ nowhere }')).data).toBeUndefined();
  expect(wereLong).toEqual([false, false, true, true, false]);
});
