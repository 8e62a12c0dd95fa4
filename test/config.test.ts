import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { readConfig } from '../src/config.js';

const folder = mkdtempSync(join(tmpdir(), 'settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const PMS = { PMS_BASE_URL: 'https://pms.test', PMS_TOKEN_URL: 'https://auth.test/token', PMS_CLIENT_ID: 'id', PMS_CLIENT_SECRET: 'secret' };
const CAS360 = { CAS360_BASE_URL: 'https://cas.test/api', CAS360_CLIENT_ID: 'id', CAS360_CLIENT_SECRET: 'secret', CAS360_REFRESH_TOKEN: 'refresh' };

function faultsOf(env: Record<string, string | undefined>): string {
  try {
    readConfig(env);
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
}

describe('The settings', () => {
  test('are optional but for those of one system: the other one is switched off, and nothing is open', () => {
    expect(readConfig(PMS)).toMatchObject({ pms: { baseUrl: new URL('https://pms.test') }, cas360: undefined });
    expect(readConfig(CAS360)).toEqual({
      host: '0.0.0.0',
      port: 4001,
      maxAnswerBytes: 16_777_216,
      maxWaitingBytes: 67_108_864,
      writeTimeoutMs: 20_000,
      maxQueryLines: 5_000,
      pms: undefined,
      cas360: expect.objectContaining({ baseUrl: new URL('https://cas.test/api') }),
      auth: undefined,
      routerSecrets: [],
      redisUrl: undefined,
      cache: undefined,
      maxAgeSeconds: 0,
      maxQueryCharacters: 100_000,
      maxBodyBytes: 1_048_576,
      limits: {
        maxTokens: 2_000,
        maxDepth: 12,
        maxAliases: 50,
        maxDirectives: 50,
        maxRootFields: 10,
        maxEntitiesFields: 5,
        maxRepresentations: 2_000,
        maxVariablesDepth: 12,
        maxBodyObjects: 17_000,
        maxBodyKeys: 17_000,
        maxAliasCharacters: 200,
        maxRepeats: 100,
        maxIds: 1_000,
        maxAnswerFields: 250_000,
      },
      requestTimeoutMs: 8_000,
      maxDelayMs: 150,
      tracesUrl: undefined,
      jit: true,
      graphiql: false,
    });
  });

  test('default the CAS 360 token address to a place below its base', () => {
    expect(readConfig(CAS360).cas360?.tokenUrl.href).toBe('https://cas.test/api/oauth/token');
    expect(readConfig({ ...CAS360, CAS360_TOKEN_URL: 'https://auth.test/t' }).cas360?.tokenUrl.href).toBe('https://auth.test/t');
  });

  test('take a secret from a file, without its line end', () => {
    const { PMS_CLIENT_SECRET: _, ...others } = PMS;
    expect(readConfig({ ...others, PMS_CLIENT_SECRET_FILE: file('pms', 'from file\n') }).pms?.clientSecret).toBe('from file');
  });

  test('take several router secrets', () => {
    expect(readConfig({ ...PMS, ROUTER_SECRET: 'old, new' }).routerSecrets).toEqual(['old', 'new']);
    expect(readConfig({ ...PMS, ROUTER_SECRET_FILE: file('router', 'old,new\n') }).routerSecrets).toEqual(['old', 'new']);
  });

  test('that are missing or malformed are all named at once', () => {
    expect(
      faultsOf({ PMS_BASE_URL: 'https://pms.test', CAS360_BASE_URL: 'ftp://cas.test', PORT: '70000', REQUEST_TIMEOUT_MS: '8s', GRAPHIQL: 'yes', AUTH_JWKS_URL: 'https://auth.test/jwks' }),
    ).toBe(
      `The settings cannot be used:
  - PORT must be a whole number from 0 to 65535
  - PMS_TOKEN_URL is missing: it is needed since PMS_BASE_URL is set
  - PMS_CLIENT_ID is missing: it is needed since PMS_BASE_URL is set
  - PMS_CLIENT_SECRET is missing: it is needed since PMS_BASE_URL is set
  - CAS360_BASE_URL must be an http or https address, without user, query or fragment
  - AUTH_ISSUER is missing: it is needed since AUTH_JWKS_URL is set
  - AUTH_AUDIENCE is missing: it is needed since AUTH_JWKS_URL is set
  - REQUEST_TIMEOUT_MS must be a whole number from 1 to 600000
  - GRAPHIQL must be true or false`,
    );
  });

  test.each([
    ['a secret both in the environment and in a file', { ...PMS, PMS_CLIENT_SECRET_FILE: file('both', 'x') }, 'PMS_CLIENT_SECRET and PMS_CLIENT_SECRET_FILE are both set'],
    ['a file that is not there', { ...CAS360, CAS360_REFRESH_TOKEN: undefined, CAS360_REFRESH_TOKEN_FILE: join(folder, 'none') }, 'CAS360_REFRESH_TOKEN_FILE points to a file that cannot be read'],
    ['an empty file', { ...PMS, ROUTER_SECRET_FILE: file('empty', '\n') }, 'ROUTER_SECRET_FILE points to an empty file'],
    ['an empty router secret', { ...PMS, ROUTER_SECRET: 'one,,two' }, 'ROUTER_SECRET has an empty part'],
    ['an address with a password', { ...PMS, PMS_BASE_URL: 'https://u:hunter2@pms.test' }, 'PMS_BASE_URL must be'],
    ['a malformed token address', { ...PMS, PMS_TOKEN_URL: 'auth' }, 'PMS_TOKEN_URL must be'],
    ['no system', { ROUTER_SECRET: 'secret' }, 'Neither PMS_BASE_URL nor CAS360_BASE_URL is set'],
    ['systems with empty addresses', { PMS_BASE_URL: '', CAS360_BASE_URL: ' ' }, 'Neither PMS_BASE_URL nor CAS360_BASE_URL is set'],
    ['chunks beyond the register’s page', { ...CAS360, CAS360_MAX_IDS: '501' }, 'CAS360_MAX_IDS must be a whole number from 1 to 500'],
  ])('refuse %s, once and without its value', (_what, env, fault) => {
    const message = faultsOf(env);
    expect(message.split('\n')).toHaveLength(2);
    expect(message).toContain(fault);
    expect(message).not.toContain('hunter2');
  });

  const SECRETS = ['PMS_CLIENT_SECRET', 'CAS360_CLIENT_SECRET', 'CAS360_REFRESH_TOKEN', 'ROUTER_SECRET', 'REDIS_URL'];
  const ALL: Record<string, string> = { ...PMS, ...CAS360, ROUTER_SECRET: 'router', REDIS_URL: 'redis://redis.test' };

  test('have these secrets, as their documentation says', () => {
    expect([...readFileSync('docs/settings.md', 'utf8').matchAll(/^\| `(\w+)` \* \|/gm)].map(([, name]) => name).sort()).toEqual([...SECRETS].sort());
  });

  test.each(SECRETS)('refuse an empty %s, and an empty path to its file', (secret) => {
    const { [secret]: _, ...others } = ALL;
    const path = file(secret, ALL[secret]!);
    expect(faultsOf({ ...others, [`${secret}_FILE`]: path })).toBe('none');
    for (const empty of ['', ' ', '\n', '\t \r\n']) {
      for (const name of [secret, `${secret}_FILE`]) {
        expect(faultsOf({ ...others, [name]: empty })).toBe(`The settings cannot be used:\n  - ${name} is empty: give it a value, or do not set it`);
      }
      // Also beside one that has a value.
      expect(faultsOf({ ...others, [secret]: empty, [`${secret}_FILE`]: path })).toContain(`${secret} is empty`);
      expect(faultsOf({ ...ALL, [`${secret}_FILE`]: empty })).toContain(`${secret}_FILE is empty`);
    }
  });

  test('that are empty are named together with all other faults', () => {
    expect(faultsOf({ ROUTER_SECRET: '', REDIS_URL: '', PORT: 'x' })).toBe(`The settings cannot be used:
  - PORT must be a whole number from 0 to 65535
  - ROUTER_SECRET is empty: give it a value, or do not set it
  - REDIS_URL is empty: give it a value, or do not set it
  - Neither PMS_BASE_URL nor CAS360_BASE_URL is set: without a system to ask, every contact would be an error`);
  });
});
