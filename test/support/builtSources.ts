import { createSources } from '../../src/build/sources.js';
import { readConfig } from '../../src/config.js';
import type { Deadline } from '../../src/deadline.js';
import type { Sources } from '../../src/loaders/loaders.js';
import type { Redis } from '../../src/shared/redis.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import type { Endpoint, UpstreamRequest } from '../../src/upstream/endpoint.js';
import { OPEN_GATE } from './upstreamDouble.js';

const SETTINGS = {
  PMS_BASE_URL: 'https://pms.example.com',
  PMS_TOKEN_URL: 'https://pms.example.com/token',
  PMS_CLIENT_ID: 'contacts',
  PMS_CLIENT_SECRET: 'a secret',
  PMS_SCOPE: 'read',
  CAS360_BASE_URL: 'https://cas360.example.com',
  CAS360_CLIENT_ID: 'contacts',
  CAS360_CLIENT_SECRET: 'a secret',
  CAS360_REFRESH_TOKEN: 'a refresh token',
  CAS360_SCOPE: 'read',
};

export interface Call extends UpstreamRequest {
  readonly system: 'pms' | 'cas360';
  readonly deadline: Deadline;
}

/** What a process loads from, over upstreams that hold every id and answer once they are let to. */
export interface BuiltSources {
  readonly sources: Sources;
  readonly calls: Call[];
  /** From now on calls wait; the returned function lets them be answered. */
  hold(): () => void;
}

interface Options {
  /** Of each record, besides its id. */
  readonly record?: object;
  readonly redis?: RedisDouble;
  /** The time between two calls to an endpoint. */
  readonly perCallMs?: number;
}

export const CALL_TIMEOUT_MS = 6_800;

export function buildSources(settings: Record<string, string | undefined> = {}, { record = {}, redis, perCallMs = OPEN_GATE.perCallMs }: Options = {}): BuiltSources {
  const calls: Call[] = [];
  let held = Promise.resolve();
  const endpoint = (system: Call['system']): Endpoint => {
    const getJson = async (ask: UpstreamRequest, deadline: Deadline): Promise<unknown> => {
      calls.push({ ...ask, ids: [...ask.ids], system, deadline });
      deadline.onAttempt?.();
      await held;
      const rows = ask.ids.map((id) => ({ id: Number(id), ...record }));
      return system === 'pms' ? rows[0] : rows;
    };
    return { ...OPEN_GATE, perCallMs, getJson } satisfies Partial<Endpoint> as unknown as Endpoint;
  };
  const ends = { keepTokens: async () => {}, close: async () => {} };
  const pms = { ...ends, contacts: endpoint('pms') };
  const cas360 = { ...ends, contacts: endpoint('cas360'), addresses: endpoint('cas360'), refreshToken: undefined as never };
  const sources = createSources(readConfig({ ...SETTINGS, ...settings }), { pms, cas360 }, {
    tools: { drift: () => {}, today: () => '2026-03-01' },
    metrics: new Metrics(),
    redis: redis as unknown as Redis | undefined,
  });
  const hold = (): (() => void) => {
    let letGo = (): void => {};
    held = new Promise((resolve) => (letGo = resolve));
    return () => letGo();
  };
  return { sources, calls, hold };
}

/** As much of a Redis as the cache uses. */
export class RedisDouble {
  readonly texts = new Map<string, string>();
  /** What the last text was set with. */
  options: object = {};
  readonly #client = {
    mGet: async (keys: string[]) => keys.map((key) => this.texts.get(key) ?? null),
    set: async (key: string, text: string, options: object) => {
      this.texts.set(key, text);
      this.options = options;
    },
    del: async (keys: string[]) => keys.forEach((key) => this.texts.delete(key)),
  };

  async run<T>(command: (client: any) => Promise<T>): Promise<T> {
    return command(this.#client);
  }
}

