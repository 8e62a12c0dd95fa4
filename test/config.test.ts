/** @needs openssl */
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createClient } from '@redis/client';
import { inspectConfig, readConfig } from '../src/config.js';
import { issue } from './support/certificates.js';

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
      proxies: { http: undefined, https: undefined, noProxy: '' },
      routerSecrets: [],
      corsOrigins: [],
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
      attemptTimeoutMs: 3_000,
      maxWaitMs: 500,
      maxPauseSeconds: 60,
      maxDelayMs: 150,
      telemetry: undefined,
      warnings: [],
      jit: true,
      graphiql: false,
    });
  });

  test('default the CAS 360 token address to a place below its base', () => {
    expect(readConfig(CAS360).cas360?.tokenUrl.href).toBe('https://cas.test/api/oauth/token');
    expect(readConfig({ ...CAS360, CAS360_BASE_URL: 'https://cas.test/api/' }).cas360?.tokenUrl.href).toBe('https://cas.test/api/oauth/token');
    expect(readConfig({ ...CAS360, CAS360_TOKEN_URL: 'https://auth.test/t' }).cas360?.tokenUrl.href).toBe('https://auth.test/t');
  });

  test('take a secret from a file, without its line end', () => {
    const { PMS_CLIENT_SECRET: _, ...others } = PMS;
    expect(readConfig({ ...others, PMS_CLIENT_SECRET_FILE: file('pms', 'from file\n') }).pms?.clientSecret).toBe('from file');
  });

  test('have an operation wait for a system for 85 % of its time, unless they say otherwise', () => {
    const timeouts = (env: Record<string, string>) => {
      const { pms, cas360 } = readConfig({ ...PMS, ...CAS360, ...env });
      return [pms?.timeoutMs, cas360?.timeoutMs];
    };
    expect(timeouts({})).toEqual([6_800, 6_800]);
    expect(timeouts({ REQUEST_TIMEOUT_MS: '2000' })).toEqual([1_700, 1_700]);
    expect(timeouts({ REQUEST_TIMEOUT_MS: '1' })).toEqual([1, 1]);
    expect(timeouts({ CAS360_TIMEOUT_MS: '500' })).toEqual([6_800, 500]);
    expect(faultsOf({ ...PMS, REQUEST_TIMEOUT_MS: '2000', PMS_TIMEOUT_MS: '2001' })).toContain('PMS_TIMEOUT_MS must be a whole number from 1 to 2000');
  });

  test('let a system set its own pace, unless they limit it', () => {
    const { pms, cas360 } = readConfig({ ...PMS, ...CAS360, PMS_MAX_RATE: '50' });
    expect([pms?.maxRate, cas360?.maxRate]).toEqual([50, undefined]);
  });

  test('take several router secrets', () => {
    expect(readConfig({ ...PMS, ROUTER_SECRET: 'old, new' }).routerSecrets).toEqual(['old', 'new']);
    expect(readConfig({ ...PMS, ROUTER_SECRET: 'two words' }).routerSecrets).toEqual(['two words']);
    expect(readConfig({ ...PMS, ROUTER_SECRET_FILE: file('router', 'old,new\n') }).routerSecrets).toEqual(['old', 'new']);
  });

  test('take the origins of pages that may ask directly', () => {
    const origins = 'https://app.example.test, http://localhost:*,http://[::1]:3000,https://a.test:8443';
    expect(readConfig({ ...PMS, CORS_ORIGINS: origins }).corsOrigins).toEqual(['https://app.example.test', 'http://localhost:*', 'http://[::1]:3000', 'https://a.test:8443']);
    expect(readConfig({ ...PMS, CORS_ORIGINS: ' ' }).corsOrigins).toEqual([]);
  });

  test.each(['*', 'null', 'app.test', 'https://app.test/', 'https://app.test/path', 'https://app.test?', 'https://app.test#', 'https://u:p@app.test', 'ftp://app.test', 'file://', 'https://*.app.test', 'https://APP.test', 'https://app.test:443', 'http://app.test:80', 'https://app.test:0x1', 'https://app.test:**', 'https://app.test:1:*', 'https://bücher.test', 'https://app.test:', '', 'https://a.test https://b.test'])(
    'refuse %j as such an origin',
    (origin) => {
      expect(faultsOf({ ...PMS, CORS_ORIGINS: `https://fine.test,${origin}` })).toContain('CORS_ORIGINS has a part that is not an origin (number 2): give ');
    },
  );

  const AUTH = { AUTH_JWKS_URL: 'https://auth.test/jwks', AUTH_ISSUER: 'issuer', AUTH_AUDIENCE: 'audience' };
  const EVERY = { ...PMS, ...CAS360, ...AUTH, CACHE_TTL_SECONDS: '1', MAX_WAITING_BYTES: '17179869184' };

  test.each([
    ['PORT', 'port', 0, 65_535],
    ['CAS360_MAX_IDS', 'cas360.maxIds', 1, 500],
    ['CAS360_MAX_PATH_BYTES', 'cas360.maxPathBytes', 100, 8_000],
    ['MAX_AGE_SECONDS', 'maxAgeSeconds', 0, 86_400],
    ['CACHE_MAX_ENTRIES', 'cache.maxEntries', 1, 10_000_000],
    ['MAX_ANSWER_BYTES', 'maxAnswerBytes', 1_024, 268_435_456],
    ['WRITE_TIMEOUT_MS', 'writeTimeoutMs', 100, 600_000],
    ['MAX_QUERY_LINES', 'maxQueryLines', 1, 1_000_000],
    ['MAX_QUERY_CHARACTERS', 'maxQueryCharacters', 1, 10_000_000],
    ['MAX_BODY_BYTES', 'maxBodyBytes', 1_024, 104_857_600],
    ['REQUEST_TIMEOUT_MS', 'requestTimeoutMs', 1, 600_000],
    ['ATTEMPT_TIMEOUT_MS', 'attemptTimeoutMs', 1, 600_000],
    ['MAX_WAIT_MS', 'maxWaitMs', 1, 600_000],
    ['MAX_PAUSE_SECONDS', 'maxPauseSeconds', 1, 86_400],
    // At most the deadline of an operation.
    ['PMS_TIMEOUT_MS', 'pms.timeoutMs', 1, 8_000],
    ['CAS360_TIMEOUT_MS', 'cas360.timeoutMs', 1, 8_000],
    ['PMS_MAX_RATE', 'pms.maxRate', 1, 100_000],
    ['CAS360_MAX_RATE', 'cas360.maxRate', 1, 100_000],
    ['MAX_EVENT_LOOP_DELAY_MS', 'maxDelayMs', 0, 10_000],
    ['MAX_REPRESENTATIONS', 'limits.maxRepresentations', 1, 1_000_000],
    ['MAX_BODY_OBJECTS', 'limits.maxBodyObjects', 1, 100_000_000],
    ['MAX_BODY_KEYS', 'limits.maxBodyKeys', 1, 100_000_000],
    ['MAX_TOKENS', 'limits.maxTokens', 1, 1_000_000],
    ['MAX_DEPTH', 'limits.maxDepth', 1, 1_000_000],
    ['MAX_ALIASES', 'limits.maxAliases', 1, 1_000_000],
    ['MAX_ALIAS_CHARACTERS', 'limits.maxAliasCharacters', 1, 1_000_000],
    ['MAX_DIRECTIVES', 'limits.maxDirectives', 1, 1_000_000],
    ['MAX_ROOT_FIELDS', 'limits.maxRootFields', 1, 1_000_000],
    ['MAX_ENTITIES_FIELDS', 'limits.maxEntitiesFields', 1, 1_000_000],
    ['MAX_VARIABLES_DEPTH', 'limits.maxVariablesDepth', 1, 1_000_000],
    ['MAX_REPEATS', 'limits.maxRepeats', 1, 1_000_000],
    ['MAX_IDS', 'limits.maxIds', 1, 1_000],
    ['MAX_ANSWER_FIELDS', 'limits.maxAnswerFields', 1, 100_000_000],
  ])('read the number %s as %s, from %i to %i', (name, place, least, most) => {
    for (const value of [least, most]) expect(readConfig({ ...EVERY, [name]: ` ${value} ` })).toHaveProperty(place, value);
    for (const wrong of [least - 1, most + 1, `${most}.0`, `x${least}`, `${least}x`, '+1', '0x10', '1e2', '-1']) {
      expect(faultsOf({ ...EVERY, [name]: String(wrong) })).toBe(`The settings cannot be used:\n  - ${name} must be a whole number from ${least} to ${most}`);
    }
  });

  test.each([
    ['HOST', 'host', '127.0.0.1'],
    ['PMS_SCOPE', 'pms.scope', 'contacts'],
    ['PMS_CLIENT_ID', 'pms.clientId', 'pms-client'],
    ['PMS_CLIENT_SECRET', 'pms.clientSecret', 'pms-secret'],
    ['CAS360_SCOPE', 'cas360.scope', 'register'],
    ['CAS360_TOKEN_FILE', 'cas360.tokenFile', '/var/token'],
    ['CAS360_CLIENT_ID', 'cas360.clientId', 'cas-client'],
    ['CAS360_CLIENT_SECRET', 'cas360.clientSecret', 'cas-secret'],
    ['CAS360_REFRESH_TOKEN', 'cas360.refreshToken', 'first'],
    ['AUTH_ISSUER', 'auth.issuer', 'us'],
    ['AUTH_AUDIENCE', 'auth.audience', 'contacts'],
    ['REDIS_URL', 'redisUrl', 'redis://redis.test'],
    ['REDIS_URL', 'redisUrl', 'rediss://:hunter2@redis.test:6380/1'],
  ])('read the text %s as %s', (name, place, text) => {
    expect(readConfig({ ...EVERY, [name]: ` ${text} ` })).toHaveProperty(place, text);
  });

  test.each([
    ['PMS_BASE_URL', 'pms.baseUrl'],
    ['PMS_TOKEN_URL', 'pms.tokenUrl'],
    ['CAS360_BASE_URL', 'cas360.baseUrl'],
    ['CAS360_TOKEN_URL', 'cas360.tokenUrl'],
  ])('read the address %s as %s, if it is http or https and nothing more', (name, place) => {
    for (const address of ['http://here.test/', 'https://here.test/path']) expect(readConfig({ ...EVERY, [name]: address })).toHaveProperty(place, new URL(address));
    for (const wrong of ['x', 'xhttp://here.test', 'httpx://here.test', 'https://user@here.test', 'https://:pass@here.test', 'https://here.test?a=1', 'https://here.test/?', 'https://here.test#part', 'https://here.test/#']) {
      expect(faultsOf({ ...EVERY, [name]: wrong })).toContain(`${name} must be an http or https address, without user, query or fragment`);
    }
  });

  test('read the address of keys with its query, in which some issuers want the name of a policy', () => {
    const address = 'https://here.test/keys?p=policy';
    expect(readConfig({ ...EVERY, AUTH_JWKS_URL: address }).auth?.jwksUrl.href).toBe(address);
    for (const wrong of ['x', 'https://user@here.test', 'https://here.test#part', 'https://here.test/?p=policy#']) {
      expect(faultsOf({ ...EVERY, AUTH_JWKS_URL: wrong })).toContain('AUTH_JWKS_URL must be an http or https address, without user or fragment');
    }
  });

  test.each([
    ['JIT', 'jit'],
    ['GRAPHIQL', 'graphiql'],
  ])('read %s as true or false', (name, place) => {
    for (const value of [true, false]) expect(readConfig({ ...PMS, [name]: String(value) })).toHaveProperty(place, value);
    for (const wrong of ['yes', 'TRUE', '1']) expect(faultsOf({ ...PMS, [name]: wrong })).toBe(`The settings cannot be used:\n  - ${name} must be true or false`);
  });

  test.each([
    'redis', 'http://redis.test', 'xredis://redis.test', 'redisx://redis.test', 'redis:redis.test', 'redis://redis.test/cache', 'redis://redis.test/1/2', 'redis://redis.test/x1',
    'redis://u:p%ZZ@redis.test', 'redis://u%ZZ@redis.test', 'redis://u%C3:%A9@redis.test',
  ])('refuse %s as the address of Redis, beside what else is wrong', (wrong) => {
    expect(faultsOf({ ...PMS, JIT: 'x', REDIS_URL: wrong })).toBe(`The settings cannot be used:
  - REDIS_URL must be a redis or rediss address. Its path can only be the number of a database, and user and password must be percent-encoded if they need it
  - JIT must be true or false`);
  });

  test.each(['redis://redis.test', 'redis://redis.test/', 'redis://redis.test:6380/15', 'rediss://anna:p%40ss@redis.test', 'redis://[::1]'])('take %s as the address of Redis, as its client does', (address) => {
    expect(createClient({ url: readConfig({ ...PMS, REDIS_URL: address }).redisUrl! })).toBeDefined();
  });

  test('keep answers only with a time to keep them for', () => {
    expect(readConfig({ ...PMS, CACHE_TTL_SECONDS: '0', CACHE_MAX_ENTRIES: '5' }).cache).toBeUndefined();
    expect(readConfig({ ...PMS, CACHE_TTL_SECONDS: '2' }).cache).toEqual({ ttlMs: 2_000, maxEntries: 10_000 });
  });

  test('let as many bytes wait as one answer may have', () => {
    expect(readConfig({ ...PMS, MAX_ANSWER_BYTES: '5000', MAX_WAITING_BYTES: '5000' }).maxWaitingBytes).toBe(5_000);
    expect(faultsOf({ ...PMS, MAX_ANSWER_BYTES: '5000', MAX_WAITING_BYTES: '4999' })).toBe(
      'The settings cannot be used:\n  - MAX_WAITING_BYTES must be at least MAX_ANSWER_BYTES: an answer could never be sent',
    );
  });

  test('let a body hold what as many representations need as are allowed', () => {
    expect(readConfig({ ...PMS, MAX_REPRESENTATIONS: '10' }).limits).toMatchObject({ maxBodyObjects: 1_080, maxBodyKeys: 1_080 });
  });

  test('with faults can be looked at, with nothing in the place of what is missing', () => {
    const { config, faults } = inspectConfig({ PMS_BASE_URL: PMS.PMS_BASE_URL, CAS360_BASE_URL: CAS360.CAS360_BASE_URL, AUTH_JWKS_URL: AUTH.AUTH_JWKS_URL });
    expect(config.pms).toMatchObject({ tokenUrl: new URL(PMS.PMS_BASE_URL), clientId: '', clientSecret: '' });
    expect(config.cas360).toMatchObject({ clientId: '', clientSecret: '', refreshToken: undefined });
    expect(config.auth).toMatchObject({ issuer: '', audience: '' });
    expect(faults).toEqual(
      [
        ['PMS_TOKEN_URL', 'PMS_CLIENT_ID', 'PMS_CLIENT_SECRET', 'PMS_BASE_URL'],
        ['CAS360_CLIENT_ID', 'CAS360_CLIENT_SECRET', 'CAS360_REFRESH_TOKEN', 'CAS360_BASE_URL'],
        ['AUTH_ISSUER', 'AUTH_AUDIENCE', 'AUTH_JWKS_URL'],
      ].flatMap((names) =>
        names.slice(0, -1).map((name) => `${name} is missing: it is needed since ${names.at(-1)} is set${name === 'CAS360_REFRESH_TOKEN' ? '. Set it, or run npm run connect' : ''}`),
      ),
    );
  });

  test('need no refresh token of CAS 360 where one may be kept', () => {
    const { CAS360_REFRESH_TOKEN: _, ...without } = CAS360;
    const missing = 'CAS360_REFRESH_TOKEN is missing';
    expect(faultsOf(without)).toContain(missing);
    expect(faultsOf({ ...without, CAS360_TOKEN_FILE: join(folder, 'not-there-yet') })).toContain(missing);
    expect(faultsOf({ ...without, REDIS_URL: 'http://redis.test' })).toContain(missing);
    for (const place of [{ CAS360_TOKEN_FILE: file('kept', '{}') }, { REDIS_URL: 'redis://redis.test' }, { REDIS_URL_FILE: file('redis', 'redis://redis.test') }]) {
      expect(readConfig({ ...without, ...place }).cas360?.refreshToken).toBeUndefined();
      expect(readConfig({ ...CAS360, ...place }).cas360?.refreshToken).toBe('refresh');
      expect(faultsOf({ ...without, ...place, CAS360_REFRESH_TOKEN: ' ' })).toContain('CAS360_REFRESH_TOKEN is empty');
    }
  });

  test.each([
    ['PMS_BASE_URL', 'PMS_CLIENT_ID is set, and PMS_BASE_URL is not: the PMS is not connected'],
    ['CAS360_BASE_URL', 'CAS360_CLIENT_ID is set, and CAS360_BASE_URL is not: CAS 360 is not connected'],
    ['AUTH_JWKS_URL', 'AUTH_ISSUER is set, and AUTH_JWKS_URL is not: every caller is anonymous'],
  ])('warn of the rest where %s is missing', (name, warning) => {
    const { config, faults } = inspectConfig({ ...EVERY, [name]: '' });
    expect([faults, config.warnings]).toEqual([[], [warning]]);
    expect(inspectConfig(EVERY).config.warnings).toEqual([]);
  });

  test('that cannot be used end the start with an error of their own', () => {
    expect(() => readConfig({})).toThrow(expect.objectContaining({ name: 'SettingsError' }));
  });

  test('that are missing or malformed are all named at once', () => {
    expect(
      faultsOf({ PMS_BASE_URL: 'https://pms.test', CAS360_BASE_URL: 'ftp://cas.test', PORT: '70000', REQUEST_TIMEOUT_MS: '8s', GRAPHIQL: 'yes', AUTH_JWKS_URL: 'https://auth.test/jwks' }),
    ).toBe(
      `The settings cannot be used:
  - REQUEST_TIMEOUT_MS must be a whole number from 1 to 600000
  - PORT must be a whole number from 0 to 65535
  - PMS_TOKEN_URL is missing: it is needed since PMS_BASE_URL is set
  - PMS_CLIENT_ID is missing: it is needed since PMS_BASE_URL is set
  - PMS_CLIENT_SECRET is missing: it is needed since PMS_BASE_URL is set
  - CAS360_BASE_URL must be an http or https address, without user, query or fragment
  - CAS360_CLIENT_ID is missing: it is needed since CAS360_BASE_URL is set
  - CAS360_CLIENT_SECRET is missing: it is needed since CAS360_BASE_URL is set
  - CAS360_REFRESH_TOKEN is missing: it is needed since CAS360_BASE_URL is set. Set it, or run npm run connect
  - AUTH_ISSUER is missing: it is needed since AUTH_JWKS_URL is set
  - AUTH_AUDIENCE is missing: it is needed since AUTH_JWKS_URL is set
  - GRAPHIQL must be true or false`,
    );
  });

  test.each([
    ['PMS_BASE_URL', { PMS_BASE_URL: 'pms' }, ['PMS_TOKEN_URL', 'PMS_CLIENT_ID', 'PMS_CLIENT_SECRET']],
    ['CAS360_BASE_URL', { CAS360_BASE_URL: 'cas', CAS360_TOKEN_URL: 'cas', CAS360_MAX_IDS: '501' }, ['CAS360_TOKEN_URL', 'CAS360_CLIENT_ID', 'CAS360_CLIENT_SECRET', 'CAS360_REFRESH_TOKEN', 'CAS360_MAX_IDS']],
    ['AUTH_JWKS_URL', { ...PMS, AUTH_JWKS_URL: 'keys' }, ['AUTH_ISSUER', 'AUTH_AUDIENCE']],
  ])('a malformed %s hides no other fault', (name, env, others) => {
    const { config, faults } = inspectConfig(env);
    expect(faults.map((fault) => fault.split(' ', 1)[0])).toEqual([name, ...others]);
    expect([config.cas360, config.auth]).toEqual([undefined, undefined]);
  });

  test.each([
    ['a secret both in the environment and in a file', { ...PMS, PMS_CLIENT_SECRET_FILE: file('both', 'x') }, 'PMS_CLIENT_SECRET and PMS_CLIENT_SECRET_FILE are both set'],
    ['a file that is not there', { ...CAS360, CAS360_REFRESH_TOKEN: undefined, CAS360_REFRESH_TOKEN_FILE: join(folder, 'none') }, 'CAS360_REFRESH_TOKEN_FILE points to a file that cannot be read'],
    ['an empty file', { ...PMS, ROUTER_SECRET_FILE: file('empty', '\n') }, 'ROUTER_SECRET_FILE points to an empty file'],
    ['an empty router secret', { ...PMS, ROUTER_SECRET: 'one,,two' }, 'ROUTER_SECRET has an empty part'],
    ['a router secret of two lines', { ...PMS, ROUTER_SECRET: 'one\nhunter2' }, 'ROUTER_SECRET has a character that cannot stand in a header'],
    ['a router secret beyond ASCII', { ...PMS, ROUTER_SECRET: 'schlüssel' }, 'ROUTER_SECRET has a character that cannot stand in a header'],
    ['an audience alone', { ...PMS, AUTH_JWKS_URL: 'https://keys.test', AUTH_AUDIENCE: 'contacts' }, 'AUTH_ISSUER is missing: it is needed since AUTH_JWKS_URL is set'],
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

  const OTEL_SECRETS = ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'OTEL_EXPORTER_OTLP_METRICS_HEADERS'];
  const SECRETS = ['PMS_CLIENT_SECRET', 'CAS360_CLIENT_SECRET', 'CAS360_REFRESH_TOKEN', 'ROUTER_SECRET', 'REDIS_URL', ...OTEL_SECRETS];
  const ALL: Record<string, string> = {
    ...PMS,
    ...CAS360,
    ROUTER_SECRET: 'router',
    REDIS_URL: 'redis://redis.test',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otlp.test',
    ...Object.fromEntries(OTEL_SECRETS.map((name) => [name, 'key=value'])),
  };

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
  - REDIS_URL is empty: give it a value, or do not set it
  - PORT must be a whole number from 0 to 65535
  - ROUTER_SECRET is empty: give it a value, or do not set it
  - Neither PMS_BASE_URL nor CAS360_BASE_URL is set: without a system to ask, every contact would be an error`);
  });
});

describe('The proxies', () => {
  const proxies = (env: Record<string, string>) => readConfig({ ...PMS, ...env }).proxies;

  test.each<[Record<string, string>, { http?: string; https?: string; noProxy?: string }]>([
    [{ HTTPS_PROXY: 'http://proxy.test:3128' }, { https: 'http://proxy.test:3128/' }],
    [{ HTTP_PROXY: 'https://proxy.test' }, { http: 'https://proxy.test/' }],
    [{ HTTPS_PROXY: 'proxy.test:3128' }, { https: 'http://proxy.test:3128/' }],
    [{ HTTPS_PROXY: ' user:p%40ss@proxy.test:3128 ' }, { https: 'http://user:p%40ss@proxy.test:3128/' }],
    [{ https_proxy: 'http://lower.test', HTTPS_PROXY: 'http://upper.test' }, { https: 'http://lower.test/' }],
    [{ https_proxy: '', HTTPS_PROXY: 'http://upper.test' }, { https: 'http://upper.test/' }],
    [{ http_proxy: 'http://lower.test', HTTP_PROXY: 'http://upper.test' }, { http: 'http://lower.test/' }],
    [{ no_proxy: 'lower.test', NO_PROXY: 'upper.test' }, { noProxy: 'lower.test' }],
    [{ NO_PROXY: 'upper.test' }, { noProxy: 'upper.test' }],
    [{ HTTPS_PROXY: '', HTTP_PROXY: ' ', NO_PROXY: '' }, {}],
  ])('are read as curl reads them: %j', (env, { http, https, noProxy = '' }) => {
    const read = proxies(env);
    expect([read.http?.href, read.https?.href, read.noProxy]).toEqual([http, https, noProxy]);
  });

  test.each(['socks5://user:hunter2@proxy.test', 'http://', 'http://proxy.test:99999', 'http://proxy.test/hunter2', 'http://user:100%hunter2@proxy.test', 'proxy test hunter2', 'http://proxy.test?hunter2'])(
    'must have addresses that can be used: %s',
    (address) => {
      for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']) {
        expect(faultsOf({ ...PMS, [name]: address })).toBe(
          `The settings cannot be used:\n  - ${name} must be the address of an http or https proxy, with user and password percent-encoded if it needs them`,
        );
      }
    },
  );
});

describe('A client’s certificate', () => {
  const issued = issue();
  afterAll(() => issued.remove());
  const { certFile, keyFile, cert, key } = issued.client;
  const none = join(folder, 'none.pem');
  const faults = (certPath: string | undefined, keyPath: string | undefined, prefix = 'PMS'): string[] =>
    faultsOf({ ...PMS, ...CAS360, [`${prefix}_CLIENT_CERT_FILE`]: certPath, [`${prefix}_CLIENT_KEY_FILE`]: keyPath }).split('\n  - ').slice(1);

  test('is read with its key, for each system', () => {
    const { pms, cas360 } = readConfig({ ...PMS, ...CAS360, CAS360_CLIENT_CERT_FILE: certFile, CAS360_CLIENT_KEY_FILE: keyFile });
    expect([pms!.certificate, cas360!.certificate]).toEqual([undefined, { cert, key }]);
  });

  test('may come with those of its issuers, after its own', () => {
    expect(faults(file('chain.pem', cert + issued.authority), keyFile)).toEqual([]);
  });

  test.each(['PMS', 'CAS360'])('needs both files, with a pair in PEM: %s', (prefix) => {
    const CERT = `${prefix}_CLIENT_CERT_FILE`;
    const KEY = `${prefix}_CLIENT_KEY_FILE`;
    const rows: [string | undefined, string | undefined, string[]][] = [
      [certFile, undefined, [`${KEY} is missing: it is needed since ${CERT} is set`]],
      [undefined, keyFile, [`${CERT} is missing: it is needed since ${KEY} is set`]],
      [none, keyFile, [`${CERT} points to a file that cannot be read`]],
      [certFile, none, [`${KEY} points to a file that cannot be read`]],
      [none, none, [`${CERT} points to a file that cannot be read`, `${KEY} points to a file that cannot be read`]],
      [folder, keyFile, [`${CERT} points to a file that cannot be read`]],
      [file('text.pem', 'hunter2'), file('text.key', 'hunter2'), [`${CERT} holds no certificate in PEM`, `${KEY} holds no private key in PEM without a passphrase`]],
      [certFile, file('locked.key', createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter2' }) as string), [`${KEY} holds no private key in PEM without a passphrase`]],
      [file('empty.pem', ''), keyFile, [`${CERT} holds no certificate in PEM`]],
      [keyFile, certFile, [`${CERT} holds no certificate in PEM`, `${KEY} holds no private key in PEM without a passphrase`]],
      [file('half.pem', cert.slice(0, 200)), keyFile, [`${CERT} holds no certificate in PEM`]],
      [certFile, issued.server.keyFile, [`${KEY} does not belong to the first certificate of ${CERT}`]],
      [file('turned.pem', issued.authority + cert), keyFile, [`${KEY} does not belong to the first certificate of ${CERT}`]],
    ];
    for (const [certPath, keyPath, expected] of rows) expect(faults(certPath, keyPath, prefix)).toEqual(expected);
  });
});
