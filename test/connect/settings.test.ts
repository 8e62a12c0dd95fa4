import { describe, expect, test } from '@jest/globals';
import { readOptions } from '../../src/connect/options.js';
import { readConnectSettings } from '../../src/connect/settings.js';

const GIVEN = { CAS360_BASE_URL: 'https://cas.test/api', CAS360_CLIENT_ID: 'id', CAS360_CLIENT_SECRET: 'hunter2', CAS360_SCOPE: 'contacts', CAS360_TOKEN_FILE: '/nowhere/token' };

/** The faults in a message, one a line. */
function faultsOf(env: Record<string, string | undefined>): string[] {
  try {
    readConnectSettings(env);
  } catch (error) {
    expect(error).toMatchObject({ name: 'SettingsError', message: expect.not.stringContaining('hunter2') });
    return [...(error as Error).message.matchAll(/^ {2}- (.*)$/gm)].map(([, fault]) => fault!);
  }
  return [];
}

describe('The settings of npm run connect', () => {
  test('that are missing are all named, and no others', () => {
    const missing = faultsOf({ CAS360_REFRESH_TOKEN: 'x', MAX_DEPTH: 'none', PMS_BASE_URL: 'none', ROUTER_SECRET: '' });
    expect(missing.map((fault) => /^(\S+(?: or \S+)?) is missing/.exec(fault)?.[1])).toEqual(['CAS360_BASE_URL', 'CAS360_CLIENT_ID', 'CAS360_CLIENT_SECRET', 'CAS360_SCOPE', 'CAS360_TOKEN_FILE or REDIS_URL']);
  });

  test.each(['CAS360_BASE_URL', 'CAS360_CLIENT_ID', 'CAS360_CLIENT_SECRET', 'CAS360_SCOPE', 'CAS360_TOKEN_FILE'])('need %s', (name) => {
    expect(faultsOf({ ...GIVEN, [name]: undefined })).toEqual([expect.stringMatching(new RegExp(`^${name}( or REDIS_URL)? is missing: `))]);
  });

  test('are enough with a file or with Redis, with or without a refresh token', () => {
    expect(readConnectSettings(GIVEN).cas360).toMatchObject({ scope: 'contacts', tokenFile: '/nowhere/token', refreshToken: undefined });
    const { cas360, config } = readConnectSettings({ ...GIVEN, CAS360_TOKEN_FILE: undefined, REDIS_URL: 'redis://redis.test', CAS360_REFRESH_TOKEN: 'first' });
    expect([cas360.refreshToken, config.redisUrl]).toEqual(['first', 'redis://redis.test']);
  });

  test.each([
    ['a malformed address', { CAS360_BASE_URL: 'none' }, 'CAS360_BASE_URL must be'],
    ['a malformed token address', { CAS360_TOKEN_URL: 'none' }, 'CAS360_TOKEN_URL must be'],
    ['an empty secret', { CAS360_CLIENT_SECRET: '' }, 'CAS360_CLIENT_SECRET is empty'],
    ['a secret that is set twice', { CAS360_CLIENT_SECRET_FILE: '/nowhere' }, 'CAS360_CLIENT_SECRET and'],
    ['a malformed Redis', { CAS360_TOKEN_FILE: undefined, REDIS_URL: 'http://none' }, 'REDIS_URL must be'],
    ['a malformed proxy', { https_proxy: 'ftp://none' }, 'https_proxy must be'],
    ['an empty refresh token', { CAS360_REFRESH_TOKEN: '' }, 'CAS360_REFRESH_TOKEN is empty'],
    ['a certificate without its key', { CAS360_CLIENT_CERT_FILE: '/nowhere' }, 'CAS360_CLIENT_CERT_FILE points to'],
    ['a key without its certificate', { CAS360_CLIENT_KEY_FILE: 'package.json' }, 'CAS360_CLIENT_CERT_FILE is missing: it is needed since CAS360_CLIENT_KEY_FILE is set'],
  ])('with %s are refused', (_what, change, said) => {
    expect(faultsOf({ ...GIVEN, ...change })).toContainEqual(expect.stringContaining(said));
  });
});

describe('The options of npm run connect', () => {
  test('have defaults', () => {
    expect(readOptions([])).toEqual({ redirectUri: 'http://127.0.0.1:4014/callback', replace: false, help: false });
    expect(readOptions(['--replace', '--redirect-uri', 'https://tools.example/cas?a=b'])).toEqual({ redirectUri: 'https://tools.example/cas?a=b', replace: true, help: false });
  });

  test.each(['ftp://127.0.0.1/', 'callback', 'http://127.0.0.1/#', 'http://me:hunter2@127.0.0.1/', 'http://me@127.0.0.1/'])('refuse %s as a redirect address', (uri) => {
    expect(() => readOptions(['--redirect-uri', uri])).toThrow(/^--redirect-uri must be an http or https address/);
    expect(() => readOptions(['--redirect-uri', uri])).not.toThrow('hunter2');
  });

  test('refuse words that are not known', () => {
    expect(() => readOptions(['--replace-all'])).toThrow('--replace-all');
  });
});
