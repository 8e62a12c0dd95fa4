import { Cas360Address } from '../../src/mapping/cas360Address.js';
import { Cas360Contact } from '../../src/mapping/cas360.js';
import { isRecord } from '../../src/record.js';
import { PmsContact } from '../../src/mapping/pms.js';
import type { MappingTools } from '../../src/mapping/tools.js';

export const TODAY = '2024-06-15';

/** A model over a record that may be anything, and what was counted as drift so far. */
export interface Mapped<T> {
  readonly model: T;
  readonly drifts: readonly string[];
}

function mapped<T>(build: (tools: MappingTools) => T): Mapped<T> {
  const drifts: string[] = [];
  const tools = { drift: (source: string, field: string) => void drifts.push(`${source} ${field}`), today: () => TODAY };
  return { model: build(tools), drifts };
}

export const pms = (record: unknown, sourceId = '4711') =>
  mapped((tools) => new PmsContact(sourceId, record as never, tools));

export const cas360 = (record: unknown, sourceId = '54', withRelationships = true) =>
  mapped((tools) => new Cas360Contact(sourceId, isRecord(record) ? withRelationshipsOf(record, withRelationships) : {}, tools));

/** The record as it travels: `relationships` is undefined if they were not asked for, and never if they were. */
function withRelationshipsOf(record: { readonly relationships?: unknown }, wereAskedFor: boolean): object {
  if (wereAskedFor && record.relationships !== undefined) return record;
  return Object.create(record, { relationships: { value: wereAskedFor ? null : undefined } }) as object;
}

export const cas360Address = (record: unknown, sourceId = '15') =>
  mapped((tools) => new Cas360Address(sourceId, record as never, tools));

/** The value at a path such as `phoneNumbers.number`; of a list, those of all its items. */
export function at(model: unknown, path: string): unknown {
  const [first, ...rest] = path.split('.');
  if (first === '' || model === null || model === undefined) return model;
  if (Array.isArray(model)) return model.map((item) => at(item, path));
  return at((model as Record<string, unknown>)[first!], rest.join('.'));
}

/** Everything that a model answers, with every getter read. Contacts inside are told by their ids alone. */
export function everything(model: unknown, inside = false): unknown {
  if (Array.isArray(model)) return model.map((item) => everything(item, true));
  if (typeof model !== 'object' || model === null) return model;
  const fields = fieldsOf(model);
  if (inside && Reflect.get(model, '__typename') === 'Contact') return { id: Reflect.get(model, 'id') };
  return Object.fromEntries(fields.map((field) => [field, everything(Reflect.get(model, field), true)]));
}

function fieldsOf(model: object): string[] {
  const prototype = Object.getPrototypeOf(model) as object;
  const getters = Object.entries(Object.getOwnPropertyDescriptors(prototype)).filter(([, { get }]) => get);
  return prototype === Object.prototype ? Object.keys(model) : [...Object.keys(model), ...getters.map(([field]) => field)];
}
