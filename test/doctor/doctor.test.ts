/** @needs redis-server */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { CAS360_TOKEN_KEY } from '../../src/build/tokenStore.js';
import { counted } from '../../src/doctor/findings.js';
import { readOptions } from '../../src/doctor/options.js';
import type { Fault } from '../../sandbox/faults.js';
import { listen, send, type RunningServer } from '../../sandbox/http.js';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { freePort } from '../support/freePort.js';
import { RedisServer } from '../support/redisServer.js';
import { diagnoseHere, runDoctor, secretsOf, withAccessToken, type Diagnosis } from './support/doctor.js';

const KNOWN = ['--pms', '4711', '--cas360', '54'];
const RENEWING = [...KNOWN, '--renew'];
const SECRET = 'uMQ2c9vXo1rT7yBnE4kLw8ZsD6fHaJ3p';
const CANARY = 'cnryQuillfeather77';
/** Public keys as key sets have them, without `alg`. */
const P_384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
const RSA_OF_1024 = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' });

let sandbox: Sandbox;
let redis: RedisServer;
/** Answers each path with what the test put there. */
let other: RunningServer;
const pages = new Map<string, { status?: number; body: unknown; headers?: Record<string, string> }>();
let folder: string;
/** A token whose access token is kept. */
let kept: Record<string, string>;
let runs: { settings: Record<string, string>; diagnosis: Diagnosis }[] = [];

beforeAll(async () => {
  [sandbox, redis] = await Promise.all([startSandbox(), RedisServer.start({ keepsAll: true })]);
  other = await listen(0, (request, response) => {
    if (request.url !== '/hangs') return send(response, { status: 200, ...(pages.get(request.url ?? '') ?? { status: 404, body: '' }) });
  });
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  kept = await withAccessToken(sandbox, folder);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await Promise.all([sandbox.stop(), redis.stop(), other.stop()]);
});
beforeEach(() => {
  runs = [];
  pages.clear();
  sandbox.pms.faults.clear();
  sandbox.cas360.faults.clear();
});
// Whatever is wrong, nothing is said that nobody may know.
afterEach(() => {
  for (const { settings, diagnosis } of runs) {
    const hidden = secretsOf(settings);
    hidden.add('what an upstream says', CANARY);
    for (const row of [sandbox.pms.data.contacts.get('4711'), sandbox.cas360.data.contacts.get('54')]) {
      for (const value of Object.values(row ?? {})) if (typeof value === 'string' && value.length > 8) hidden.add('a contact', value);
    }
    expect(hidden.count).toBeGreaterThan(10);
    expect(hidden.foundIn(diagnosis.output)).toEqual([]);
    expect(diagnosis.output).not.toMatch(/^\s+at /m);
  }
});

let files = 0;

/** A healthy installation, but for `settings`. With `--renew` it has a token of its own. `run` in this process unless given. */
async function diagnose(settings: Record<string, string> = {}, words = KNOWN, run = diagnoseHere): Promise<Diagnosis> {
  const unused = (): Record<string, string> => ({ CAS360_REFRESH_TOKEN: sandbox.cas360.issueRefreshToken(), CAS360_TOKEN_FILE: join(folder, `token-${++files}`) });
  const all = { ...sandbox.environment, ...(words.includes('--renew') ? unused() : kept), ROUTER_SECRET: SECRET, ...settings };
  const diagnosis = await run(all, ...words);
  runs.push({ settings: all, diagnosis });
  return diagnosis;
}

/** Without those that a busy machine brings about. */
const lasting = (warnings: string[]): string[] => warnings.filter((text) => !text.startsWith('slow: '));

