import { beforeEach, describe, expect, test } from '@jest/globals';
import { isFound } from '../../src/errors.js';
import type { UpstreamRecord } from '../../src/loaders/resource.js';
import { Seal } from '../../src/shared/seal.js';
import { CAS360_GUARDED_KEYS } from '../../src/upstream/cas360/reduceRow.js';
import { PMS_GUARDED_KEYS } from '../../src/upstream/pms/reduceContact.js';
import { buildSources, RedisDouble } from '../support/builtSources.js';
import { FOREVER, settle } from '../support/upstreamDouble.js';

type Name = 'pmsContacts' | 'cas360Contacts' | 'cas360Addresses';

let redis: RedisDouble;
beforeEach(() => {
  redis = new RedisDouble();
});

const CACHE = { CACHE_TTL_SECONDS: '3600', REDIS_URL: 'redis://127.0.0.1:1' };

/** Asks as a replica with these settings, and tells how many calls that took. */
async function callsFor(name: Name, id: string, settings: Record<string, string> = {}, record: object = {}): Promise<number> {
  const { sources, calls } = buildSources({ ...CACHE, ...settings }, { redis, record });
  const outcomes = await sources[name]!.records.request(new Set([id]), false, FOREVER);
  expect(isFound(outcomes.get(id))).toBe(true);
  await settle();
  return calls.length;
}

const CHANGES: readonly (readonly [Name, string, string])[] = (['PMS', 'CAS360'] as const).flatMap((system) =>
  (system === 'PMS' ? (['pmsContacts'] as const) : (['cas360Contacts', 'cas360Addresses'] as const)).flatMap((name) => [
    [name, `${system}_CLIENT_ID`, 'another'] as const,
    [name, `${system}_CLIENT_SECRET`, 'another secret'] as const,
    [name, `${system}_SCOPE`, 'another'] as const,
    [name, `${system}_BASE_URL`, 'https://another.example.com'] as const,
    [name, `${system}_BASE_URL`, `https://${system.toLowerCase()}.example.com:8443`] as const,
    [name, `${system}_BASE_URL`, `https://${system.toLowerCase()}.example.com/another`] as const,
  ]),
);

describe('The cache that replicas share in Redis', () => {
  test.each(['pmsContacts', 'cas360Contacts', 'cas360Addresses'] as const)('serves a replica of the same settings: %s', async (name) => {
    expect(await callsFor(name, '54')).toBe(1);
    expect(await callsFor(name, '54')).toBe(0);
    // Where tokens come from changes nothing of what the system says.
    expect(await callsFor(name, '54', { PMS_TOKEN_URL: 'https://pms.example.com/other', CAS360_TOKEN_URL: 'https://cas360.example.com/other', CAS360_REFRESH_TOKEN: 'another' })).toBe(0);
  });

  test.each(CHANGES)('shows nothing of %s to one with another %s (%s)', async (name, setting, value) => {
    await callsFor(name, '54');
    expect(await callsFor(name, '54', { [setting]: value })).toBe(1);
    // Both keep what is theirs.
    expect(redis.texts.size).toBe(2);
    expect([await callsFor(name, '54'), await callsFor(name, '54', { [setting]: value })]).toEqual([0, 0]);
  });

  test('tells the contacts of both systems and the addresses apart, though their settings are alike', async () => {
    const alike = { PMS_BASE_URL: 'https://both.example.com', CAS360_BASE_URL: 'https://both.example.com' };
    for (const name of ['pmsContacts', 'cas360Contacts', 'cas360Addresses'] as const) expect(await callsFor(name, '54', alike)).toBe(1);
    expect(redis.texts.size).toBe(3);
  });

  test('keeps an entry for as long as is set', async () => {
    await callsFor('pmsContacts', '54', { CACHE_TTL_SECONDS: '90' });
    expect(redis.options).toMatchObject({ PX: 90_000 });
  });

  test('serves relationships to whoever wants them, once somebody has asked for them', async () => {
    const record = { relationships: [{ parentId: 'x', parentType: 'Trust', type: 'Settlor' }] };
    const pathsFor = async (full: boolean): Promise<string[]> => {
      const { sources, calls } = buildSources(CACHE, { redis, record });
      const { records, toModel } = sources.cas360Contacts!;
      const contact = toModel('54', (await records.request(new Set(['54']), full, FOREVER)).get('54') as UpstreamRecord);
      await settle();
      if (full) expect(contact.relationships).toMatchObject([{ type: 'Settlor', current: true }]);
      return calls.map(({ path }) => path);
    };
    expect(await pathsFor(false)).toEqual(['/contacts/54?offset=0&limit=500']);
    expect(await pathsFor(true)).toEqual(['/contacts/54?offset=0&limit=500&relationships=true']);
    expect([await pathsFor(true), await pathsFor(false)]).toEqual([[], []]);
  });

  test('says no secret, address or client in its keys', async () => {
    for (const name of ['pmsContacts', 'cas360Contacts', 'cas360Addresses'] as const) await callsFor(name, '54');
    expect([...redis.texts.keys()].map((key) => key.replace(/:[\w-]{12}:/, ':account:'))).toEqual(['contacts:cache:pms:contacts:account:54', 'contacts:cache:cas360:contacts:account:54', 'contacts:cache:cas360:addresses:account:54']);
  });

  test('does not believe an entry whose record has another id', async () => {
    await callsFor('cas360Contacts', '54');
    const [[key, text] = ['', '']] = redis.texts;
    redis.texts.set(key.replace(/54$/, '55'), text);
    expect(await callsFor('cas360Contacts', '55')).toBe(1);
  });

  test.each([
    ['pmsContacts', PMS_GUARDED_KEYS],
    ['cas360Contacts', CAS360_GUARDED_KEYS],
  ] as const)('encrypts every guarded value of %s, with a key made of the client’s secret', async (name, guardedKeys) => {
    const guarded = Object.fromEntries(guardedKeys.map((key) => [key, `CANARY ${key}`]));
    await callsFor(name, '54', {}, guarded);
    const [[key, text] = ['', '']] = redis.texts;
    expect(guardedKeys.length).toBeGreaterThan(2);
    expect(text).not.toContain('CANARY');
    const encrypted = text.slice(1, text.indexOf('{'));
    expect(new Seal('a secret', 'contacts: guarded values in the cache').decrypt(encrypted, key)).toEqual(guarded);
  });
});
