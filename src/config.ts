import { existsSync } from 'node:fs';
import { readCertificate, readProxies, readRedisUrl, type CertificateConfig, type ProxiesConfig } from './networkSettings.js';
import { Settings, SettingsError } from './settings.js';
import { readTelemetry, type TelemetryConfig } from './telemetrySettings.js';

export interface PmsConfig {
  readonly baseUrl: URL;
  readonly tokenUrl: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | undefined;
  /** How long one operation waits for this system. */
  readonly timeoutMs: number;
  /** How many calls a second this process makes to it at most. Undefined: as many as it takes. */
  readonly maxRate: number | undefined;
  /** For TLS to the system and its token endpoint. Undefined: none. */
  readonly certificate: CertificateConfig | undefined;
}

export interface Cas360Config extends PmsConfig {
  /** With it a chain of refresh tokens begins. Undefined: the store holds one, or `npm run connect` puts it there. */
  readonly refreshToken: string | undefined;
  /** The file that keeps the rotated refresh token between starts. Undefined: it is kept in Redis, or in memory. */
  readonly tokenFile: string | undefined;
  /** The most ids, and the most bytes of path, that one bulk call may have. */
  readonly maxIds: number;
  readonly maxPathBytes: number;
}

export interface AuthConfig {
  readonly jwksUrl: URL;
  readonly issuer: string;
  readonly audience: string;
}

/** The limits on one operation (docs/settings.md). */
export interface LimitsConfig {
  readonly maxBodyObjects: number;
  readonly maxBodyKeys: number;
  readonly maxTokens: number;
  readonly maxDepth: number;
  readonly maxAliases: number;
  readonly maxAliasCharacters: number;
  readonly maxDirectives: number;
  readonly maxRootFields: number;
  readonly maxEntitiesFields: number;
  readonly maxRepresentations: number;
  readonly maxVariablesDepth: number;
  readonly maxRepeats: number;
  readonly maxIds: number;
  readonly maxAnswerFields: number;
}

/** The cache of upstream records. */
export interface CacheConfig {
  readonly ttlMs: number;
  /** Records per resource that one process keeps. Does not apply to Redis. */
  readonly maxEntries: number;
}

export interface Config {
  readonly host: string;
  readonly port: number;
  /** Undefined: switched off. */
  readonly pms: PmsConfig | undefined;
  readonly cas360: Cas360Config | undefined;
  /** Undefined: every caller is anonymous. */
  readonly auth: AuthConfig | undefined;
  readonly proxies: ProxiesConfig;
  /** Empty: no secret is needed. */
  readonly routerSecrets: readonly string[];
  /** The origins whose pages may ask directly, as browsers send them; a port of `*` stands for any port. */
  readonly corsOrigins: readonly string[];
  /** Undefined: this replica shares nothing with others. */
  readonly redisUrl: string | undefined;
  /** How long routers may cache answers; 0: not at all. */
  readonly maxAgeSeconds: number;
  /** Undefined: no cache. */
  readonly cache: CacheConfig | undefined;
  readonly maxBodyBytes: number;
  /** The largest answer, in bytes before it is compressed. */
  readonly maxAnswerBytes: number;
  /** Bytes of answers that callers have not read, over all connections. */
  readonly maxWaitingBytes: number;
  /** How long a caller may take to read an answer. */
  readonly writeTimeoutMs: number;
  /** The longest document that is parsed, in characters and in lines. */
  readonly maxQueryCharacters: number;
  readonly maxQueryLines: number;
  readonly limits: LimitsConfig;
  /** The deadline of one operation. */
  readonly requestTimeoutMs: number;
  /** How long one attempt of a call to an upstream may take. */
  readonly attemptTimeoutMs: number;
  /** How long an operation may wait for others before its first call, and between its calls. */
  readonly maxWaitMs: number;
  /** The longest pause that an upstream may request. */
  readonly maxPauseSeconds: number;
  /** The average event loop delay above which requests are refused; 0: none are. */
  readonly maxDelayMs: number;
  /** Undefined: neither traces nor metrics are sent. */
  readonly telemetry: TelemetryConfig | undefined;
  /** Whether repeated operations are compiled. */
  readonly jit: boolean;
  /** Opens GraphiQL and introspection together. */
  readonly graphiql: boolean;
  /** Settings that are ignored, and why. Without values. */
  readonly warnings: readonly string[];
}

