import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { createDocumentStore } from '../../src/graphql/documentStore.js';

test('Documents weigh what their texts and tokens take, and the least used ones go first', async () => {
  const store = createDocumentStore(1_000_000);
  const long = (n: number): string => `{ __typename } # ${n} ${'x'.repeat(99_000)}`;
  for (let n = 0; n < 10; n++) {
    await store.set(`long${n}`, parse(long(n)));
    expect(await store.get('long0')).toBeDefined();
  }
  const kept = await Promise.all(Array.from({ length: 10 }, async (_, n) => (await store.get(`long${n}`)) !== undefined));
  // Five of 198 kB each: the one that is used, and the latest.
  expect(kept).toEqual([true, false, false, false, false, false, true, true, true, true]);

  await store.delete('long0');
  expect(await store.get('long0')).toBeUndefined();

  const many = Array.from({ length: 1_000 }, () => '__typename').join(' ');
  for (let n = 0; n < 10; n++) await store.set(`many${n}`, parse(`{ ${many} }`));
  expect((await Promise.all(Array.from({ length: 10 }, (_, n) => store.get(`many${n}`)))).filter(Boolean)).toHaveLength(3);
});

test('A document that was parsed without places is kept too', async () => {
  const store = createDocumentStore();
  const document = parse('{ __typename }', { noLocation: true });
  await store.set('plain', document);
  expect(await store.get('plain')).toBe(document);
});
