import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Described } from '../../src/doctor/openApi.js';

const pms = new Described('pms.yaml');
const SECRET = 'cnryQuillfeather';

const values = fc.letrec((tie) => ({
  value: fc.oneof(fc.constant(SECRET), fc.string().map((text) => `${SECRET}${text}`), fc.integer(), fc.boolean(), fc.constant(null), fc.array(tie('value'), { maxLength: 3 }), tie('record')),
  record: fc.dictionary(fc.oneof(fc.constantFrom('id', 'status', 'gender', 'primaryContactAddress', 'country', 'referrer', 'newKey', '__proto__'), fc.string().map((text) => `${SECRET} ${text}`)), tie('value')),
}));

describe('A record beside its description', () => {
  test('is told of by places, never by values or keys made of data, whatever is in it', () => {
    fc.assert(fc.property(values.value, (record) => {
      expect(pms.differences('ContactRecord', record).join('; ')).not.toContain(SECRET);
    }), { numRuns: 1_000 });
  });

  test('differs by unknown keys, unlisted values and other types, and not by what is absent', () => {
    expect(pms.differences('ContactRecord', { id: 1, status: 'active ', gender: '', uuid: 'null', referrer: null })).toEqual([]);
    expect(pms.differences('ContactRecord', { id: 'x', status: 'GONE', fresh: 1, referrer: { id: '9007199254740993', colour: 'red' }, department: {}, industry: [] })).toEqual([
      'id is of another type',
      'status has a value that is not in its list',
      'fresh is not known',
      'referrer.colour is not known',
      'department is of another type',
      'industry is no object',
    ]);
  });
});
