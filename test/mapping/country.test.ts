import { describe, expect, test } from '@jest/globals';
import codes from 'i18n-iso-countries/codes.json' with { type: 'json' };
import english from 'i18n-iso-countries/langs/en.json' with { type: 'json' };
import { cas360, pms } from './harness.js';

const AUSTRALIA = { code: 'AU', alpha3: 'AUS', numeric: '036', name: 'Australia' };
const UNITED_KINGDOM = { code: 'GB', alpha3: 'GBR', numeric: '826', name: 'United Kingdom' };
const nameAlone = (name: string) => ({ code: null, alpha3: null, numeric: null, name });
const DRIFT = 'PMS nationality';

/** What becomes of a value under `nationality`, in the system where an object is due; a text or number fares the same. */
function read(value: unknown) {
  const { model, drifts } = pms({ nationality: value });
  return { country: model.nationality, drifts };
}

describe('words and numbers', () => {
  test.each(['AUSTRALIA', 'Australia', 'australia', ' Australia ', 'AU', 'au', ' AU', 'AUS', '036', '36', 36])('%p', (value) => {
    expect(read(value)).toEqual({ country: AUSTRALIA, drifts: [] });
    expect(cas360({ birthCountry: value }).model.placeOfBirth?.country).toEqual(AUSTRALIA);
  });

  test.each([
    ['UNITED KINGDOM', 'GB'],
    ['UK', 'GB'],
    ['USA', 'US'],
    ['Russia', 'RU'],
    ["Cote d'Ivoire", 'CI'],
    ["CÔTE D'IVOIRE", 'CI'],
    ['Curacao', 'CW'],
    ['Turkiye', 'TR'],
    ['Congo', 'CG'],
    ['4', 'AF'],
  ])('%s is %s', (value, code) => {
    expect(read(value).country?.code).toBe(code);
  });

  test.each(['Atlantis', 'XX', 'ZZZ', '999', '1234', 'constructor', '__proto__', 'x'.repeat(100_000)])(
    'a text that names no country is its name: %p',
    (value) => {
      expect(read(value)).toEqual({ country: nameAlone(value), drifts: [] });
    },
  );

  test.each([999, -36, 3.6, 1e21, true, [], ['AU'], '\ud800', 'Australia\udfff'])('%p is drift', (value) => {
    expect(read(value)).toEqual({ country: null, drifts: [DRIFT] });
  });

  test.each([undefined, null, '', 'null'])('%p is nothing', (value) => {
    expect(read(value)).toEqual({ country: null, drifts: [] });
  });

  test('every country of the list is known by each of its codes and names', () => {
    expect(codes.length).toBeGreaterThan(240);
    for (const [code, alpha3, numeric] of codes) {
      const country = { code, alpha3, numeric, name: [english.countries[code as 'AU']].flat()[0] };
      expect(country.numeric).toMatch(/^\d{3}$/);
      for (const value of Object.values(country)) expect(read(value).country).toEqual(country);
      expect(read(Number(country.numeric)).country).toEqual(country);
    }
  });
});

describe('objects', () => {
  test.each([
    [
      'all of it',
      { name: 'Oz', countryCodeAlpha2: 'AU', countryCodeAlpha3: 'AUS', countryCodeNumeric: '036' },
      { ...AUSTRALIA, name: 'Oz' },
    ],
    ['two letters', { countryCodeAlpha2: 'au' }, AUSTRALIA],
    ['three letters', { countryCodeAlpha3: 'AUS' }, AUSTRALIA],
    ['a short name instead of two letters', { countryCodeAlpha2: 'UK' }, UNITED_KINGDOM],
    ['a short name beside a name', { countryCodeAlpha2: 'UK', name: 'United Kingdom' }, UNITED_KINGDOM],
    ['a name instead of a number', { isoCode: 'Great Britain' }, UNITED_KINGDOM],
    ['a name instead of three letters', { countryCodeAlpha2: 'AU', countryCodeAlpha3: 'Australia' }, AUSTRALIA],
    ['three letters instead of two', { countryCodeAlpha2: 'AUS' }, AUSTRALIA],
    ['digits', { countryCodeNumeric: '036' }, AUSTRALIA],
    ['a number without its zeros', { isoCode: 36 }, AUSTRALIA],
    ['digits before the number', { countryCodeNumeric: '036', isoCode: 554 }, AUSTRALIA],
    ['a name of the list', { name: 'AUSTRALIA' }, { ...AUSTRALIA, name: 'AUSTRALIA' }],
    ['an adjective', { name: 'Irish', isoCode: 372 }, { code: 'IE', alpha3: 'IRL', numeric: '372', name: 'Irish' }],
    ['an unknown name', { name: 'Atlantis' }, nameAlone('Atlantis')],
    ['empties', { name: '', countryCodeAlpha2: 'null', isoCode: 36 }, AUSTRALIA],
  ])('%s', (_, value, expected) => {
    expect(read(value)).toEqual({ country: expected, drifts: [] });
  });

  test.each([{}, { id: 5, sortOrder: 1 }, { name: '', countryCodeAlpha2: null }])('%p says nothing', (value) => {
    expect(read(value)).toEqual({ country: null, drifts: [] });
  });

  test.each([
    [{ name: 'Atlantis', countryCodeAlpha2: 'XX' }, nameAlone('Atlantis'), ['countryCodeAlpha2']],
    [{ countryCodeAlpha2: 'XX', isoCode: 36 }, { ...AUSTRALIA, code: null }, ['countryCodeAlpha2']],
    [{ countryCodeAlpha2: 'AU', countryCodeAlpha3: 'Atlantis' }, { ...AUSTRALIA, alpha3: null }, ['countryCodeAlpha3']],
    [{ countryCodeAlpha2: 'x'.repeat(100_000) }, null, ['countryCodeAlpha2']],
    [{ countryCodeAlpha2: 'AU', countryCodeNumeric: '999' }, { ...AUSTRALIA, numeric: null }, ['countryCodeNumeric']],
    [{ countryCodeAlpha2: 'AU', isoCode: -36 }, { ...AUSTRALIA, numeric: null }, ['isoCode']],
    [{ countryCodeAlpha2: 'AU', name: 7.5 }, { ...AUSTRALIA, name: null }, ['name']],
    [{ countryCodeAlpha2: 'AU', name: 'Oz \ud83d' }, { ...AUSTRALIA, name: null }, ['name']],
    [{ countryCodeAlpha2: {} }, null, ['countryCodeAlpha2']],
  ])('of %p what cannot be used is null and drift', (value, country, keys) => {
    expect(read(value)).toEqual({ country, drifts: keys.map((key) => `PMS nationality.${key}`) });
  });
});
