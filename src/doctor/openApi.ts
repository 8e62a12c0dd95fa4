import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { isRecord } from '../record.js';

interface Schema {
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly 'x-extensible-enum'?: readonly string[];
}

const FOLDER = new URL('../../openapi/', import.meta.url);

/** Other keys are not printed: they may contain data. */
const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_]{0,40}$/;

const NOTHING: readonly unknown[] = [undefined, null, '', 'null'];

/** The description of an upstream's records in `openapi/`. */
export class Described {
  readonly #schemas: Readonly<Record<string, Schema>>;

  constructor(file: 'pms.yaml' | 'cas360.yaml') {
    const document = parse(readFileSync(new URL(file, FOLDER), 'utf8')) as { components: { schemas: Record<string, Schema> } };
    this.#schemas = document.components.schemas;
  }

  /** The differences between a record and its description, as paths without values. */
  differences(schema: string, record: unknown): string[] {
    return [...new Set(this.#walk({ $ref: `#/components/schemas/${schema}` }, record, ''))];
  }

  #walk(schema: Schema, value: unknown, path: string): string[] {
    if (NOTHING.includes(value)) return [];
    const { type, properties, items, 'x-extensible-enum': members } = this.#resolve(schema);
    if (properties) {
      if (!isRecord(value)) return [`${path || 'the record'} is no object`];
      return Object.entries(value).flatMap(([key, inner]) => {
        const place = `${path && `${path}.`}${PLAIN_KEY.test(key) ? key : '(a key that is no plain name)'}`;
        const described = Object.hasOwn(properties, key) ? properties[key] : undefined;
        return described ? this.#walk(described, inner, place) : [`${place} is not known`];
      });
    }
    if (items) return Array.isArray(value) ? value.flatMap((item) => this.#walk(items, item, `${path}[]`)) : [`${path} is no list`];
    if (type !== undefined && ![type].flat().some((name) => isOf(name, value))) return [`${path} is of another type`];
    return members && !members.some((member) => same(member, value)) ? [`${path} has a value that is not in its list`] : [];
  }

  #resolve(schema: Schema): Schema {
    if (schema.$ref) return this.#schemas[schema.$ref.split('/').at(-1)!] ?? {};
    const described = schema.anyOf?.find(({ type }) => type !== 'null');
    return described ? this.#resolve(described) : schema;
  }
}

function isOf(type: string, value: unknown): boolean {
  // Integers above 2^53 are parsed as texts.
  if (type === 'integer') return Number.isInteger(value) || (typeof value === 'string' && /^-?\d{16,}$/.test(value));
  return typeof value === type;
}

/** Compares as the mapping does. */
const same = (member: string, value: unknown): boolean => typeof value === 'string' && member.toUpperCase() === value.trim().toUpperCase();
