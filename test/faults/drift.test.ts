import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { examples, replaced } from '../mapping/examples.js';
import { KEYS, partsOf, type Key } from '../mapping/keys.js';
import { everyField, startTestApp, type TestApp } from '../support/testApp.js';

/** Every field, those of the relationships too, at the places that docs/mapping.md names. */
const QUERY = `query ($ids: [ID!]!) { contacts(ids: $ids) { ${everyField()} } }`;
const HEADINGS = { PMS: 'pms', Contacts: 'cas360', Addresses: 'cas360' } as const;
type Heading = keyof typeof HEADINGS;
const HEADING_NAMES = Object.keys(HEADINGS) as Heading[];
const FIRST = 8_000_000;

/** What a value becomes in an upstream that changed overnight; whether it says nothing, or something of a wrong type. */
const ODD: [what: string, change: (value: unknown) => unknown, kind?: 'nothing'][] = [
  ['null', () => null, 'nothing'],
  ['an empty text', () => '', 'nothing'],
  ['absent', () => undefined, 'nothing'],
  ['a word that nobody knows', (value) => (typeof value === 'string' ? `${value} \u0000 as of late` : 'as of late')],
  ['a number', () => 1.5],
  ['a number as a text', (value) => (typeof value === 'number' ? String(value) : '0017')],
  ['a list', (value) => [value]],
  ['an object', (value) => ({ value, CANARY: true })],
  ['a truth', (value) => (value === true ? 'true' : true)],
  ['lists within lists', (value) => [[[value]]]],
];

interface Case {
  readonly key: Key;
  readonly what: string;
  readonly id: string;
  readonly kind: 'nothing' | undefined;
}

let app: TestApp;
let headers: { authorization: string };

beforeAll(async () => {
  app = await startTestApp();
  headers = await app.bearer('contact:identity', 'contact:access');
});
afterAll(() => app.stop());

const keysOf = (heading: Heading): Key[] => KEYS.filter((key) => key.heading === heading);
const isIdentity = ({ key }: Key): boolean => key === 'id';

/** A record with every key, each with a value of its own. */
function fullRecord(heading: Heading): Record<string, unknown> {
  return keysOf(heading)
    .filter((key) => partsOf(key).length === 0)
    .reduce((record, key) => replaced(record, key.key, key.paths[0] === undefined ? 7 : examples(key, key.paths[0])[0]![0]), {});
}

/** Puts a record into the sandbox, as the contact of this number or as its address. */
function put(heading: Heading, number: number, record: Record<string, unknown>): void {
  const { pms, cas360 } = app.sandbox;
  const id = String(number);
  const own = { ...record, id: number } as never;
  if (heading === 'PMS') pms.data.contacts.set(id, own);
  if (heading === 'Addresses') {
    cas360.data.addresses.set(id, own);
    cas360.data.contacts.set(id, { id: number, name: 'x', contactType: 'People', addressId: number } as never);
  }
  if (heading === 'Contacts') {
    cas360.data.contacts.set(id, own);
    cas360.data.relationships.set(id, record.relationships as never);
  }
}

const idsOf = (heading: Heading, count: number): string[] => Array.from({ length: count }, (_, n) => `${HEADINGS[heading]}:${FIRST + n}`);

/** All contacts, with their own numbers taken out, so that they can be compared. */
async function ask(ids: readonly string[]): Promise<unknown[]> {
  const contacts: unknown[] = [];
  for (let at = 0; at < ids.length; at += 500) {
    const { data, errors } = await app.query(QUERY, { ids: ids.slice(at, at + 500) }, headers);
    expect(errors).toBeUndefined();
    contacts.push(...data.contacts);
  }
  return contacts.map((contact, i) => JSON.parse(JSON.stringify(contact).replaceAll(ids[i]!.split(':')[1]!, 'OWN')) as unknown);
}

