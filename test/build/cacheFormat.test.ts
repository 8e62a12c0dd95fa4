import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { CACHE_FORMAT } from '../../src/build/sources.js';
import { CAS360_GUARDED_KEYS, reduceAddress, reduceContact as reduceRow } from '../../src/upstream/cas360/reduceRow.js';
import { PMS_GUARDED_KEYS, reduceContact } from '../../src/upstream/pms/reduceContact.js';

/** An object that has this value for every key. */
const having = (value: unknown): never => new Proxy({}, { get: () => value }) as never;
/** Records with a value, an object and a list of objects in every place. */
const RECORDS = [having(1), having(having(1)), having([having(1)])];

const keysIn = (value: unknown): unknown => (typeof value === 'object' && value !== null ? Object.entries(value).map(([key, inner]) => [key, keysIn(inner)]) : undefined);

/** All keys that reduced records can have. */
const keys = RECORDS.map((record) => [reduceContact('1', record), reduceRow('1', record, true), reduceAddress('1', record)].map(keysIn));
const digest = createHash('sha256').update(JSON.stringify([keys, PMS_GUARDED_KEYS, CAS360_GUARDED_KEYS])).digest('hex').slice(0, 16);

test('Records of another form are cached under other keys: with a new digest, CACHE_FORMAT is raised too', () => {
  expect(JSON.stringify(keys)).toContain('parentType');
  expect({ CACHE_FORMAT, digest }).toEqual({ CACHE_FORMAT: 1, digest: '608de48c84323d37' });
});
