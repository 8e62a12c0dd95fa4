import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { date, localDateTime } from '../../src/mapping/dates.js';

describe('both forms of both', () => {
  test.each([
    ['1958-07-02', '1958-07-02', '1958-07-02T00:00:00'],
    ['2024-02-29', '2024-02-29', '2024-02-29T00:00:00'],
    ['2023-11-05T10:20:30', '2023-11-05', '2023-11-05T10:20:30'],
    ['2023-11-05 10:20:30', '2023-11-05', '2023-11-05T10:20:30'],
    ['2023-11-05T10:20', '2023-11-05', '2023-11-05T10:20:00'],
    ['2023-11-05T10:20:30.125', '2023-11-05', '2023-11-05T10:20:30.125'],
    ['2023-11-05T10:20:30.123456789Z', '2023-11-05', '2023-11-05T10:20:30.123456789'],
    ['2023-11-05T23:59:59+10:00', '2023-11-05', '2023-11-05T23:59:59'],
    ['2023-11-05T23:59:59-0330', '2023-11-05', '2023-11-05T23:59:59'],
    ['2023-11-05T23:59:59+10', '2023-11-05', '2023-11-05T23:59:59'],
    ['2023-11-05t00:00:00z', '2023-11-05', '2023-11-05T00:00:00'],
    ['0001-01-01', '0001-01-01', '0001-01-01T00:00:00'],
  ])('%s', (value, day, dateTime) => {
    expect(date(value)).toBe(day);
    expect(localDateTime(value)).toBe(dateTime);
  });
});

test.each([
  '2023-02-29',
  '2023-02-30',
  '2023-04-31',
  '1900-02-29',
  '2023-13-01',
  '2023-00-10',
  '2023-01-00',
  '0000-00-00',
  '2023-1-5',
  '05/11/2023',
  '20231105',
  '2023-11-05T',
  '2023-11-05T25:00:00',
  '2023-11-05T10:60:00',
  '2023-11-05T10:20:60',
  '2023-11-05 yesterday',
  '2023-11-05\n',
  ' 2023-11-05',
  'yesterday',
  '2'.repeat(100_000),
  20231105,
  { hour: 1 },
  ['2023-11-05'],
  true,
])('%p is neither', (value) => {
  expect(date(value)).toBeUndefined();
  expect(localDateTime(value)).toBeUndefined();
});

test('every day of the calendar is one, and every day that is none is none', () => {
  const numbers = fc.tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 31 }));
  fc.assert(
    fc.property(numbers, ([year, month, day]) => {
      const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
      const last = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]!;
      const written = [String(year).padStart(4, '0'), String(month).padStart(2, '0'), String(day).padStart(2, '0')].join('-');
      expect(date(written)).toBe(day <= last ? written : undefined);
    }),
    { numRuns: 5_000 },
  );
});
