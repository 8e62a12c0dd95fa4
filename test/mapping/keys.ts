import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { cas360, cas360Address, pms, type Mapped } from './harness.js';

/** One key of an upstream's record, as its OpenAPI document and docs/mapping.md tell of it. */
export interface Key {
  readonly heading: string;
  /** `relationships[].type` */
  readonly key: string;
  readonly property: Property;
  /** Where the docs say that it goes, such as `Contact.relationships.type`; empty where they say that it is not served. */
  readonly paths: readonly string[];
  /** The contact that such a record makes; of an address, a contact that has it. */
  readonly map: (record: unknown) => Mapped<object>;
}

export interface Property {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Property>>;
  readonly items?: Property;
  readonly anyOf?: readonly Property[];
  readonly $ref?: string;
  readonly 'x-extensible-enum'?: readonly string[];
}

/** The number of whatever record is mapped. */
export const NUMBER = 9_000_001;

const TABLES = [
  { heading: 'PMS', file: 'openapi/pms.yaml', record: 'ContactRecord', map: (record: unknown) => pms(record, `${NUMBER}`) },
  { heading: 'Contacts', file: 'openapi/cas360.yaml', record: 'ContactRecord', map: (record: unknown) => cas360(record, `${NUMBER}`) },
  { heading: 'Addresses', file: 'openapi/cas360.yaml', record: 'AddressRecord', map: address },
];

function address(record: unknown): Mapped<object> {
  const { model, drifts } = cas360Address(record, `${NUMBER}`);
  return { model: { address: model }, drifts };
}

const docs = readFileSync('docs/mapping.md', 'utf8');

/** The rows of the table under a heading of the docs. */
export function rowsUnder(heading: string): { key: string; text: string }[] {
  const section = docs.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)].map(([, key, text]) => ({ key: key!, text: text! }));
}

/** The paths in a cell: `Contact.name`, or several at once as in `Contact.phoneNumbers { number kind }`. */
function pathsIn(text: string): string[] {
  return [...text.matchAll(/`(Contact(?:\.\w+)+)(?: \{ ([\w ]+) \})?`/g)].flatMap(([, path, parts]) =>
    parts === undefined ? [path!] : parts.split(' ').map((part) => `${path}.${part}`),
  );
}

/** Every key of a record of an OpenAPI document, nested ones too. */
function keysOf(file: string, record: string): Map<string, Property> {
  const { schemas } = (parse(readFileSync(file, 'utf8')) as { components: { schemas: Record<string, Property> } }).components;
  const keys = new Map<string, Property>();
  const resolve = (property: Property): Property => {
    const { $ref, anyOf } = property;
    if ($ref !== undefined) return resolve(schemas[$ref.split('/').at(-1)!]!);
    return anyOf ? resolve(anyOf.find(({ type }) => type !== 'null')!) : property;
  };
  const walk = ({ properties, items }: Property, path: string) => {
    if (items) walk(resolve(items), `${path}[]`);
    for (const [name, inner] of Object.entries(properties ?? {})) {
      const key = path === '' ? name : `${path}.${name}`;
      keys.set(key, resolve(inner));
      walk(resolve(inner), key);
    }
  };
  walk(resolve(schemas[record]!), '');
  return keys;
}

/** Every key, as the OpenAPI documents name them. */
export const KEYS: readonly Key[] = TABLES.flatMap(({ heading, file, record, map }) => {
  const texts = new Map(rowsUnder(heading).map(({ key, text }) => [key, text]));
  return [...keysOf(file, record)].map(([key, property]) => {
    const text = texts.get(key) ?? '';
    return { heading, key, property, map, paths: text.startsWith('not served') ? [] : pathsIn(text) };
  });
});

/** The keys inside the object, or the objects of the list, at this key. */
export function partsOf({ heading, key }: Key): Key[] {
  return KEYS.filter((part) => part.heading === heading && [`${key}.`, `${key}[].`].some((prefix) => part.key.startsWith(prefix)));
}
