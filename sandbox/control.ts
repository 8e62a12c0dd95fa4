import { USUAL_LIFETIME_SECONDS } from './accessTokens.js';
import { MAX_MS } from './faultRules.js';
import type { Fault } from './faults.js';
import type { Answer } from './http.js';
import type { UpstreamSandbox } from './upstream.js';

type Switches = Record<string, Record<string, (sandbox: UpstreamSandbox, body: string, parameters: URLSearchParams) => unknown>>;

/** How many contacts, and how many calls, the page shows. */
const SHOWN_CONTACTS = 50;
const SHOWN_CALLS = 100;

const switches: Switches = {
  calls: {
    GET: ({ calls, mostAtOnce }) => ({ calls, mostAtOnce }),
    DELETE: (sandbox) => sandbox.resetCalls(),
  },
  faults: {
    GET: (sandbox) => sandbox.faults.list,
    PUT: (sandbox, body) => sandbox.faults.set(parsed(body) as Fault[]),
    DELETE: (sandbox) => sandbox.faults.clear(),
  },
  connections: {
    GET: ({ connections: { counts, idleMs } }) => ({ ...counts, idleMs: idleMs === Infinity ? null : idleMs }),
    PUT: (sandbox, body) => setIdleMs(sandbox, parsed(body)),
    DELETE: (sandbox) => sandbox.connections.resetIdle(),
  },
  revoke: { POST: (sandbox) => sandbox.revokeTokens() },
  ids: { GET: (sandbox) => idsByKind(sandbox) },
  token: {
    GET: ({ tokenLifetimeSeconds: lifetimeSeconds, rotates }) => ({ lifetimeSeconds, rotates }),
    PUT: (sandbox, body) => setTokens(sandbox, parsed(body)),
  },
  'refresh-token': { POST: (sandbox) => issueRefreshToken(sandbox) },
  reset: { POST: (sandbox) => reset(sandbox) },
  contacts: { GET: (sandbox, _body, parameters) => search(sandbox, parameters.get('search') ?? '') },
  state: { GET: (sandbox) => stateOf(sandbox) },
};

/**
 * Answers `/_sandbox/...`, by which a running sandbox is inspected and controlled: 200 with JSON, 204, or an error that says
 * what is allowed.
 */
export function control(sandbox: UpstreamSandbox, method: string, { pathname, searchParams }: URL, body: string): Answer {
  const name = pathname.slice('/_sandbox/'.length);
  const methods = Object.hasOwn(switches, name) ? switches[name] : undefined;
  if (!methods) return refused(404, `No switch '${name}'; there are ${Object.keys(switches).join(', ')}`);
  const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (!run) return refused(405, `${method} does nothing here; allowed are ${Object.keys(methods).join(', ')}`);
  try {
    const result = run(sandbox, body, searchParams);
    return result === undefined ? { status: 204, body: '' } : { status: 200, body: result };
  } catch (error) {
    if (error instanceof TypeError) return refused(400, error.message);
    throw error;
  }
}

function refused(status: number, message: string): Answer {
  return { status, body: { message } };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new TypeError('The body must be JSON');
  }
}

function setIdleMs({ connections }: UpstreamSandbox, value: unknown): void {
  const { idleMs } = (value ?? {}) as Record<string, unknown>;
  const isNumber = typeof idleMs === 'number' && idleMs >= 0 && idleMs <= MAX_MS;
  if (!isNumber && idleMs !== null) throw new TypeError(`Give { "idleMs": a number of milliseconds, at most ${MAX_MS}, or null for never }`);
  connections.idleMs = isNumber ? idleMs : Infinity;
}

/** Absent keys change nothing. */
function setTokens(sandbox: UpstreamSandbox, value: unknown): void {
  const { tokenLifetimeSeconds, rotates: rotated } = sandbox;
  const { lifetimeSeconds = tokenLifetimeSeconds, rotates = rotated } = (value ?? {}) as Record<string, unknown>;
  const isFit = typeof lifetimeSeconds === 'number' && lifetimeSeconds >= 0 && typeof rotates === typeof rotated;
  if (value === null || !isFit) {
    throw new TypeError(`Give { "lifetimeSeconds": a number of seconds, 0 or more${rotated === undefined ? '' : ', "rotates": true or false'} }`);
  }
  sandbox.tokenLifetimeSeconds = lifetimeSeconds;
  sandbox.rotates = rotates as boolean | undefined;
}

function idsByKind(sandbox: UpstreamSandbox): Record<string, string[]> {
  const ids: Record<string, string[]> = {};
  for (const { id, kind } of sandbox.summaries()) (ids[kind] ??= []).push(id);
  return ids;
}

function issueRefreshToken(sandbox: UpstreamSandbox): { refreshToken: string } {
  const refreshToken = sandbox.issueRefreshToken();
  if (refreshToken === undefined) throw new TypeError(`The ${sandbox.name} has no refresh tokens`);
  return { refreshToken };
}

/** As at the start, except for the tokens that were issued: programs that hold them go on. */
function reset(sandbox: UpstreamSandbox): void {
  sandbox.faults.clear();
  sandbox.resetCalls();
  sandbox.connections.idleMs = Infinity;
  sandbox.tokenLifetimeSeconds = USUAL_LIFETIME_SECONDS;
  if (sandbox.rotates !== undefined) sandbox.rotates = true;
}

/** Contacts whose id begins with the text, with or without the source before it, or whose name contains it. */
function search(sandbox: UpstreamSandbox, text: string): unknown {
  const words = text.trim().toLowerCase();
  const digits = words.replace(`${sandbox.source}:`, '');
  const all = sandbox.summaries();
  const found = all.filter(({ id, name }) => id.startsWith(digits) || name.toLowerCase().includes(words));
  return { contacts: found.slice(0, SHOWN_CONTACTS), found: found.length, all: all.length };
}

/** All that the page shows and that changes. */
function stateOf(sandbox: UpstreamSandbox): unknown {
  const { name, source, neighbour, calls, faults, connections, tokenLifetimeSeconds, rotates, spentTokenUses } = sandbox;
  const { opened, open } = connections.counts;
  return {
    name,
    source,
    neighbour: neighbour && { name: neighbour.name, url: neighbour.url },
    calls: calls.slice(-SHOWN_CALLS),
    callCount: calls.length,
    faults: faults.list,
    connections: { opened, open },
    token: { lifetimeSeconds: tokenLifetimeSeconds, rotates, spentUses: spentTokenUses },
  };
}
