import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { getOrAdd } from '../../src/getOrAdd.js';

interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  'x-extensible-enum'?: string[];
  additionalProperties?: boolean;
  enum?: (string | null)[];
}

const read = new Map<string, Record<string, Schema>>();

function schemasOf(name: string): Record<string, Schema> {
  const url = new URL(`../../openapi/${name}.yaml`, import.meta.url);
  return getOrAdd(read, name, () => (parse(readFileSync(url, 'utf8')) as { components: { schemas: Record<string, Schema> } }).components.schemas);
}

/** One of the two OpenAPI documents, and what tests want to know of it. */
export class OpenApi {
  readonly #schemas: Record<string, Schema>;

  constructor(readonly name: 'pms' | 'cas360') {
    this.#schemas = schemasOf(name);
  }

  schema(name: string): Schema {
    const schema = this.#schemas[name];
    if (!schema) throw new Error(`${this.name}.yaml has no schema ${name}`);
    return schema;
  }

  /** Every key below a schema, in the seeds' way of writing: `contactSalesAccount.contact.id`. */
  keys(name: string, before = ''): string[] {
    return Object.entries(this.schema(name).properties ?? {}).flatMap(([key, schema]) => {
      const inner = [schema, schema.items, ...(schema.anyOf ?? [])].find((part) => part?.$ref)?.$ref;
      return [before + key, ...(inner ? this.keys(nameOf(inner), `${before}${key}.`) : [])];
    });
  }

  /**
   * Checks answers more strictly than the document does, as the sandbox is to stay within it: no key that the
   * document does not have, and of an open list of values only the known ones (or `""`).
   */
  strictly(name: string): ValidateFunction {
    const schemas = structuredClone(this.#schemas);
    for (const schema of Object.values(schemas)) {
      if (schema.type === 'object') schema.additionalProperties = false;
      for (const property of Object.values(schema.properties ?? {})) {
        const known = property['x-extensible-enum'];
        if (known) property.enum = [...known, '', null];
      }
    }
    const ajv = new Ajv2020({ strictTypes: false, allowUnionTypes: true });
    addFormats.default(ajv);
    ajv.addVocabulary(['x-extensible-enum', 'components']);
    return ajv.compile({ $ref: `#/components/schemas/${name}`, components: { schemas } });
  }
}

function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}
