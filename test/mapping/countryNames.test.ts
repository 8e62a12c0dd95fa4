import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import codes from 'i18n-iso-countries/codes.json' with { type: 'json' };
import english from 'i18n-iso-countries/langs/en.json' with { type: 'json' };
import { fold, namesOf } from '../../src/mapping/countryNames.js';
import { LONG_RUN } from '../support/longRun.js';
import { pms } from './harness.js';
import { ISO_NAMES } from './isoNames.js';

type Named = [code: string, name: string];
const CODES = codes.map(([code]) => code!);
const CLDR_NAMES = (['long', 'short', 'narrow'] as const).flatMap((style) => {
  const names = new Intl.DisplayNames('en', { type: 'region', style });
  return CODES.map((code): Named => [code, names.of(code)!]);
});
/** Those of CLDR that Intl.DisplayNames does not give. */
const CLDR_VARIANTS: Named[] = [
  ['CD', 'Congo (DRC)'],
  ['CG', 'Congo (Republic)'],
  ['CI', 'Ivory Coast'],
  ['CV', 'Cape Verde'],
  ['CV', 'Cabo Verde'],
  ['CZ', 'Czech Republic'],
  ['FK', 'Falkland Islands (Islas Malvinas)'],
  ['HK', 'Hong Kong'],
  ['IO', 'Chagos Archipelago'],
  ['MO', 'Macao'],
  ['NZ', 'Aotearoa New Zealand'],
  ['PS', 'Palestine'],
  ['SZ', 'Swaziland'],
  ['TL', 'East Timor'],
  ['TR', 'Turkey'],
];
const LIBRARY_NAMES = Object.entries(english.countries).flatMap(([code, names]) => [names].flat().map((name): Named => [code, name]));
const LISTS: Named[] = [...ISO_NAMES, ...CLDR_NAMES, ...CLDR_VARIANTS, ...LIBRARY_NAMES];
const unambiguous = LISTS.filter(([code, name]) => !(code === 'CD' && name === 'Congo'));

const countryOf = (name: string) => pms({ nationality: name }).model.nationality;
const codeOf = (name: string): string | null => countryOf(name)!.code;
const wrong = (names: readonly Named[]) => names.map(([code, name]) => [code, name, codeOf(name)]).filter(([code, , found]) => found !== code);

describe('every English name', () => {
  test('of ISO 3166-1 is its country, in a list of all of them but Kosovo', () => {
    expect([...new Set(ISO_NAMES.map(([code]) => code)), 'XK'].sort()).toEqual([...CODES].sort());
    expect(ISO_NAMES.length).toBeGreaterThan(400);
    expect(wrong(ISO_NAMES)).toEqual([]);
  });

  test('of CLDR is its country', () => {
    expect(wrong([...CLDR_NAMES, ...CLDR_VARIANTS])).toEqual([]);
  });

  test('of the library is its country', () => {
    expect(wrong(LIBRARY_NAMES)).toEqual([['CD', 'Congo', 'CG']]);
  });

  test('that one country has is no other country\'s, except "Congo"', () => {
    const owners = new Map<string, Set<string>>();
    for (const code of CODES) for (const name of namesOf(code)) owners.set(fold(name), (owners.get(fold(name)) ?? new Set()).add(code));
    expect([...owners].filter(([, of]) => of.size > 1)).toEqual([['congo', new Set(['CG', 'CD'])]]);
  });
});