/** Reads the settings of `env` (docs/settings.md). Throws one SettingsError that names every fault. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const { config, faults } = inspectConfig(env);
  if (faults.length > 0) throw new SettingsError(faults);
  return config;
}

/** Like `readConfig`, but returns the faults instead of throwing. Only for reports: faulty settings have defaults or are empty. */
export function inspectConfig(env: NodeJS.ProcessEnv): { readonly config: Config; readonly faults: readonly string[] } {
  const settings = new Settings(env);
  const requestTimeoutMs = settings.integer('REQUEST_TIMEOUT_MS', 8_000, 1, 600_000);
  const redisUrl = readRedisUrl(settings);
  const config: Config = {
    host: settings.text('HOST') ?? '0.0.0.0',
    port: settings.integer('PORT', 4001, 0, 65_535),
    pms: readPms(settings, requestTimeoutMs),
    cas360: readCas360(settings, requestTimeoutMs, redisUrl !== undefined),
    auth: readAuth(settings),
    proxies: readProxies(settings),
    routerSecrets: readRouterSecrets(settings),
    corsOrigins: readCorsOrigins(settings),
    redisUrl,
    cache: readCache(settings),
    maxAgeSeconds: settings.integer('MAX_AGE_SECONDS', 0, 0, 86_400),
    ...readAnswerLimits(settings),
    maxQueryLines: settings.integer('MAX_QUERY_LINES', 5_000, 1, 1_000_000),
    maxQueryCharacters: settings.integer('MAX_QUERY_CHARACTERS', 100_000, 1, 10_000_000),
    maxBodyBytes: settings.integer('MAX_BODY_BYTES', 1_048_576, 1_024, 104_857_600),
    limits: readLimits(settings),
    requestTimeoutMs,
    attemptTimeoutMs: settings.integer('ATTEMPT_TIMEOUT_MS', 3_000, 1, 600_000),
    maxWaitMs: settings.integer('MAX_WAIT_MS', 500, 1, 600_000),
    maxPauseSeconds: settings.integer('MAX_PAUSE_SECONDS', 60, 1, 86_400),
    maxDelayMs: settings.integer('MAX_EVENT_LOOP_DELAY_MS', 150, 0, 10_000),
    telemetry: readTelemetry(settings),
    jit: settings.flag('JIT', true),
    graphiql: settings.flag('GRAPHIQL', false),
    warnings: settings.warnings,
  };
  if (settings.text('PMS_BASE_URL') === undefined && settings.text('CAS360_BASE_URL') === undefined) {
    settings.fault('Neither PMS_BASE_URL nor CAS360_BASE_URL', 'is set: without a system to ask, every contact would be an error');
  }
  return { config, faults: settings.faults };
}

/** A malformed address hides no other fault of its system. */
function readPms(settings: Settings, requestTimeoutMs: number): PmsConfig | undefined {
  if (settings.text('PMS_BASE_URL') === undefined) return warnIfNamed(settings, 'PMS_CLIENT_ID', 'PMS_BASE_URL', 'the PMS is not connected');
  const baseUrl = settings.url('PMS_BASE_URL');
  const because = 'PMS_BASE_URL is set';
  const tokenUrl = settings.required('PMS_TOKEN_URL', settings.url('PMS_TOKEN_URL'), because);
  const rest = {
    clientId: settings.required('PMS_CLIENT_ID', settings.text('PMS_CLIENT_ID'), because) ?? '',
    clientSecret: settings.required('PMS_CLIENT_SECRET', settings.secret('PMS_CLIENT_SECRET'), because) ?? '',
    scope: settings.text('PMS_SCOPE'),
    ...readPace(settings, 'PMS', requestTimeoutMs),
    certificate: readCertificate(settings, 'PMS'),
  };
  return baseUrl && { baseUrl, tokenUrl: tokenUrl ?? baseUrl, ...rest };
}

