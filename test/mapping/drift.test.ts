import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isEnumType } from 'graphql';
import { examples, recordWith, replaced } from './examples.js';
import { at, everything } from './harness.js';
import { KEYS, partsOf, type Key } from './keys.js';
import { leaves, typeAt } from './schemaPaths.js';

const HEADINGS = ['PMS', 'Contacts', 'Addresses'];
const mapperOf = (heading: string) => KEYS.find((key) => key.heading === heading)!.map;
const sourceOf = ({ heading }: Key) => (heading === 'PMS' ? 'PMS' : 'CAS360');

/** A record with every key, each with a value of its own. */
function fullRecord(heading: string): Record<string, unknown> {
  return KEYS.filter((key) => key.heading === heading && partsOf(key).length === 0).reduce(
    (record, key) => replaced(record, key.key, key.paths[0] === undefined ? 7 : examples(key, key.paths[0])[0]![0]),
    {},
  );
}

/** The paths at which two answers differ: that of the list where its length does, that of the object where one is null. */
function differences(one: unknown, other: unknown, path: string): string[] {
  if (Object.is(one, other)) return [];
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return [path];
  if (Array.isArray(one) && (!Array.isArray(other) || one.length !== other.length)) return [path];
  return Object.keys(one).flatMap((key) => {
    const inner = Array.isArray(one) ? path : `${path}.${key}`;
    return differences(one[key as never], other[key as never], inner);
  });
}

const full = new Map(HEADINGS.map((heading) => [heading, fullRecord(heading)]));

describe('one odd value costs its own fields', () => {
  const odd: [string, unknown][] = [
    ['absent', undefined],
    ['null', null],
    ['an empty text', ''],
    ['the text "null"', 'null'],
    ['a fraction', 1.5],
    ['a number too large', 2 ** 60],
    ['half a character', 'Anna \ud83d'],
    ['an unheard-of text', '\u0000 no such thing'],
    ['a truth', true],
    ['an empty list', []],
    ['lists within lists', [[[]]]],
    ['an empty object', {}],
    ['an unknown key', { constructor: { __proto__: 1 } }],
    ['itself, once more inside', { id: { id: 1 }, name: { name: 'x' } }],
  ];
  const answers = new Map(HEADINGS.map((heading) => [heading, everything(mapperOf(heading)(full.get(heading)).model)]));

  test.each(HEADINGS)('%s: in a record with every key nothing is odd', (heading) => {
    const { model, drifts } = mapperOf(heading)(full.get(heading));
    everything(model);
    // Except that the account names another contact as its holder.
    expect([...new Set(drifts)]).toEqual(heading === 'PMS' ? ['PMS contactSalesAccount.contact.id'] : []);
  });

  test.each(KEYS)('$heading: $key', (key) => {
    const own = [key, ...partsOf(key)].flatMap(({ paths }) => paths);
    for (const [what, value] of odd) {
      const { model } = key.map(replaced(full.get(key.heading), key.key, value));
      const changed = differences(answers.get(key.heading), everything(model), 'Contact');
      const others = changed.filter((path) => !own.some((ours) => `${ours}.`.startsWith(`${path}.`) || path.startsWith(`${ours}.`)));
      expect([what, others]).toEqual([what, []]);
    }
  });

  const read = KEYS.filter(({ key, paths }) => (paths.length > 0 && key !== 'id') || /contactSalesAccount\.contact(\.id)?$/.test(key));

  test.each(read)('$heading: $key is counted where it is of a wrong type, and not where it is nothing', (key) => {
    const driftsOf = (value: unknown) => {
      const { model, drifts } = key.map(recordWith(key.key, value));
      everything(model);
      return [...new Set(drifts)];
    };
    for (const odd of [1.5, 'Anna \ud83d']) expect(driftsOf(odd)).toEqual([`${sourceOf(key)} ${key.key}`]);
    for (const nothing of [undefined, null, '', 'null']) expect(driftsOf(nothing)).toEqual([]);
  });
});

describe('whatever an upstream sends', () => {
  const deep = JSON.parse(`${'{"id":'.repeat(5_000)}1${'}'.repeat(5_000)}`) as unknown;
  const surrogates = fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 })).map((codes) => String.fromCharCode(...codes));
  const telling = fc.constantFrom<unknown>(
    deep,
    'x'.repeat(100_000),
    JSON.parse('{"__proto__":{"id":1},"constructor":null,"id":5}'),
    '__proto__',
    'constructor',
    '2023-02-30',
    '9007199254740993',
    2 ** 53,
    -0,
    Object.create(null),
  );
  const values = fc.oneof({ weight: 4, arbitrary: fc.jsonValue({ maxDepth: 4 }) }, fc.anything(), surrogates, telling);

  const paths = leaves();

  /** Every leaf is null or of the type that the schema gives it: to serve it cannot fail either. */
  function expectServable(model: object): void {
    const answer = { ...(everything(model) as object) };
    for (const path of paths) {
      const found = [at(answer, path.replace('Contact.', ''))].flat(9).filter((value) => value !== null && value !== undefined);
      for (const value of found) if (!fits(typeAt(path)!.name, value, path)) throw new Error(`${path}: ${JSON.stringify(value)}`);
    }
  }

  function fits(type: string, value: unknown, path: string): boolean {
    if (type === 'Boolean') return typeof value === 'boolean';
    // Some routers refuse a whole answer that holds half a character.
    if (typeof value !== 'string' || !value.isWellFormed()) return false;
    if (type === 'Date') return /^\d{4}-\d\d-\d\d$/.test(value);
    if (type === 'LocalDateTime') return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$/.test(value);
    const words = typeAt(path);
    return !isEnumType(words) || words.getValue(value) !== undefined;
  }

  test('at any key', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KEYS), values, ({ heading, key, map }, value) => {
        expectServable(map(replaced(full.get(heading), key, value)).model);
      }),
      { numRuns: 3_000 },
    );
  });

  test.each(HEADINGS)('at all keys at once: %s', (heading) => {
    const keys = KEYS.filter((key) => key.heading === heading).map(({ key }) => key.split(/[[.]/)[0]!);
    const names = [...new Set(keys), 'id', 'name', 'countryCodeAlpha2', '__proto__', 'toString'];
    const inner = fc.dictionary(fc.constantFrom(...names, 'parentId', 'endDate', 'city', 'contact', 'company'), values);
    const records = fc.dictionary(fc.constantFrom(...names), fc.oneof(values, inner, fc.array(inner)));
    fc.assert(
      fc.property(records, (record) => expectServable(mapperOf(heading)(record).model)),
      { numRuns: 1_000 },
    );
  });

  test.each(HEADINGS)('instead of a record: %s', (heading) => {
    fc.assert(fc.property(values, (record) => expectServable(mapperOf(heading)(record).model)));
  });
});
