import { describe, expect, test } from '@jest/globals';
import { ContactsError } from '../../src/errors.js';
import type { SalesAccount } from '../../src/model.js';
import { contactOf, loadersOver } from '../support/recordsDouble.js';

const account = { __typename: 'SalesAccount', id: 'pms:7' } as SalesAccount;
const down = new ContactsError('UPSTREAM_UNAVAILABLE', 'PMS');
const malformed = expect.objectContaining({ code: 'BAD_USER_INPUT', source: undefined, facts: { fault: 'salesAccount' } });

const load = async (id: unknown, contactId: unknown) => {
  const loaders = loadersOver({ pms: { 1: contactOf('pms:1', { salesAccount: account }), 2: contactOf('pms:2'), 3: down }, cas360: {} });
  return { outcome: await loaders.salesAccount(id, contactId, '_entities'), asked: loaders.asked, waits: loaders.waits };
};

describe('A sales account', () => {
  test('is in the contact that holds it', async () => {
    const { outcome, asked, waits } = await load('pms:7', 'pms:1');
    expect(outcome).toBe(account);
    expect(asked).toEqual([{ resource: 'pms', ids: ['1'], full: false }]);
    expect(waits.map(({ fields }) => [...fields])).toEqual([['_entities']]);
  });

  test.each<[id: unknown, contactId: unknown, outcome: unknown, calls: number]>([
    ['pms:8', 'pms:1', null, 1],
    ['pms:7', 'pms:2', null, 1],
    ['pms:7', 'pms:9', null, 1],
    ['pms:7', 'pms:3', down, 1],
    // Only the PMS keeps accounts.
    ['pms:7', 'cas360:1', null, 0],
    ['pms:7', 'x', malformed, 0],
    ['pms:7', null, malformed, 0],
    [['pms:7'], 'pms:1', malformed, 0],
    [undefined, 'pms:1', malformed, 0],
    ['cas360:7', 'pms:1', malformed, 0],
    ['xpms:7', 'pms:1', malformed, 0],
    ['pms:7x', 'pms:1', malformed, 0],
    ['pms:07', 'pms:1', malformed, 0],
    ['pms:x7', 'pms:1', malformed, 0],
    ['pms:', 'pms:1', malformed, 0],
    [`pms:${'1'.repeat(19)}`, 'pms:1', null, 1],
    [`pms:${'1'.repeat(20)}`, 'pms:1', malformed, 0],
  ])('%j said to be of %j', async (id, contactId, expected, calls) => {
    const { outcome, asked } = await load(id, contactId);
    expect(outcome).toEqual(expected);
    expect(asked).toHaveLength(calls);
  });
});
