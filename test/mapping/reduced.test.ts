import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ACCESS_POLICY } from '../../src/graphql/accessPolicy.js';
import { CAS360_GUARDED_KEYS, reduceAddress, reduceContact as reduceCas360Contact } from '../../src/upstream/cas360/reduceRow.js';
import { PMS_GUARDED_KEYS, reduceContact as reducePmsContact } from '../../src/upstream/pms/reduceContact.js';
import { LONG_RUN } from '../support/longRun.js';
import { replaced } from './examples.js';
import { everything } from './harness.js';
import { KEYS, partsOf, type Key } from './keys.js';
import { typeAt } from './schemaPaths.js';

type Record = { [key: string]: unknown };
const TABLES: [heading: string, reduce: (id: string, record: never, relationships: boolean) => object, guardedKeys: readonly string[]][] = [
  ['PMS', reducePmsContact, PMS_GUARDED_KEYS],
  ['Contacts', reduceCas360Contact, CAS360_GUARDED_KEYS],
  ['Addresses', reduceAddress, []],
];
const keysOf = (heading: string): Key[] => KEYS.filter((key) => key.heading === heading);
const leavesOf = (heading: string): Key[] => keysOf(heading).filter((key) => partsOf(key).length === 0);
const parentType = (path: string): string | undefined => typeAt(path.replace(/\.\w+$/, ''))?.name;
const isCountry = ({ paths }: Key): boolean => paths.some((path) => parentType(path) === 'Country');

/** A record with every key that is documented. */
function fullRecord(heading: string, country: unknown = 'x'): Record {
  const valueOf = (key: Key): unknown => (key.key.endsWith('id') ? 7 : key.key === 'representativeIds' ? [7] : isCountry(key) && heading !== 'PMS' ? country : 'x');
  return leavesOf(heading).reduce((record, key) => replaced(record, key.key, valueOf(key)), {});
}

/** The places of all keys of a record, such as `relationships[].type`. */
function placesOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => placesOf(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [placeOf(path, key), ...placesOf(inner, placeOf(path, key))]);
}

const placeOf = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

/** The value, which tells of every key of an object that is read. */
function watched<T>(value: T, read: Set<string>, path = ''): T {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get: (target, key) => {
      const inner: unknown = Reflect.get(target, key);
      if (typeof key === 'symbol') return inner;
      const place = Array.isArray(target) ? `${path}[]` : placeOf(path, key);
      if (!Array.isArray(target)) read.add(place);
      return watched(inner, read, place);
    },
  });
}

/** Anything for a key, right or wrong. The objects have keys that are known there: one that has no others says nothing. */
function valuesAt(key: Key): fc.Arbitrary<unknown> {
  const parts = isCountry(key) ? ['name', 'countryCodeAlpha2', 'countryCodeAlpha3', 'countryCodeNumeric', 'isoCode'] : partsOf(key).map((part) => part.key.slice(key.key.length).replace(/^(\[\])?\./, ''));
  const single = fc.oneof(fc.jsonValue({ maxDepth: 0 }), fc.constantFrom<unknown>('2001-02-03', 'NZ', 'Male', 'null', '', 7, '7', 36, undefined, [], {}, [[]]));
  const object = fc.dictionary(fc.constantFrom(...(parts.length > 0 ? parts.filter((part) => !part.includes('.')) : ['id', 'name'])), single);
  return fc.oneof(single, object, fc.array(fc.oneof(single, object), { maxLength: 3 }));
}

describe.each(TABLES)('%s, reduced', (heading, reduce, guardedKeys) => {
  const { map } = keysOf(heading)[0]!;
  const reduced = (record: Record): Record => reduce('7', record as never, true) as Record;

  test('has the keys that the mapping reads, and no others', () => {
    const records = [fullRecord(heading), fullRecord(heading, { name: 'x' })];
    const read = new Set(['id']);
    for (const record of records) {
      for (const { key } of keysOf(heading)) {
        // Of two spellings or forms the second is read only where there is nothing in the first.
        everything(map(watched(replaced(record, key, null), read)).model);
        everything(map(watched(record, read)).model);
      }
    }
    expect([...new Set(records.flatMap((record) => placesOf(reduced(record))))].sort()).toEqual([...read].sort());
  });

  test('has the same keys in the same order, whatever was sent', () => {
    const keys = Object.keys(reduced(fullRecord(heading)));
    expect(Object.keys(reduced({}))).toEqual(keys);
    expect(Object.keys(reduced({ unheardOf: 1, ...Object.fromEntries(Object.entries(fullRecord(heading)).reverse()) }))).toEqual(keys);
  });

  test('is served as if it had not been, and nothing else of it is kept', () => {
    const CANARY = 'canary';
    const plant = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(plant);
      if (typeof value !== 'object' || value === null) return value;
      const inner = Object.entries(value).map(([key, own]) => [key, plant(own)]);
      return Object.fromEntries([...inner, ['passwordHash', CANARY], ['password', CANARY], ['holder', { firstName: CANARY, ids: [CANARY] }], [CANARY, 1]]);
    };
    const change = fc.constantFrom(...keysOf(heading)).chain((key) => fc.tuple(fc.constant(key.key), valuesAt(key)));
    fc.assert(
      fc.property(fc.boolean(), fc.array(change, { maxLength: 12 }), (isFull, changes) => {
        const record = changes.reduce((before, [key, value]) => replacedAnywhere(before, key, value), isFull ? fullRecord(heading) : {});
        const kept = reduced(plant(record) as Record);
        expect(JSON.stringify(kept)).not.toContain(CANARY);
        const served = map(record);
        const answer = everything(served.model);
        for (const form of [kept, JSON.parse(JSON.stringify(kept)) as Record]) {
          const { model, drifts } = map(form);
          expect(everything(model)).toEqual(answer);
          expect(drifts).toEqual(served.drifts);
        }
      }),
      { numRuns: LONG_RUN ? 20_000 : 250 },
    );
  }, 300_000);

  test('is guarded at the keys whose fields need a scope, and at no others', () => {
    const policy = ACCESS_POLICY.Contact as Readonly<{ [field: string]: string }>;
    const needScope = keysOf(heading).filter(({ paths }) => paths.some((path) => policy[path.split('.')[1]!] !== 'everyone'));
    expect([...guardedKeys].sort()).toEqual(needScope.map(({ key }) => key).sort());
    // A key that serves both kinds of fields could be neither encrypted nor left open.
    expect(needScope.filter(({ paths }) => paths.some((path) => policy[path.split('.')[1]!] === 'everyone'))).toEqual([]);
  });
});

/** Whatever is on the way to the key and is no object, or no list of objects, gives way. */
function replacedAnywhere(record: Record, key: string, value: unknown): Record {
  const name = /^\w+/.exec(key)![0];
  const inner = Array.isArray(record[name]) ? (record[name] as unknown[])[0] : record[name];
  const isOnTheWay = typeof inner === 'object' && inner !== null && !Array.isArray(inner) && Array.isArray(record[name]) === key.includes('[]');
  return replaced(key === name || isOnTheWay ? record : { ...record, [name]: undefined }, key, value);
}