describe('npm run doctor, where all is well', () => {
  test('says so of every part, and what it learnt', async () => {
    for (const path of ['/v1/traces', '/v1/metrics']) pages.set(path, { body: '' });
    const { code, output, of } = await diagnose({ REDIS_URL: redis.url, OTEL_EXPORTER_OTLP_ENDPOINT: other.url }, RENEWING, runDoctor);
    expect([...of('fault'), ...lasting(of('warning'))]).toEqual([]);
    expect(of('unknown')).toEqual([expect.stringContaining('AUTH_ISSUER does not describe itself')]);
    expect(output.match(/^\w.*$/gm)).toEqual(['Settings', 'PMS', 'CAS 360', 'Callers', 'Redis', 'Traces and metrics', `0 faults, ${counted(of('warning').length, 'warning')}`]);
    expect(of('ok').filter((text) => text.includes('the known contact was found'))).toHaveLength(2);
    for (const learnt of [/token granted in \d+ ms; it lives 3600 seconds/, /a contact with relationships took \d+ ms/, /one call takes 100 ids/, /every key and listed value .*pms.yaml/, /(Redis|Valkey) \d+\.\d+/]) {
      expect(output).toMatch(learnt);
    }
    expect(code).toBe(0);
  });

  test('takes the known contacts from settings too, and says how to give them', async () => {
    const { output, code } = await diagnose({ DOCTOR_PMS_CONTACT: '4711', DOCTOR_CAS360_CONTACT: '54' }, ['--renew']);
    expect(output.match(/the known contact was found/g)).toHaveLength(2);
    expect(code).toBe(0);
    const { of, code: without } = await diagnose({}, []);
    expect(of('unknown')).toEqual(expect.arrayContaining([expect.stringContaining('--pms or DOCTOR_PMS_CONTACT'), expect.stringContaining('--cas360 or DOCTOR_CAS360_CONTACT')]));
    expect(of('ok')).toEqual(expect.arrayContaining(['the endpoint answers 404 for a number that nobody has', 'the endpoint answers, and leaves out a number that nobody has']));
    expect(without).toBe(0);
  });

  test('is in colours only where they are wanted', async () => {
    expect((await runDoctor({ FORCE_COLOR: '1' })).output).toContain('\u001b[31mfault');
    expect((await runDoctor({ NO_COLOR: '1' })).output).toMatch(/^ {2}fault/m);
  });

  test('takes warnings for no failure', async () => {
    const { of, code } = await diagnose({ GRAPHIQL: 'true', ROUTER_SECRET: `${SECRET},hunter2hunter2` });
    expect(lasting(of('warning'))).toEqual([expect.stringContaining('GRAPHIQL is true'), expect.stringContaining('ROUTER_SECRET, part 2, can be guessed')]);
    expect(code).toBe(0);
  });

  test('refuses arguments that it does not know, on standard error', async () => {
    const { code, output } = await runDoctor({}, '-o', 'json', '--spend');
    expect(code).toBe(2);
    expect(output).toMatch(/^Unknown option '--spend'[^]*\n\nnpm run doctor -- /);
  });

  test.each([
    [['--pms', 'x1'], /--pms must be the number of a contact/],
    [['4711'], /Unexpected argument/],
    [['-o', 'yaml'], /--output must be text or json/],
    [['--wait=0'], /--wait must be a number of seconds from 1 to 3600/],
    [['--wait=3601'], /--wait must be/],
    [['--wait=1e3'], /--wait must be/],
    [['--wait='], /--wait must be/],
    [['--wait', '--renew'], /--renew and --wait cannot go together/],
  ])('refuses %j', (words, message) => {
    expect(() => readOptions(words, {})).toThrow(message);
  });

  test('refuses a known contact of the environment that is no number', () => {
    expect(() => readOptions([], { DOCTOR_PMS_CONTACT: 'x1' })).toThrow(/DOCTOR_PMS_CONTACT must be the number of a contact/);
  });
});

interface Plant {
  readonly settings?: Record<string, string>;
  readonly pms?: Fault[];
  readonly cas360?: Fault[];
  readonly pages?: Record<string, { status?: number; body: unknown; headers?: Record<string, string> }>;
  readonly words?: string[];
  /** What is wrong, as it must be said. */
  readonly fault: RegExp;
  /** How many faults it may cause. Two unless given. */
  readonly faults?: number;
}

const HTML = '<!doctype html><title>Sign in</title><p>cnryQuillfeather77</p>';

