import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

function faultsOf(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
}

describe('The settings', () => {
  test('are all optional: without any, both upstreams are switched off and nothing is open', () => {
    expect(readConfig({})).toEqual({
      host: '0.0.0.0',
      port: 4001,
      pms: undefined,
      cas360: undefined,
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
    expect(readConfig({ ROUTER_SECRET: 'old, new' }).routerSecrets).toEqual(['old', 'new']);
    expect(readConfig({ ROUTER_SECRET_FILE: file('router', 'old,new\n') }).routerSecrets).toEqual(['old', 'new']);
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
    ['a file that is not there', { ...CAS360, CAS360_REFRESH_TOKEN: '', CAS360_REFRESH_TOKEN_FILE: join(folder, 'none') }, 'CAS360_REFRESH_TOKEN_FILE points to a file that cannot be read'],
    ['an empty file', { ROUTER_SECRET_FILE: file('empty', '\n') }, 'ROUTER_SECRET_FILE points to an empty file'],
    ['an empty router secret', { ROUTER_SECRET: 'one,,two' }, 'ROUTER_SECRET has an empty part'],
    ['an address with a password', { ...PMS, PMS_BASE_URL: 'https://u:hunter2@pms.test' }, 'PMS_BASE_URL must be'],
    ['a malformed token address', { ...PMS, PMS_TOKEN_URL: 'auth' }, 'PMS_TOKEN_URL must be'],
    ['chunks beyond the register’s page', { ...CAS360, CAS360_MAX_IDS: '501' }, 'CAS360_MAX_IDS must be a whole number from 1 to 500'],
  ])('refuse %s, once and without its value', (_what, env, fault) => {
    const message = faultsOf(env);
    expect(message.split('\n')).toHaveLength(2);
    expect(message).toContain(fault);
    expect(message).not.toContain('hunter2');
  });
});
