import codes from 'i18n-iso-countries/codes.json' with { type: 'json' };
import type { Country } from '../schema.generated.js';
import { fold, namesOf } from './countryNames.js';
import { group, type Fields } from './fields.js';
import { text, type Reader } from './readers.js';
import { remember } from './remember.js';

interface CountryParts {
  name?: unknown;
  countryCodeAlpha2?: unknown;
  countryCodeAlpha3?: unknown;
  countryCodeNumeric?: unknown;
  isoCode?: unknown;
}

const MAX_NAME_LENGTH = 100;
const BY_CODE = new Map<string, Country>();
const BY_NAME = new Map<string, Country>();

for (const [code, alpha3, numeric] of codes as [string, string, string][]) {
  const names = namesOf(code);
  const country: Country = Object.freeze({ code, alpha3, numeric, name: names[0]! });
  for (const form of [code, alpha3, numeric]) BY_CODE.set(form, country);
  // The first country wins: the library gives the name "Congo" to two countries, ISO 3166 to the first of them.
  for (const name of names.map(fold)) if (!BY_NAME.has(name)) BY_NAME.set(name, country);
}

/** The country at this key: a text, a number or an object. */
export function country<R extends object>(record: Fields<R>, key: keyof R & string): Country | null {
  return record.holdsObject(key) ? ofParts(record.object(key)) : record.read(key, ofWord);
}

/** The object's own values win. Missing ones are completed from its codes, else from its name. */
function ofParts(parts: Fields<CountryParts>): Country | null {
  const name = parts.text('name');
  const alpha2 = parts.read('countryCodeAlpha2', ofCodeOrName);
  const alpha3 = parts.read('countryCodeAlpha3', ofCodeOrName);
  const numericKey = parts.has('countryCodeNumeric') ? 'countryCodeNumeric' : 'isoCode';
  const numeric = parts.read(numericKey, ofCodeOrName);
  const found = alpha2 ?? alpha3 ?? numeric ?? (name === null ? null : ofText(name));
  const given = (key: keyof CountryParts, by: Country | null) => (parts.has(key) ? by : found);
  return group({
    code: given('countryCodeAlpha2', alpha2)?.code ?? null,
    alpha3: given('countryCodeAlpha3', alpha3)?.alpha3 ?? null,
    numeric: given(numericKey, numeric)?.numeric ?? null,
    name: parts.has('name') ? name : (found?.name ?? null),
  });
}

const ofWord: Reader<Country> = (value) => {
  if (typeof value !== 'string') return ofCode(value);
  const word = text(value);
  return word === undefined ? undefined : ofText(word);
};

const ofText = remember((word): Country => ofCode(word) ?? ofName(word) ?? { code: null, alpha3: null, numeric: null, name: word });

// Folding megabytes of text would take long.
const ofName = (name: string): Country | undefined => (name.length > MAX_NAME_LENGTH ? undefined : BY_NAME.get(fold(name)));

/** Some write `UK`, which is a name and no code of ISO 3166-1. */
const ofCodeOrName: Reader<Country> = (value) => ofCode(value) ?? (typeof value === 'string' ? ofName(value) : undefined);

/** Looks up any of the three codes. A numeric one may lack its leading zeros. */
const ofCode: Reader<Country> = (value) => {
  if (typeof value === 'number') return BY_CODE.get(String(value).padStart(3, '0'));
  return typeof value === 'string' ? (ofCodeText(value) ?? undefined) : undefined;
};

const ofCodeText = remember((word): Country | null => {
  const code = word.trim().toUpperCase();
  return BY_CODE.get(/\d/.test(code) ? code.padStart(3, '0') : code) ?? null;
});
