import english from 'i18n-iso-countries/langs/en.json' with { type: 'json' };

/**
 * Countries whose full name in ISO 3166-1 is one of these prefixes and their name. It is a list because a rule would be
 * wrong: the State of Georgia is in the USA, and the Republic of China is not China.
 */
const FORMS: Readonly<Record<string, string>> = {
  'Commonwealth of': 'AU BS DM MP PR',
  'Democratic Republic of': 'CD ST TL',
  'Federal Democratic Republic of': 'ET NP',
  'Federal Republic of': 'DE NG SO',
  'Independent State of': 'PG WS',
  'Islamic Republic of': 'AF IR MR PK',
  'Kingdom of': 'BE BH BT DK ES KH LS MA NL NO SA SE SZ TH TO',
  "People's Republic of": 'BD CN',
  'Principality of': 'AD LI MC',
  'Republic of':
    'AL AM AO AT AZ BA BG BI BJ BW BY CG CI CL CM CO CR CU CV CY DJ EC EE FI FJ GH GM GN GQ GT GW GY HN HR HT ID IE IN IQ IS IT KE KI ' +
    'KZ LR LT LV MD MG MH MK ML MM MT MU MV MW MZ NA NE NI NR PA PE PH PL PW PY RS RW SC SD SG SI SL SM SN SR SS SV TD TJ TN TR TT UG UZ ' +
    'VU XK YE ZA ZM ZW',
  'Special Administrative Region of China': 'HK MO',
  'State of': 'ER IL KW LY PS QA',
};

/** Names in ISO 3166-1 and CLDR that the library and Node lack, and a few in wide use. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  AR: ['Argentine Republic'],
  BO: ['Plurinational State of Bolivia'],
  BR: ['Federative Republic of Brazil'],
  CD: ['Congo (DRC)', 'DR Congo'],
  CH: ['Swiss Confederation'],
  CI: ['Cote d Ivoire'],
  CV: ['Cabo Verde'],
  DZ: ["People's Democratic Republic of Algeria"],
  EG: ['Arab Republic of Egypt'],
  FK: ['Falkland Islands (Islas Malvinas)'],
  FR: ['French Republic'],
  GA: ['Gabonese Republic'],
  GB: ['United Kingdom of Great Britain and Northern Ireland'],
  GR: ['Hellenic Republic'],
  GY: ['Co-operative Republic of Guyana', 'Cooperative Republic of Guyana'],
  IO: ['Chagos Archipelago'],
  IT: ['Italian Republic'],
  JO: ['Hashemite Kingdom of Jordan'],
  KG: ['Kyrgyz Republic'],
  KM: ['Union of the Comoros'],
  KP: ["Democratic People's Republic of Korea"],
  LB: ['Lebanese Republic'],
  LK: ['Democratic Socialist Republic of Sri Lanka'],
  LU: ['Grand Duchy of Luxembourg'],
  MM: ['Burma', 'Republic of the Union of Myanmar'],
  MO: ['Macau'],
  MX: ['United Mexican States'],
  NZ: ['Aotearoa New Zealand'],
  OM: ['Sultanate of Oman'],
  PT: ['Portuguese Republic'],
  RW: ['Rwandese Republic'],
  SH: ['Saint Helena, Ascension and Tristan da Cunha'],
  SK: ['Slovak Republic'],
  SZ: ['Swaziland'],
  TG: ['Togolese Republic'],
  TL: ['East Timor'],
  UY: ['Eastern Republic of Uruguay', 'Oriental Republic of Uruguay'],
  VA: ['Holy See', 'Vatican City State'],
  VE: ['Bolivarian Republic of Venezuela'],
  VI: ['Virgin Islands of the United States', 'United States Virgin Islands'],
  VN: ['Viet Nam', 'Socialist Republic of Viet Nam', 'Socialist Republic of Vietnam'],
  WF: ['Wallis and Futuna Islands'],
};

const LIBRARY_NAMES: Readonly<Record<string, string | readonly string[]>> = english.countries;
const CLDR_NAMES = (['long', 'short'] as const).map((style) => new Intl.DisplayNames('en', { type: 'region', style }));
const SMALL_WORDS = new Set(['', 'and', 'of', 'the']);

/** The English names of a country, by its two-letter code. */
export function namesOf(code: string): string[] {
  const names = [LIBRARY_NAMES[code]!, CLDR_NAMES.map((cldr) => cldr.of(code)!), OTHER_NAMES[code] ?? []].flat();
  const forms = Object.keys(FORMS).filter((form) => FORMS[form]!.includes(code));
  return [...names, ...forms.flatMap((form) => names.map((name) => `${form} ${name}`))];
}

/**
 * A key that all spellings of a name share: its words in alphabetical order, without case, accents, punctuation and small
 * words. "Korea (the Republic of)" and "REPUBLIC OF KOREA" fold to the same text.
 */
export function fold(name: string): string {
  const plain = name.normalize('NFD').toLowerCase().replace(/\p{M}|\.|['’‘ʼ`´]\s*/gu, '');
  return plain
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => !SMALL_WORDS.has(word))
    .map((word) => (word === 'st' ? 'saint' : word))
    .sort()
    .join(' ');
}
