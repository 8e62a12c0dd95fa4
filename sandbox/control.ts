import type { Fault } from './faults.js';
import type { Answer } from './http.js';
import type { UpstreamSandbox } from './upstream.js';

type Switches = Record<string, Record<string, (sandbox: UpstreamSandbox, body: string) => unknown>>;

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
  ids: { GET: (sandbox) => sandbox.idsByKind() },
  token: {
    GET: ({ tokenLifetimeSeconds: lifetimeSeconds, rotates }) => ({ lifetimeSeconds, rotates }),
    PUT: (sandbox, body) => setTokens(sandbox, parsed(body)),
  },
};

/**
 * Answers `/_sandbox/...`, by which a running sandbox is inspected and controlled: 200 with JSON, 204, or an error that says
 * what is allowed.
 */
export function control(sandbox: UpstreamSandbox, method: string, path: string, body: string): Answer {
  const name = path.slice('/_sandbox/'.length);
  const methods = Object.hasOwn(switches, name) ? switches[name] : undefined;
  if (!methods) return refused(404, `No switch '${name}'; there are ${Object.keys(switches).join(', ')}`);
  const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (!run) return refused(405, `${method} does nothing here; allowed are ${Object.keys(methods).join(', ')}`);
  try {
    const result = run(sandbox, body);
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
  const isNumber = typeof idleMs === 'number' && idleMs >= 0;
  if (!isNumber && idleMs !== null) throw new TypeError('Give { "idleMs": a number of milliseconds, or null for never }');
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
