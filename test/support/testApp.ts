import { getNamedType, isObjectType, type GraphQLObjectType } from 'graphql';
import { createApp, type App, type Parts } from '../../src/app.js';
import { readConfig } from '../../src/config.js';
import type { ServedError } from '../../src/graphql/formatError.js';
import { createSchema, readTypeDefs } from '../../src/graphql/schema.js';
import type { Log } from '../../src/telemetry/log.js';
import type { Call } from '../../sandbox/calls.js';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { UNHURRIED } from './unhurried.js';
import { until } from './until.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly data: any;
  readonly errors: readonly ServedError[] | undefined;
  /** The whole body. */
  readonly text: string;
}

/** The subgraph over a sandbox of its own, asked over HTTP as a client would. */
export interface TestApp {
  readonly sandbox: Sandbox;
  readonly url: string;
  /** What was logged so far, one text a line. */
  readonly logged: readonly string[];
  /** POSTs an operation. `token` goes into the authorization header. */
  query(query: string, variables?: Record<string, unknown>, headers?: Record<string, string>): Promise<Answer>;
  /** The calls of a kind that the upstreams got since the last reset, tokens not counted. */
  calls(): { readonly pms: number; readonly cas360: number; readonly addresses: number };
  /** The `relationships` switch of each CAS 360 call for contacts, in their order. */
  switches(): readonly boolean[];
  /** Resolves once CAS 360 has got this many calls for contacts. */
  underWay(count: number): Promise<void>;
  /** The header that carries a token of these scopes. */
  bearer(...scopes: string[]): Promise<{ authorization: string }>;
  /** Forgets calls and faults. */
  reset(): void;
  stop(): Promise<void>;
}

/** Runs a block of tests twice over one app: an operation that was asked for in the first run is compiled in the second. */
export const BOTH_WAYS = ['interpreted', 'compiled'] as const;

type SomeParts = Partial<Parts> | ((sandbox: Sandbox) => Promise<Partial<Parts>>);

/** The header of a caller who wants an answer as it is: compressing a long one costs. */
export const PLAIN = { 'accept-encoding': 'identity' };

/** Starts both. `settings` are put over the sandbox's environment; undefined takes one away. */
export async function startTestApp(settings: Record<string, string | undefined> = {}, parts: SomeParts = {}): Promise<TestApp> {
  const sandbox = await startSandbox();
  const logged: string[] = [];
  const keep = (message: string, values?: object): number => logged.push(`${message} ${JSON.stringify(values ?? {})}`);
  const log: Log = { info: keep, warn: keep, error: keep };
  const config = readConfig({ ...sandbox.environment, HOST: '127.0.0.1', PORT: '0', ...UNHURRIED, ...settings });
  const app: App = await createApp(config, { log, drainMs: 0, breakersAreOff: true, ...(typeof parts === 'function' ? await parts(sandbox) : parts) });
  const url = await app.listen();
  const calls = (): { pms: number; cas360: number; addresses: number } => ({
    pms: sandbox.pms.calls.filter((call) => call.kind === 'contact').length,
    cas360: sandbox.cas360.calls.filter((call) => call.kind === 'contacts').length,
    addresses: sandbox.cas360.calls.filter((call) => call.kind === 'addresses').length,
  });
  const bulkCalls = (): readonly Call[] => sandbox.cas360.calls.filter((call) => call.kind === 'contacts');
  const query: TestApp['query'] = async (text, variables, headers) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: text, variables }),
    });
    const body = await response.text();
    const { data, errors } = JSON.parse(body) as { data: unknown; errors?: ServedError[] };
    return { status: response.status, headers: response.headers, data, errors, text: body };
  };
  let keysAreThere: Promise<unknown> | undefined;
  return {
    sandbox,
    url,
    logged,
    calls,
    switches: () => bulkCalls().map((call) => call.relationships),
    underWay: async (count) => {
      await until(`CAS 360 has got ${count} calls`, () => bulkCalls().length >= count);
    },
    bearer: async (...scopes) => {
      const headers = { authorization: `Bearer ${await sandbox.identity.token({ scopes })}` };
      // On a thread that stands still, the first fetch of the keys may take too long. The empty query is no operation that anything counts.
      keysAreThere ??= until('a token can be verified', async () => !(await query('', {}, headers)).errors?.some(({ extensions }) => extensions.retryable));
      await keysAreThere;
      return headers;
    },
    query,
    reset: () => {
      for (const system of [sandbox.pms, sandbox.cas360]) {
        system.resetCalls();
        system.faults.clear();
      }
    },
    stop: async () => {
      await app.stop();
      await sandbox.stop();
    },
  };
}

/** The errors of an answer in the order of their places, such as `contacts.3`, each with the whole of its extensions. */
export function errorsIn({ errors = [] }: Partial<Answer>): object[] {
  const placed = errors.map(({ path = [], extensions }) => ({ at: path.join('.'), ...extensions }));
  return placed.sort((a, b) => a.at.localeCompare(b.at, 'en', { numeric: true }));
}

/** `count` ids of one system, numbered from `first` on. */
export function idsFrom(system: 'pms' | 'cas360', first: number, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${system}:${first + n}`);
}

export const schema = createSchema(readTypeDefs('schema'));

/** Every field of a type, with every field of what is below it; of contacts below it the id alone. */
export function everyField(type = schema.getType('Contact') as GraphQLObjectType): string {
  const selections = Object.values(type.getFields()).map(({ name, type: wrapped }) => {
    const below = getNamedType(wrapped);
    if (!isObjectType(below)) return name;
    return `${name} { ${below.name === 'Contact' ? 'id' : everyField(below)} }`;
  });
  return selections.join(' ');
}
