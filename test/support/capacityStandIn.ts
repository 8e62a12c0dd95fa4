// Both systems for load tests, as a process of its own that Node runs as it stands. It shares no code with the sandbox, so
// what the two have in common was thought of twice. `capacity.ts` starts it; PUT /stand-in sets models, GET reads counts,
// DELETE resets them.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const KINDS = ['pms', 'contacts', 'addresses', 'token'] as const;
export type Kind = (typeof KINDS)[number];

export interface LimitModel {
  /**
   * `window`: so many in each second of the clock. `sliding`: so many in any second. `bucket`: a token bucket of size `burst`.
   * `spacing`: one call per `1 / perSecond`, at the earliest.
   */
  kind: 'window' | 'sliding' | 'bucket' | 'spacing';
  perSecond: number;
  /** Only for `bucket`; 1 unless given. */
  burst?: number;
  /** Whether a refused call counts like an accepted one, so that a client that goes on asking is refused for ever. */
  countsRefused?: boolean;
  retryAfter?: string;
}

export interface WorkersModel {
  atOnce: number;
  serviceMs: number;
  /** Calls beyond are answered 503 at once. Left out: any number waits. */
  maxWaiting?: number;
  /** Whether a call whose caller has left while it waited is left out. */
  skipsGone?: boolean;
}

/** How one endpoint behaves. A key that is left out does nothing. */
export interface Model {
  latencyMs?: number;
  limit?: LimitModel;
  workers?: WorkersModel;
  /** This status instead of an answer. */
  status?: number;
  retryAfter?: string;
  /** No answers after so many, counted from when the model was set. 0: none at all. */
  hangsAfter?: number;
}

/** Since the last reset. Lists are per 100 ms. */
export interface Counts {
  /** Calls within the limit. */
  accepted: number;
  /** Calls beyond it, or beyond `maxWaiting`. */
  refused: number;
  /** Whole answers with status 200. */
  served: number;
  /** Calls whose caller left before the answer. */
  gone: number;
  /** Calls that workers have done, also those whose caller had left. */
  worked: number;
  peakAtOnce: number;
  acceptedPer100Ms: number[];
  refusedPer100Ms: number[];
  servedPer100Ms: number[];
}

/** Returns a function that says whether a call at this time, in milliseconds, is within the limit. */
export function limiter({ kind, perSecond, burst = 1, countsRefused = false }: LimitModel): (now: number) => boolean {
  let counted: number[] = [];
  let tokens = burst;
  let before = -Infinity;
  return (now) => {
    if (kind === 'bucket') {
      tokens = Math.min(burst, tokens + (Math.min(now - before, 1e9) * perSecond) / 1_000);
      before = now;
      // Sums of fractions may be a trifle too small.
      const isWithin = tokens >= 1 - 1e-9;
      if (isWithin || countsRefused) tokens = Math.max(0, tokens - 1);
      return isWithin;
    }
    if (kind === 'window') counted = counted.filter((at) => Math.floor(at / 1_000) === Math.floor(now / 1_000));
    else counted = counted.filter((at) => now - at < (kind === 'spacing' ? 1_000 / perSecond : 1_000));
    const isWithin = counted.length < (kind === 'spacing' ? 1 : perSecond);
    if (isWithin || countsRefused) counted.push(now);
    return isWithin;
  };
}

interface Job {
  readonly response: ServerResponse;
  done(): void;
}

/** Works on calls in order of arrival. The next call begins when the work before was due to end, so late timers take nothing away. */
class WorkerQueue {
  readonly #model: WorkersModel;
  readonly #waiting: Job[] = [];
  #busy = 0;

  constructor(model: WorkersModel) {
    this.#model = model;
  }

  /** False: too many wait. */
  add(job: Job): boolean {
    const { atOnce, maxWaiting = Infinity } = this.#model;
    if (this.#busy < atOnce) {
      this.#busy++;
      this.#work(job, performance.now());
    } else if (this.#waiting.length >= maxWaiting) return false;
    else this.#waiting.push(job);
    return true;
  }

  #work(job: Job, beganAt: number): void {
    const endsAt = beganAt + this.#model.serviceMs;
    setTimeout(() => {
      job.done();
      let next = this.#waiting.shift();
      while (this.#model.skipsGone && next?.response.destroyed) next = this.#waiting.shift();
      if (next) this.#work(next, endsAt);
      else this.#busy--;
    }, Math.max(0, endsAt - performance.now()));
  }
}

class EndpointModel {
  #model: Model = {};
  #isWithin: ((now: number) => boolean) | undefined;
  #queue: WorkerQueue | undefined;
  #answered = 0;
  #atOnce = 0;
  #since = performance.now();
  counts = emptyCounts();