/** `{pms}`, `{cas360}`, `{other}`, `{folder}` and `{free}` stand for what is known only then. */
const PLANTED: Record<string, Plant> = {
  'a missing client id': { settings: { PMS_CLIENT_ID: '' }, fault: /PMS_CLIENT_ID is missing/ },
  'a setting that cannot be read': { settings: { REQUEST_TIMEOUT_MS: '8s' }, fault: /REQUEST_TIMEOUT_MS must be/ },
  'an empty part in ROUTER_SECRET': { settings: { ROUTER_SECRET: `${SECRET},,` }, fault: /ROUTER_SECRET has an empty part/ },
  'a ROUTER_SECRET that no header can carry': { settings: { ROUTER_SECRET: `${SECRET}é €` }, fault: /ROUTER_SECRET has a character/ },
  'no system at all': { settings: { PMS_BASE_URL: '', CAS360_BASE_URL: '' }, fault: /Neither PMS_BASE_URL nor CAS360_BASE_URL is set/ },
  'an empty ROUTER_SECRET': { settings: { ROUTER_SECRET: ' ' }, fault: /ROUTER_SECRET is empty/ },
  'an empty path to a secret': { settings: { REDIS_URL_FILE: '' }, fault: /REDIS_URL_FILE is empty/ },
  'an empty PMS secret': { settings: { PMS_CLIENT_SECRET: '' }, fault: /PMS_CLIENT_SECRET is empty/ },
  'a wrong PMS secret': { settings: { PMS_CLIENT_SECRET: 'cnryWrongSecret' }, fault: /does not take PMS_CLIENT_ID with PMS_CLIENT_SECRET/ },
  'a wrong CAS 360 secret': { settings: { CAS360_CLIENT_SECRET: 'cnryWrongSecret' }, words: RENEWING, fault: /does not take CAS360_CLIENT_ID with CAS360_CLIENT_SECRET/ },
  'a wrong PMS token address': { settings: { PMS_TOKEN_URL: '{pms}/oauth/tokens' }, fault: /PMS_TOKEN_URL answered 404: there is no token endpoint/ },
  'a wrong CAS 360 token address': { settings: { CAS360_TOKEN_URL: '{cas360}/token' }, words: RENEWING, fault: /CAS360_TOKEN_URL answered 404: there is no token endpoint/ },
  'a token address that is a web page': { settings: { PMS_TOKEN_URL: '{other}/login' }, pages: { '/login': { body: HTML } }, fault: /PMS_TOKEN_URL: the token endpoint answered no JSON/ },
  'a token address that answers 2 MB': { settings: { PMS_TOKEN_URL: '{other}/login' }, pages: { '/login': { body: HTML.repeat(40_000) } }, fault: /PMS_TOKEN_URL: the token endpoint answered too much/ },
  'a PMS address with a path too many': { settings: { PMS_BASE_URL: '{pms}/api/v3' }, fault: /PMS_BASE_URL: the endpoint for contacts is not there. The answer is a gateway’s 404. Is there a path too many/ },
  'a CAS 360 address with a path too many': { settings: { CAS360_BASE_URL: '{cas360}/contacts', CAS360_TOKEN_URL: '{cas360}/oauth/token' }, fault: /CAS360_BASE_URL: the endpoint for contacts is not there.*path too many or too few in CAS360_BASE_URL/ },
  'a host that is not known': { settings: { PMS_BASE_URL: 'http://pms.invalid' }, fault: /PMS_BASE_URL: (its host name is not known|no connection)/ },
  'a port that nobody listens at': { settings: { CAS360_BASE_URL: 'http://127.0.0.1:{free}', CAS360_TOKEN_URL: '{cas360}/oauth/token' }, fault: /CAS360_BASE_URL, contacts: the connection was refused/ },
  'https where http is spoken': { settings: { PMS_BASE_URL: 'https://{pmsHost}' }, fault: /PMS_BASE_URL: no TLS is spoken there/ },
  'a token that the endpoint does not take': { pms: [{ status: 401, body: CANARY }], fault: /401: it does not take the token/ },
  'a client that may not read contacts': { pms: [{ status: 403, body: CANARY }], fault: /403: the client may not do this/ },
  'a system in trouble': { cas360: [{ status: 503, body: CANARY }], fault: /CAS360_BASE_URL, contacts: it answered 503: it is in trouble/ },
  'a web page in place of contacts': { cas360: [{ body: HTML, contentType: 'text/html' }], fault: /CAS360_BASE_URL, contacts: it answered a web page: a login page, or/ },
  'a PMS contact that is not there': { words: ['--pms', '999999999'], fault: /known contact was not found: look at its number \(--pms/ },
  'a CAS 360 contact that is not there': { words: ['--cas360', '999999999'], fault: /known contact was not found: look at its number \(--cas360/ },
  'another contact than asked for': { pms: [{ wrongId: true }], fault: /not the contact that was asked for/ },
  'a spent refresh token': { settings: { CAS360_REFRESH_TOKEN: 'refresh-cnrySpent' }, words: RENEWING, fault: /CAS 360 refused the refresh token/ },
  'a token file in a folder that is not there': { settings: { CAS360_TOKEN_FILE: '{folder}/none/token' }, fault: /CAS360_TOKEN_FILE: its folder does not exist/ },
  'a token file in a folder that nobody may write': { settings: { CAS360_TOKEN_FILE: '/sys/contacts-token' }, fault: /CAS360_TOKEN_FILE: this user may not read and write it/ },
  'a token file of somebody else’s': { settings: { CAS360_TOKEN_FILE: '{folder}/foreign' }, fault: /CAS360_TOKEN_FILE: it holds no refresh token of ours/ },
  'a key set that is no JSON': { settings: { AUTH_JWKS_URL: '{other}/jwks' }, pages: { '/jwks': { body: HTML } }, fault: /AUTH_JWKS_URL: what it answers is no JSON/ },
  'a key set of 2 MB': { settings: { AUTH_JWKS_URL: '{other}/jwks' }, pages: { '/jwks': { body: HTML.repeat(40_000) } }, fault: /AUTH_JWKS_URL: what it answers is too large/ },
  'a key set that is elsewhere': {
    settings: { AUTH_JWKS_URL: '{other}/jwks' },
    pages: { '/jwks': { status: 307, body: '', headers: { location: '/keys' } }, '/keys': { body: { keys: [] } } },
    fault: /AUTH_JWKS_URL: it answered 307/,
  },
  'a key set without a usable key': { settings: { AUTH_JWKS_URL: '{other}/jwks' }, pages: { '/jwks': { body: { keys: [{ kty: 'oct', k: CANARY }] } } }, fault: /none of its 1 key can verify/ },
  'a key that is too short': { settings: { AUTH_JWKS_URL: '{other}/jwks' }, pages: { '/jwks': { body: { keys: [RSA_OF_1024] } } }, fault: /none of its 1 key can verify/ },
  'a key set with a member that is no key': { settings: { AUTH_JWKS_URL: '{other}/jwks' }, pages: { '/jwks': { body: { keys: [P_384, null] } } }, fault: /what it answers is no key set/ },
  'an issuer that differs by a slash': {
    settings: { AUTH_ISSUER: '{other}' },
    pages: { '/.well-known/openid-configuration': { body: { issuer: '{other}/' } } },
    fault: /AUTH_ISSUER is not what the issuer calls itself: they differ by the slash/,
  },
  'a Redis that is not there': { settings: { REDIS_URL: 'redis://:cnryPassword@127.0.0.1:{free}' }, fault: /REDIS_URL: the connection was refused/ },
  'a password that Redis does not know': { settings: { REDIS_URL: 'redis://anna:cnryPassword@{redisHost}' }, fault: /REDIS_URL: it does not take the user and the password/ },
  'a Redis that is something else': { settings: { REDIS_URL: 'redis://:cnryPassword@{pmsHost}' }, fault: /REDIS_URL: it ended the connection: is that the port of Redis/ },
  'a proxy that is not there': { settings: { HTTP_PROXY: 'http://127.0.0.1:{free}', NO_PROXY: '{cas360Host}' }, fault: /PMS_BASE_URL: the proxy cannot be reached: look at host and port of HTTPS_PROXY or HTTP_PROXY/, faults: 3 },
  'a receiver of traces alone that is none': { settings: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '{other}/x' }, fault: /OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: its path for traces answered 404: is it a receiver/ },
  'a receiver of metrics that takes another key': {
    settings: { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: '{other}/m', OTEL_EXPORTER_OTLP_HEADERS: 'api-key=cnryOtlpKey' },
    pages: { '/m': { status: 403, body: CANARY } },
    fault: /OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: its path for metrics answered 403: it does not let this service in. Look at the key/,
  },
  'a receiver of traces that is elsewhere': {
    settings: { OTEL_EXPORTER_OTLP_ENDPOINT: '{other}', OTEL_METRICS_EXPORTER: 'none' },
    pages: { '/v1/traces': { status: 307, body: '', headers: { location: '/traces' } }, '/traces': { body: '' } },
    fault: /OTEL_EXPORTER_OTLP_ENDPOINT: its path for traces answered 307/,
  },
  'a receiver of metrics that is none, at an address of their own': {
    settings: { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: '{other}/in' },
    fault: /OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: its path for metrics answered 404/,
  },
  'a receiver of traces that is none': { settings: { OTEL_EXPORTER_OTLP_ENDPOINT: '{other}', OTEL_METRICS_EXPORTER: 'none' }, fault: /OTEL_EXPORTER_OTLP_ENDPOINT: its path for traces answered 404/ },
};

describe('npm run doctor finds', () => {
  async function planted({ settings = {}, pms = [], cas360 = [], pages: given = {}, words }: Omit<Plant, 'fault'>): Promise<Diagnosis> {
    writeFileSync(join(folder, 'foreign'), '{"token":"cnryForeign"}');
    const places: Record<string, string> = { pms: sandbox.pms.url, cas360: sandbox.cas360.url, other: other.url, folder, free: String(await freePort()), pmsHost: new URL(sandbox.pms.url).host, cas360Host: new URL(sandbox.cas360.url).host, redisHost: new URL(redis.url).host };
    const fill = <T>(value: T): T => JSON.parse(JSON.stringify(value).replace(/\{(\w+)\}/g, (text, name: string) => places[name] ?? text)) as T;
    for (const [path, page] of Object.entries(fill(given))) pages.set(path, page);
    sandbox.pms.faults.set(pms);
    sandbox.cas360.faults.set(cas360);
    return diagnose(fill(settings), words);
  }

  test.each(Object.entries(PLANTED))('%s', async (_what, plant) => {
    const { code, of } = await planted(plant);
    expect(of('fault')).toEqual(expect.arrayContaining([expect.stringMatching(plant.fault)]));
    // It names what is wrong and blames nothing else.
    expect(of('fault').length).toBeLessThanOrEqual(plant.faults ?? 2);
    expect(code).toBe(1);
  });

  test('an endpoint that does not answer, and a key set that does not come', async () => {
    const { code, of } = await planted({ settings: { AUTH_JWKS_URL: '{other}/hangs', REQUEST_TIMEOUT_MS: '4000' }, pms: [{ hang: true }] });
    expect(of('fault')).toEqual([expect.stringContaining('PMS_BASE_URL: it did not answer in time'), expect.stringContaining('AUTH_JWKS_URL: it did not answer in time')]);
    expect(code).toBe(1);
  });

  test('a key of a curve that is rarely used, and is content with it', async () => {
    const { of } = await planted({ settings: { AUTH_JWKS_URL: '{other}/jwks' }, pages: { '/jwks': { body: { keys: [P_384] } } } });
    expect(of('ok')).toContainEqual(expect.stringMatching(/^AUTH_JWKS_URL answers in .*, with 1 usable key of 1$/));
  });

  test.each(Object.entries<Plant>({
    'an issuer that is no address': { settings: { AUTH_ISSUER: 'identity.example' }, fault: /AUTH_ISSUER is no http or https address/ },
    'a slow endpoint': { settings: { REQUEST_TIMEOUT_MS: '6000' }, pms: [{ latencyMs: 1_600 }], fault: /slow: a contact took \d{4} ms. REQUEST_TIMEOUT_MS leaves 5100 ms/ },
    'a clock that goes wrong': {
      settings: { AUTH_JWKS_URL: '{other}/jwks' },
      pages: { '/jwks': { body: { keys: [] }, headers: { date: 'Tue, 01 Jan 2030 00:00:00 GMT' } } },
      fault: /the clock here and that of the key server are \d+ seconds apart/,
    },
    'keys and listed values that are new in the PMS': {
      pms: [{ patch: { status: CANARY, loyaltyTier: CANARY, [`${CANARY} x`]: 1, gender: 7, primaryContactAddress: { city: CANARY, what3words: CANARY } } }],
      fault: /5 things that openapi\/pms.yaml does not know: .*status has a value.*primaryContactAddress.what3words is not known/,
    },
    'keys that are new in CAS 360, and in its relationships': {
      cas360: [{ on: 'contacts', patch: { contactType: CANARY, relationships: [{ parentId: '7', shares: 3 }] } }],
      fault: /2 things that openapi\/cas360.yaml does not know: .*relationships\[\].shares is not known/,
    },
    'bulk calls that are too large': {
      settings: { CAS360_MAX_IDS: '100' },
      cas360: [{ on: 'contacts', ids: ['2147483600'], status: 414 }],
      fault: /one call takes 25 ids, not the 100 .*CAS360_MAX_IDS=25/,
    },
    'that nothing keeps the refresh token': { settings: { CAS360_TOKEN_FILE: '' }, fault: /neither CAS360_TOKEN_FILE nor REDIS_URL is set/ },
  }))('%s, and warns', async (_what, plant) => {
    expect((await planted(plant)).of('warning')).toEqual(expect.arrayContaining([expect.stringMatching(plant.fault)]));
  });

  test('what is wrong in one part, and checks the others', async () => {
    const { of, output } = await diagnose({ PMS_CLIENT_ID: '', CAS360_MAX_IDS: 'many', AUTH_JWKS_URL: 'keys' });
    expect(of('fault')).toHaveLength(3);
    expect(output.match(/not checked: its settings have faults/g)).toHaveLength(3);
    // The settings of CAS 360 are there, faulty as one of them is.
    expect(of('warning').join()).not.toContain('is not connected');
    expect(output).toContain('REDIS_URL is not set');
  });

  test('a Redis that may lose the refresh token', async () => {
    await redis.ask((client) => client.configSet({ 'maxmemory-policy': 'allkeys-lru', appendonly: 'no' }));
    const { of } = await diagnose({ REDIS_URL: redis.url }, []);
    await redis.ask((client) => client.configSet({ 'maxmemory-policy': 'noeviction', appendonly: 'yes' }));
    expect(lasting(of('warning'))).toEqual([expect.stringContaining('maxmemory-policy): set noeviction'), expect.stringContaining('set appendonly yes')]);
  });

  const command = (...words: string[]) => redis.ask((client) => client.sendCommand(words));

  test('a Redis that is full, although it still keeps the refresh token', async () => {
    await command('CONFIG', 'SET', 'maxmemory', '1');
    const { of } = await diagnose({ REDIS_URL: redis.url }, []);
    await command('CONFIG', 'SET', 'maxmemory', '0');
    expect(of('ok')).toContain('the refresh token can be kept in Redis');
    expect(of('warning')).toContainEqual(expect.stringContaining('Redis keeps no pauses and no cache: its memory is full'));
  });

  test.each<[string, { before?: string[]; after?: string[]; url?: string; fault: RegExp }]>([
    ['is a replica', { before: ['REPLICAOF', '127.0.0.1', '1'], after: ['REPLICAOF', 'NO', 'ONE'], fault: /the refresh token cannot be kept in Redis: it takes no writes: it is a replica/ }],
    ['has no such database', { url: '/99', fault: /in Redis cannot be used: it has no database with the number in REDIS_URL/ }],
    ['allows its user too little', { before: ['ACL', 'SETUSER', 'reader', 'on', '>cnryReader', '~*', '+@read', '+ping', '+info'], after: ['ACL', 'DELUSER', 'reader'], url: 'reader:cnryReader@', fault: /in Redis cannot be used: its user may not do what is needed: allow it the commands/ }],
    ['holds something else', { before: ['SET', CAS360_TOKEN_KEY, CANARY], after: ['DEL', CAS360_TOKEN_KEY], fault: /in Redis cannot be used: .*not of this service: look at its key contacts:\{cas360\}:token/ }],
    ['holds something like it', { before: ['HSET', CAS360_TOKEN_KEY, 'token', CANARY], after: ['DEL', CAS360_TOKEN_KEY], fault: /in Redis cannot be used: .*not of this service: look at its key contacts:\{cas360\}:token/ }],
  ])('a Redis that %s, and sends no refresh token', async (_what, { before, after, url = '', fault }) => {
    sandbox.cas360.resetCalls();
    if (before) await command(...before);
    try {
      const { of, code } = await diagnose({ REDIS_URL: url.endsWith('@') ? redis.url.replace('//', `//${url}`) : redis.url + url }, RENEWING);
      expect(of('fault')).toEqual(expect.arrayContaining([expect.stringMatching(fault)]));
      expect(code).toBe(1);
    } finally {
      if (after) await command(...after);
    }
    expect(sandbox.cas360.calls.filter(({ path }) => path.includes('refresh_token='))).toEqual([]);
  });
});
