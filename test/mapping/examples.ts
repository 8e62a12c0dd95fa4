import { NUMBER, type Key } from './keys.js';
import { typeAt } from './schemaPaths.js';

const UUID = '3f0c0000-0000-4000-8000-000000000001';
const NEW_ZEALAND: Record<string, string> = { code: 'NZ', alpha3: 'NZL', numeric: '554', name: 'New Zealand' };
const COUNTRY_PARTS: Record<string, unknown> = {
  name: 'New Zealand',
  countryCodeAlpha2: 'NZ',
  countryCodeAlpha3: 'NZL',
  countryCodeNumeric: '554',
  isoCode: 554,
};
/** The register's word for the states of other countries. */
const NO_STATE = 'Foreign';
const NAMED_BY: Record<string, string> = { unitFlat: 'Unit ', levelFloor: 'Level ', block: 'Block ' };
const PHONE_KINDS: Record<string, string> = { mobile: 'MOBILE', phone1: 'PHONE_1', phone2: 'PHONE_2' };

/** Values for a key that nothing else could bring forth, each with what must then be found at the path. */
export function examples({ heading, key, property }: Key, path: string): [value: unknown, expected: unknown][] {
  const name = key.split('.').at(-1)!;
  const [, parent, field] = /^(.+)\.(\w+)$/.exec(path)!;
  const parentType = typeAt(parent!)!.name;
  const type = typeAt(path)!.name;
  const isFlag = property.type?.includes('boolean') === true;
  if (parentType === 'Country') return [[COUNTRY_PARTS[name] ?? 'NEW ZEALAND', NEW_ZEALAND[field!]]];
  if (type === 'PhoneNumberKind') return [[isFlag ? true : '555', PHONE_KINDS[name] ?? 'PRIMARY']];
  if (isFlag) return [[true, true], [false, false]];
  if (field === 'primary') return [['555', true]];
  if (field === 'current') return [['2999-01-01', true], ['1999-01-01', false]];
  if (type === 'Date') return [['2019-04-03', '2019-04-03'], ['2019-04-03T10:20:30Z', '2019-04-03']];
  if (type === 'LocalDateTime') return [['2019-04-03', '2019-04-03T00:00:00'], ['2019-04-03 10:20:30', '2019-04-03T10:20:30']];
  if (name === 'parentId') return [[UUID, type === 'ID' ? `cas360:${UUID}` : UUID]];
  if (name === 'representativeIds') return [[[NUMBER], `cas360:${NUMBER}`]];
  if (parentType === 'PickListItem' && field === 'id') return [[NUMBER, `${NUMBER}`]];
  if (type === 'ID') return [[NUMBER, idOf(heading, path)]];
  const words = property['x-extensible-enum'] ?? [`the ${key}`];
  return type === 'String' ? [...words.map((word): [string, string | null] => [word, word === NO_STATE ? null : word]), [NUMBER, `${NAMED_BY[name] ?? ''}${NUMBER}`]] : words.map((word) => [word, ourWord(word)]);
}

function idOf(heading: string, path: string): string {
  if (path === 'Contact.sourceId') return `${NUMBER}`;
  if (heading !== 'PMS') return `cas360:${NUMBER}`;
  return path === 'Contact.address.id' ? `pms:${NUMBER}/${NUMBER}` : `pms:${NUMBER}`;
}

function ourWord(word: string): string {
  return word === 'People' ? 'PERSON' : word.toUpperCase().replace(' ', '_');
}

/** A record that holds this value at this key, and else only what it takes for that to be served. */
export function recordWith(key: string, value: unknown): Record<string, unknown> {
  // Without a number, an address or an account of the PMS is null.
  const numbered = /^(primaryContactAddress|contactSalesAccount)\./.exec(key)?.[1];
  return replaced(numbered === undefined ? {} : { [numbered]: { id: 1 } }, key, value);
}

/** The record with this value at this key. */
export function replaced(record: unknown, key: string, value: unknown): Record<string, unknown> {
  const [, name, isList, rest] = /^(\w+)(\[\])?(?:\.(.+))?$/.exec(key)!;
  const before = record as Record<string, unknown> | undefined;
  if (rest === undefined) return { ...before, [name!]: value };
  const inner = before?.[name!];
  return { ...before, [name!]: isList ? [replaced((inner as unknown[] | undefined)?.[0], rest, value)] : replaced(inner, rest, value) };
}
