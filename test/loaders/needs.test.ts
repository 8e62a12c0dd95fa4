import { describe, expect, test } from '@jest/globals';
import { needsFurtherCalls, type ContactNeed, type NeedsBelow } from '../../src/loaders/needs.js';
import type { Contact } from '../../src/model.js';
import { parseContactId } from '../../src/ids.js';
import { contactOf } from '../support/recordsDouble.js';

const address = { __typename: 'Address', id: 'cas360:15' } as const;
const other = parseContactId('cas360:2')!;

const nothing: NeedsBelow = { addresses: [], representatives: [] };
const addresses = (...what: ('id' | 'record')[]): NeedsBelow => ({ ...nothing, addresses: what.map((one) => ({ what: one, field: 'a' })) });
const representatives = (...what: ContactNeed['what'][]): NeedsBelow => ({ ...nothing, representatives: what.map((one) => ({ what: one, field: 'r', below: nothing })) });

const CONTACTS = {
  'with nothing': contactOf('cas360:1'),
  'of the register with an address': contactOf('cas360:1', { address }),
  'of the PMS with an address': contactOf('pms:1', { address: { ...address, id: 'pms:1/5' } }),
  'with the address of another one': contactOf('cas360:1', { addressHolder: other }),
  'with representatives': contactOf('cas360:1', { representatives: [other] }),
  'with none of the representatives it could have': contactOf('cas360:1', { representatives: [] }),
} satisfies Record<string, Contact>;

describe('Further calls are needed below', () => {
  test.each<[what: string, NeedsBelow, (keyof typeof CONTACTS)[]]>([
    ['nothing', nothing, []],
    ['the ids of addresses', addresses('id'), ['with the address of another one']],
    ['addresses', addresses('record'), ['of the register with an address', 'with the address of another one']],
    ['addresses, once with their ids alone', addresses('id', 'record'), ['of the register with an address', 'with the address of another one']],
    ['the ids of representatives', representatives('id'), []],
    ['representatives', representatives('record'), ['with representatives']],
    ['representatives with relationships, once with their ids alone', representatives('id', 'relationships'), ['with representatives']],
  ])('contacts of which a field wants %s', (_, below, expected) => {
    const all = Object.entries(CONTACTS);
    expect(all.flatMap(([name, contact]) => (needsFurtherCalls([contact], below) ? [name] : []))).toEqual(expected);
    expect(needsFurtherCalls(Object.values(CONTACTS), below)).toBe(expected.length > 0);
    expect(needsFurtherCalls([], below)).toBe(false);
  });
});