describe('another spelling', () => {
  test('has the same words, in one order', () => {
    expect(fold('Korea (the Republic of)')).toBe('korea republic');
  });

  test.each<Named>([
    ['CI', 'Côte d’Ivoire'],
    ['CI', 'COTE D IVOIRE'],
    ['CI', 'Côte d´ Ivoire'],
    ['CI', 'Côte dʼIvoire'],
    ['TR', 'TÜRKİYE'],
    ['KR', 'Korea, Republic of'],
    ['KP', 'Korea, Democratic People’s Republic of'],
    ['LA', 'Lao Peoples Democratic Republic'],
    ['LC', 'St Lucia'],
    ['VC', 'ST. VINCENT AND THE GRENADINES'],
    ['BA', 'Bosnia-Herzegovina'],
    ['TT', 'Trinidad and\u00A0Tobago'],
    ['GW', 'Guinea – Bissau'],
    ['GM', 'The Gambia'],
    ['US', 'U.S.A.'],
    ['VI', 'US Virgin Islands'],
    ['MO', 'Macau'],
    ['MM', 'Burma'],
    ['IE', 'Republic of Ireland'],
    ['AU', 'COMMONWEALTH OF AUSTRALIA'],
    ['VN', 'Socialist Republic of Vietnam'],
    ['GY', 'Cooperative Republic of Guyana'],
    ['GY', 'Republic of Guyana'],
    ['UY', 'Oriental Republic of Uruguay'],
    ['VI', 'United States Virgin Islands'],
    ['CD', 'DR Congo'],
    ['RW', 'Rwandese Republic'],
    ['IT', 'Italian Republic'],
    ['VA', 'Vatican City State'],
    ['XK', 'Republic of Kosovo'],
  ])('%s: %s', (code, name) => {
    expect(codeOf(name)).toBe(code);
  });

  test('in case, accents, apostrophes, dashes, blanks, order and small words changes nothing', () => {
    const changes: ((name: string) => string)[] = [
      (name) => name.toUpperCase(),
      (name) => name.toLowerCase(),
      (name) => name.normalize('NFD'),
      (name) => name.normalize('NFD').replace(/\p{M}/gu, ''),
      (name) => name.replace(/'/g, '’'),
      (name) => name.replace(/[’']/g, ''),
      (name) => name.replace(/ (?=\p{L}{2})/gu, '\u00A0 '),
      (name) => name.replace(/-/g, '\u2013'),
      (name) => name.replace(/ and /gi, ' & '),
      (name) => name.replace(/ & /g, ' and '),
      (name) => name.replace(/\bsaint\b/gi, 'St.'),
      (name) => name.replace(/\bst\./gi, 'Saint'),
      (name) => name.replace(/^the /i, ''),
      (name) => `The ${name}`,
      (name) => name.replace(/^(.+?) \((.+)\)$/, '$1, $2'),
      (name) => name.replace(/^(.+?) of (.+)$/, '$2 ($1 of)'),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...unambiguous), fc.subarray(changes), ([code, name], some) => {
        const changed = some.reduce((before, change) => change(before), name);
        if (codeOf(changed) !== code) throw new Error(`${changed} is ${codeOf(changed)}`);
      }),
      { numRuns: LONG_RUN ? 100_000 : 1_500 },
    );
  });
});

describe('never a wrong country', () => {
  test.each([
    ['Korea', 'Virgin Islands', 'America', 'New Guinea', 'Saint Maarten', 'Macedonia', 'Island', 'Republic', 'States'],
    ['Northern Ireland', 'England', 'Scotland', 'Wales', 'State of Georgia', 'South Georgia', 'Crimea', 'Kurdistan', 'Tasmania'],
    ['Republic of China', 'Republic of Vietnam', 'Republic of Macedonia', 'Federal Republic of Yugoslavia', 'Islamic State of Iraq'],
    ['USSR', 'Union of Soviet Socialist Republics', 'Yugoslavia', 'Czechoslovakia', 'German Democratic Republic', 'Democratic Yemen'],
    ['Ascension Island', 'Canary Islands', 'Sark', 'European Union', 'United Nations', 'Unknown Region'],
    ['Australia 2', 'the', 'and of', '.', '-', '’', '   ', 'Ελλάδα', '日本'],
  ])('%s and others are names alone', (...names) => {
    for (const name of names) expect(countryOf(name)).toEqual({ code: null, alpha3: null, numeric: null, name });
  });

  test.each<Named[]>([
    [['CG', 'Congo'], ['CG', 'Republic of the Congo'], ['CD', 'Democratic Republic of the Congo']],
    [['GN', 'Guinea'], ['GW', 'Guinea-Bissau'], ['GQ', 'Equatorial Guinea'], ['PG', 'Papua New Guinea']],
    [['NE', 'Niger'], ['NE', 'Republic of Niger'], ['NG', 'Nigeria']],
    [['DM', 'Dominica'], ['DM', 'Commonwealth of Dominica'], ['DO', 'Dominican Republic']],
    [['WS', 'Samoa'], ['AS', 'American Samoa'], ['AS', 'Samoa, American']],
    [['GE', 'Georgia'], ['GS', 'South Georgia and the South Sandwich Islands']],
    [['SD', 'Sudan'], ['SS', 'South Sudan'], ['SS', 'Sudan, South']],
    [['VG', 'Virgin Islands, British'], ['VI', 'Virgin Islands, U.S.']],
    [['MF', 'St. Martin'], ['SX', 'Sint Maarten']],
    [['IE', 'Ireland'], ['GB', 'United Kingdom of Great Britain and Northern Ireland']],
    [['TW', 'Taiwan, Province of China'], ['CN', 'China'], ['HK', 'Hong Kong SAR China']],
  ])('%p and its like', (...names) => {
    expect(wrong(names)).toEqual([]);
  });

  /** The letters of a name, which no folding may change, but for accents and small words. */
  const lettersOf = (name: string): string => {
    const words = name.normalize('NFD').replace(/[\u0300-\u036f.'’]/g, '').toLowerCase().split(/[^a-z\d]+/);
    return words.map((word) => (/^(and|of|the)$/.test(word) ? '' : word.replace(/^st$/, 'saint'))).join('').split(/(?=.)/).sort().join('');
  };
  const known = new Map<string, Set<string>>(CODES.map((code) => [code, new Set(namesOf(code).map(lettersOf))]));

  test('whatever words of names stand together', () => {
    const words = [...new Set(LISTS.flatMap(([, name]) => name.split(/[ ,()[\]-]+/)))].filter((word) => word !== '');
    const fewWords = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 4 });
    const nearly = fc.tuple(fc.constantFrom(...LISTS), fc.nat(9), fc.constantFrom('', ...words)).map(([[, name], at, other]) => name.split(' ').map((word, index) => (index === at ? other : word)));
    fc.assert(
      fc.property(fc.oneof(fewWords, nearly), fc.constantFrom(' ', ', ', '-', ' & ', ' of '), (some, between) => {
        const name = some.join(between);
        const country = countryOf(name);
        // A word alone may be a code, such as "US".
        if (!country?.code || /^\W*[a-z]{2,3}\W*$/i.test(name)) return;
        if (!known.get(country.code)!.has(lettersOf(name))) throw new Error(`${name} is ${country.code}`);
      }),
      { numRuns: LONG_RUN ? 300_000 : 5_000 },
    );
  });

  test('not even of a text that is too long to be folded', () => {
    expect(codeOf('The Australia'.padEnd(100))).toBe('AU');
    expect(codeOf('The Australia'.padEnd(101))).toBeNull();
  });
});
