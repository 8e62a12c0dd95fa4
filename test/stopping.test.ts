import { expect, test } from '@jest/globals';
import { stopStep } from '../src/stopping.js';

const collect = (): { said: string[]; log: Parameters<typeof stopStep>[0] } => {
  const said: string[] = [];
  const say = (_message: string, values?: { reason?: string }): void => void said.push(values?.reason ?? '');
  return { said, log: { info: say, warn: say, error: say } };
};

test.each<[string, () => unknown]>([
  ['throws', () => { throw new Error('CANARY'); }],
  ['rejects', () => Promise.reject(new Error('CANARY'))],
  ['hangs', () => new Promise(() => {})],
])('A step of the stop that %s is told of, and the next one runs', async (_how, work) => {
  const { said, log } = collect();
  await stopStep(log, 'first', -1, work);
  let ran = false;
  await stopStep(log, 'second', 1_000, () => void (ran = true));
  expect([ran, said]).toEqual([true, ['first']]);
});

test('A step that ends in time is not told of', async () => {
  const { said, log } = collect();
  await stopStep(log, 'first', 10_000, async () => {});
  expect(said).toEqual([]);
});