/** The paths at which two answers differ. */
function differences(one: any, other: any, path: string): string[] {
  if (one === other) return [];
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return [path];
  if (Array.isArray(one) && one.length !== other.length) return [path];
  return Object.keys(one).flatMap((key) => differences(one[key], other[key], Array.isArray(one) ? path : `${path}.${key}`));
}

async function drifts(): Promise<Map<string, number>> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  return new Map([...text.matchAll(/^contacts_upstream_drift_total\{source="(\w+)",field="([^"]+)"\} (\d+)$/gm)].map(([, source, field, count]) => [`${source} ${field}`, Number(count)]));
}

describe.each(HEADING_NAMES)('%s: one odd value', (heading) => {
  const cases = (odd: typeof ODD): Case[] => {
    const keys = keysOf(heading).filter((key) => !isIdentity(key));
    const all = keys.flatMap((key) => odd.map(([what, , kind]) => ({ key, what, kind })));
    return all.map((one, n) => ({ ...one, id: idsOf(heading, n + 1).at(-1)! }));
  };
  const source = HEADINGS[heading].toUpperCase();

  async function expectOnlyTheirOwn(odd: typeof ODD): Promise<void> {
    const full = fullRecord(heading);
    const changes = new Map(odd.map(([what, change]) => [what, change]));
    const all = cases(odd);
    for (const { key, what, id } of all) put(heading, Number(id.split(':')[1]), replaced(full, key.key, changes.get(what)!(valueAt(full, key.key))));
    put(heading, FIRST + all.length, { ...full, unheardOf: { id: 1, CANARY: [] }, constructor: null });
    put(heading, FIRST + all.length + 1, full);
    const answers = await ask(idsOf(heading, all.length + 2));
    const [withMore, usual] = answers.splice(-2);
    expect(withMore).toEqual(usual);
    const harmed = all.flatMap(({ key, what }, n) => {
      const own = [key, ...partsOf(key)].flatMap(({ paths }) => paths);
      const others = differences(usual, answers[n], 'Contact').filter((path) => !own.some((ours) => `${ours}.`.startsWith(`${path}.`) || path.startsWith(`${ours}.`)));
      return answers[n] === null ? [`${key.key}, ${what}: not served`] : others.map((path) => `${key.key}, ${what}: ${path}`);
    });
    expect(harmed).toEqual([]);
    expect(JSON.stringify(answers)).not.toContain('CANARY');
    process.stdout.write(`drift: ${all.length} rows of ${heading}, each with one odd value, all served\n`);
  }

  test('that says nothing costs its own field, and is not counted', async () => {
    const before = await drifts();
    await expectOnlyTheirOwn(ODD.filter(([, , kind]) => kind));
    const after = await drifts();
    const counted = [...after.keys()].filter((name) => after.get(name) !== before.get(name));
    // The account's contact has another number in every record; what says anything must have a number of its own.
    const due = ['PMS contactSalesAccount.contact.id', 'PMS contactSalesAccount.id', 'PMS primaryContactAddress.id'];
    expect(counted.filter((name) => !due.includes(name))).toEqual([]);
  });

  test('of a wrong type costs its own field, and is counted for it', async () => {
    const before = await drifts();
    await expectOnlyTheirOwn(ODD.filter(([, , kind]) => !kind));
    const after = await drifts();
    const read = keysOf(heading).filter((key) => !isIdentity(key) && key.paths.length > 0);
    const uncounted = read.map(({ key }) => `${source} ${key}`).filter((name) => (after.get(name) ?? 0) === (before.get(name) ?? 0));
    // Of two spellings the second counts where there is nothing in the first.
    const second = ['CAS360 placeOfIncorportaion', 'CAS360 postCode'];
    expect(uncounted.filter((name) => !second.includes(name))).toEqual([]);
  });
});

/** The value at `a.b` or `a[].b`. */
function valueAt(record: unknown, key: string): unknown {
  return key.split(/\[\]\.|\./).reduce((value: any, name) => (Array.isArray(value) ? value[0]?.[name] : value?.[name]), record);
}