function readCas360(settings: Settings, requestTimeoutMs: number, hasRedis: boolean): Cas360Config | undefined {
  if (settings.text('CAS360_BASE_URL') === undefined) return warnIfNamed(settings, 'CAS360_CLIENT_ID', 'CAS360_BASE_URL', 'CAS 360 is not connected');
  const baseUrl = settings.url('CAS360_BASE_URL');
  const because = 'CAS360_BASE_URL is set';
  const tokenUrl = settings.url('CAS360_TOKEN_URL');
  const tokenFile = settings.text('CAS360_TOKEN_FILE');
  const rest = {
    clientId: settings.required('CAS360_CLIENT_ID', settings.text('CAS360_CLIENT_ID'), because) ?? '',
    clientSecret: settings.required('CAS360_CLIENT_SECRET', settings.secret('CAS360_CLIENT_SECRET'), because) ?? '',
    refreshToken: readRefreshToken(settings, because, hasRedis || (tokenFile !== undefined && mayExist(tokenFile))),
    scope: settings.text('CAS360_SCOPE'),
    ...readPace(settings, 'CAS360', requestTimeoutMs),
    certificate: readCertificate(settings, 'CAS360'),
    tokenFile,
    maxIds: settings.integer('CAS360_MAX_IDS', 100, 1, 500),
    maxPathBytes: settings.integer('CAS360_MAX_PATH_BYTES', 2_000, 100, 8_000),
  };
  return baseUrl && { baseUrl, tokenUrl: tokenUrl ?? new URL(`${baseUrl.href.replace(/\/$/, '')}/oauth/token`), ...rest };
}

/** A misspelt name of an address would otherwise go unnoticed until somebody needs what is there. */
function warnIfNamed(settings: Settings, name: string, address: string, result: string): undefined {
  if (settings.text(name) !== undefined) settings.warn(name, `is set, and ${address} is not: ${result}`);
}

/** Where processes keep the token, there may be one already, or another process may put one there later. */
function readRefreshToken(settings: Settings, because: string, mayBeKept: boolean): string | undefined {
  const name = 'CAS360_REFRESH_TOKEN';
  const refreshToken = settings.secret(name);
  return mayBeKept ? refreshToken : settings.required(name, refreshToken, `${because}. Set it, or run npm run connect`);
}

function mayExist(path: string): boolean {
  try {
    return existsSync(path);
  } catch {
    // Node's permission model throws. Whoever opens the file says what to do.
    return true;
  }
}

function readPace(settings: Settings, system: 'PMS' | 'CAS360', requestTimeoutMs: number): Pick<PmsConfig, 'timeoutMs' | 'maxRate'> {
  const rate = `${system}_MAX_RATE`;
  return {
    // By default, an operation has time left for its answer, and for what depends on other records.
    timeoutMs: settings.integer(`${system}_TIMEOUT_MS`, Math.ceil(requestTimeoutMs * 0.85), 1, requestTimeoutMs),
    maxRate: settings.text(rate) === undefined ? undefined : settings.integer(rate, 1, 1, 100_000),
  };
}

function readAuth(settings: Settings): AuthConfig | undefined {
  if (settings.text('AUTH_JWKS_URL') === undefined) return warnIfNamed(settings, 'AUTH_ISSUER', 'AUTH_JWKS_URL', 'every caller is anonymous');
  const jwksUrl = settings.url('AUTH_JWKS_URL', { mayHaveQuery: true });
  // Without issuer and audience, tokens for other services would pass.
  const because = 'AUTH_JWKS_URL is set';
  const issuer = settings.required('AUTH_ISSUER', settings.text('AUTH_ISSUER'), because) ?? '';
  const audience = settings.required('AUTH_AUDIENCE', settings.text('AUTH_AUDIENCE'), because) ?? '';
  return jwksUrl && { jwksUrl, issuer, audience };
}