  set(model: Model): void {
    this.#model = model;
    this.#isWithin = model.limit && limiter(model.limit);
    this.#queue = model.workers && new WorkerQueue(model.workers);
    this.#answered = 0;
  }

  reset(): void {
    this.counts = { ...emptyCounts(), peakAtOnce: this.#atOnce };
    this.#since = performance.now();
  }

  /** Sends `body` as the model wants it. */
  serve(response: ServerResponse, body: string): void {
    this.counts.peakAtOnce = Math.max(this.counts.peakAtOnce, ++this.#atOnce);
    response.once('close', () => {
      this.#atOnce--;
      if (!response.writableFinished) this.counts.gone++;
      else if (response.statusCode === 200) this.#count('served');
    });
    const { limit, latencyMs = 0, status, retryAfter, hangsAfter = Infinity } = this.#model;
    const isWithin = this.#isWithin?.(performance.now()) ?? true;
    this.#count(isWithin ? 'accepted' : 'refused');
    const queue = this.#queue;
    const done = (): void => {
      if (this.#answered++ < hangsAfter) send(response, 200, body);
    };
    const worked = (): void => {
      this.counts.worked++;
      done();
    };
    setTimeout(() => {
      if (!isWithin) return send(response, 429, '{}', limit?.retryAfter);
      if (status !== undefined) return send(response, status, '{}', retryAfter);
      if (!queue) return done();
      if (queue.add({ response, done: worked })) return;
      this.#count('refused');
      send(response, 503, '{}');
    }, latencyMs);
  }

  #count(what: 'accepted' | 'refused' | 'served'): void {
    this.counts[what]++;
    const slots = this.counts[`${what}Per100Ms`];
    const slot = Math.floor((performance.now() - this.#since) / 100);
    while (slots.length <= slot) slots.push(0);
    slots[slot]!++;
  }
}

function emptyCounts(): Counts {
  return { accepted: 0, refused: 0, served: 0, gone: 0, worked: 0, peakAtOnce: 0, acceptedPer100Ms: [], refusedPer100Ms: [], servedPer100Ms: [] };
}

function send(response: ServerResponse, status: number, body: string, retryAfter?: string): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json', ...(retryAfter !== undefined && { 'retry-after': retryAfter }) }).end(body);
}

const TOKEN = 'capacity-token';
const rows: Record<Exclude<Kind, 'token'>, (id: string) => object> = {
  pms: (id: string) => ({ id: Number(id), firstName: 'Odile', lastName: `Fenwick ${id}` }),
  contacts: (id: string) => ({ id: Number(id), contactType: 'People', name: `Odile Fenwick ${id}`, addressId: Number(id) }),
  addresses: (id: string) => ({ id: Number(id), streetLine1: `${id} Quay Street`, suburb: 'Hobart' }),
};
const endpoints = Object.fromEntries(KINDS.map((kind) => [kind, new EndpointModel()])) as Record<Kind, EndpointModel>;
let grants = 0;

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '', headers } = request;
  if (url === '/stand-in') return control(method, await bodyOf(request), response);
  if (method === 'POST') {
    request.resume();
    const grant = { access_token: TOKEN, token_type: 'Bearer', expires_in: 3_600, refresh_token: `capacity-refresh-${++grants}` };
    return endpoints.token.serve(response, JSON.stringify(grant));
  }
  const [, path, list = ''] = /^\/(api\/v3\/contacts|contacts|addresses)\/(\d+(?:,\d+)*)(?:\?|$)/.exec(url) ?? [];
  if (path === undefined) return send(response, 404, '{}');
  if (headers.authorization?.toLowerCase() !== `bearer ${TOKEN}`) return send(response, 401, '{}');
  const kind = path.startsWith('api') ? 'pms' : (path as 'contacts' | 'addresses');
  const found = list.split(',').map(rows[kind]);
  endpoints[kind].serve(response, JSON.stringify(kind === 'pms' ? found[0] : found));
}

function control(method: string | undefined, body: string, response: ServerResponse): void {
  if (method === 'PUT') for (const [kind, model] of Object.entries(JSON.parse(body) as Record<Kind, Model>)) endpoints[kind as Kind].set(model);
  if (method === 'DELETE') for (const kind of KINDS) endpoints[kind].reset();
  send(response, 200, JSON.stringify(Object.fromEntries(KINDS.map((kind) => [kind, endpoints[kind].counts]))));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

if (process.env.CAPACITY_STAND_IN) {
  const server = createServer((request, response) => void handle(request, response));
  // Never closed by this side.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
}
