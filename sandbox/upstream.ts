import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { AccessTokens } from './accessTokens.js';
import { CallLog, type Call, type CallKind } from './calls.js';
import type { Connections } from './connections.js';
import { control } from './control.js';
import { pageOf, refusalOfOtherSites } from './page.js';
import { deliver } from './delivery.js';
import { FaultPlan } from './faultPlan.js';
import type { FaultRules } from './faultRules.js';
import { addressOf, listen, send, type Answer, type RunningServer, type ServerOptions } from './http.js';
import type { Random } from './data/random.js';

/** A request to an endpoint, and its answer, which is made only if the request is authorised. */
export interface Routed {
  kind: CallKind;
  ids: string[];
  relationships: boolean;
  answer(authorization: string | undefined, body: string): Answer;
}

/** What the sandbox's page shows of a contact. */
export interface ContactSummary {
  id: string;
  name: string;
  /** The system's type of contact. */
  kind: string;
}

/**
 * The common part of both systems: a server that records calls, checks access tokens and applies faults. It can also be
 * controlled at `/_sandbox/...`.
 */
export abstract class UpstreamSandbox {
  /** For people. */
  abstract readonly name: string;
  /** What stands before the colon in the subgraph's ids. */
  abstract readonly source: string;
  /** Another system that runs beside it: its page is linked. */
  neighbour: UpstreamSandbox | undefined;
  readonly faults: FaultPlan;
  protected readonly tokens = new AccessTokens();
  readonly #log = new CallLog();
  #server: RunningServer | undefined;
  #held: Promise<void> | undefined;

  protected constructor(rules: FaultRules, random: Random) {
    this.faults = new FaultPlan(rules, random);
  }

  /** Undefined if the system has no such endpoint. */
  protected abstract route(method: string, address: URL): Routed | undefined;

  /** A page for people. It is neither recorded nor hit by faults. Undefined: there is no such page. */
  protected page(_method: string, _address: URL): ((body: string) => Answer) | undefined {
    return undefined;
  }

  /** The 401 for a data call without a valid token. */
  protected abstract refusal(authorization: string | undefined): Answer | undefined;

  /** Whether a use voids a refresh token. Undefined: the system has none. */
  abstract rotates: boolean | undefined;

  abstract summaries(): ContactSummary[];

  /** Issues another refresh token, independent of the others, as for another connected program. Undefined: the system has none. */
  issueRefreshToken(): string | undefined {
    return undefined;
  }

  /** How often a used refresh token was sent again. Undefined: the system has none. */
  get spentTokenUses(): number | undefined {
    return undefined;
  }

  async start(port: number, options: ServerOptions = {}): Promise<this> {
    this.#server = await listen(port, (request, response) => this.#handle(request, response), options);
    return this;
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  get url(): string {
    return this.#running.url;
  }

  /** Its connections, and how idle ones end. */
  get connections(): Connections {
    return this.#running.connections;
  }

  /** Bytes sent over the distance, TLS included. Undefined: it is not at a distance. */
  get sent(): RunningServer['sent'] {
    return this.#running.sent;
  }

  get #running(): RunningServer {
    if (!this.#server) throw new Error('The sandbox server has not been started');
    return this.#server;
  }

  /** Requests to the data and token endpoints since the last reset, in order of arrival. */
  get calls(): readonly Call[] {
    return this.#log.calls;
  }

  /** The highest number of calls that were under way at once since the last reset. */
  get mostAtOnce(): Readonly<Record<CallKind, number>> {
    return this.#log.mostAtOnce;
  }

  resetCalls(): void {
    this.#log.reset();
  }

  /** Holds further data calls until the returned function is called. */
  hold(): () => void {
    let letGo = (): void => {};
    this.#held = new Promise((resolve) => (letGo = resolve));
    return () => {
      this.#held = undefined;
      letGo();
    };
  }

  /** Voids all access tokens issued so far. */
  revokeTokens(): void {
    this.tokens.revokeAll();
  }

  /** The lifetime of access tokens issued from now on. At 0 they have already expired. Fractions are allowed. */
  get tokenLifetimeSeconds(): number {
    return this.tokens.lifetimeSeconds;
  }

  set tokenLifetimeSeconds(seconds: number) {
    this.tokens.lifetimeSeconds = seconds;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/' } = request;
    const { authorization } = request.headers;
    const address = addressOf(request);
    const ownPage = pageOf(request, address.pathname);
    if (ownPage) return send(response, ownPage);
    if (address.pathname.startsWith('/_sandbox/')) {
      return send(response, refusalOfOtherSites(request.headers) ?? control(this, method, address, await text(request)));
    }
    const page = this.page(method, address);
    if (page) return send(response, page(await text(request)));
    const routed = this.route(method, address);
    // Like a gateway that has no such route: only the system itself answers in JSON.
    if (!routed) return send(response, { status: 404, body: `No endpoint ${method} ${address.pathname}\n`, headers: { 'content-type': 'text/plain' } });

    const { kind, ids, relationships } = routed;
    const call: Call = { kind, method, path, ids, relationships, status: 0, startedAt: Date.now() };
    this.#log.begin(call);
    response.once('close', () => {
      if (response.headersSent) call.status = response.statusCode;
      this.#log.end(call, response.writableFinished);
    });

    const body = await text(request);
    const refusal = kind === 'token' ? undefined : this.refusal(authorization);
    // A gateway refuses calls without a token, so they do not count as hits of a fault.
    if (refusal) return send(response, refusal);
    if (kind !== 'token') await this.#held;
    await deliver(response, this.faults.take(call), () => routed.answer(authorization, body));
  }
}