function readRouterSecrets(settings: Settings): readonly string[] {
  const secrets = settings.secret('ROUTER_SECRET')?.split(',').map((secret) => secret.trim());
  if (secrets?.includes('')) settings.fault('ROUTER_SECRET', 'has an empty part: give one secret, or several with a comma between them');
  // Routers send ASCII only.
  if (secrets?.some((secret) => /[^\t\x20-\x7e]/.test(secret))) settings.fault('ROUTER_SECRET', 'has a character that cannot stand in a header, such as a line break or é: no request could carry it');
  return secrets ?? [];
}

function readCorsOrigins(settings: Settings): readonly string[] {
  const origins = settings.text('CORS_ORIGINS')?.split(',').map((origin) => origin.trim()) ?? [];
  const wrong = origins.findIndex((origin) => !isOrigin(origin));
  if (wrong !== -1) {
    settings.fault('CORS_ORIGINS', `has a part that is not an origin (number ${wrong + 1}): give http:// or https://, a host in lower case, and the port unless it is the usual one, without a path or a slash at the end. Only a port can be *`);
  }
  return origins;
}

/** Whether browsers send it so, with a port in place of `*`. */
function isOrigin(text: string): boolean {
  // An unusual port, because URL removes the usual ones.
  const origin = text.replace(/:\*$/, ':1');
  return /^https?:[^*]+$/.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin;
}

function readCache(settings: Settings): CacheConfig | undefined {
  const ttlMs = 1_000 * settings.integer('CACHE_TTL_SECONDS', 0, 0, 86_400);
  const maxEntries = settings.integer('CACHE_MAX_ENTRIES', 10_000, 1, 10_000_000);
  return ttlMs === 0 ? undefined : { ttlMs, maxEntries };
}

function readAnswerLimits(settings: Settings): Pick<Config, 'maxAnswerBytes' | 'maxWaitingBytes' | 'writeTimeoutMs'> {
  const maxAnswerBytes = settings.integer('MAX_ANSWER_BYTES', 16_777_216, 1_024, 268_435_456);
  const maxWaitingBytes = settings.integer('MAX_WAITING_BYTES', 67_108_864, 1_024, 17_179_869_184);
  if (maxWaitingBytes < maxAnswerBytes) settings.fault('MAX_WAITING_BYTES', 'must be at least MAX_ANSWER_BYTES: an answer could never be sent');
  return { maxAnswerBytes, maxWaitingBytes, writeTimeoutMs: settings.integer('WRITE_TIMEOUT_MS', 20_000, 100, 600_000) };
}

function readLimits(settings: Settings): LimitsConfig {
  const limit = (name: string, otherwise: number, most = 1_000_000): number => settings.integer(name, otherwise, 1, most);
  const maxRepresentations = limit('MAX_REPRESENTATIONS', 2_000);
  return {
    // Parsing many takes long (docs/performance.md).
    maxBodyObjects: limit('MAX_BODY_OBJECTS', 1_000 + 8 * maxRepresentations, 100_000_000),
    maxBodyKeys: limit('MAX_BODY_KEYS', 1_000 + 8 * maxRepresentations, 100_000_000),
    maxTokens: limit('MAX_TOKENS', 2_000),
    maxDepth: limit('MAX_DEPTH', 12),
    maxAliases: limit('MAX_ALIASES', 50),
    maxAliasCharacters: limit('MAX_ALIAS_CHARACTERS', 200),
    maxDirectives: limit('MAX_DIRECTIVES', 50),
    maxRootFields: limit('MAX_ROOT_FIELDS', 10),
    maxEntitiesFields: limit('MAX_ENTITIES_FIELDS', 5),
    maxRepresentations,
    maxVariablesDepth: limit('MAX_VARIABLES_DEPTH', 12),
    maxRepeats: limit('MAX_REPEATS', 100),
    // The schema promises at most 1,000.
    maxIds: limit('MAX_IDS', 1_000, 1_000),
    maxAnswerFields: limit('MAX_ANSWER_FIELDS', 250_000, 100_000_000),
  };
}
