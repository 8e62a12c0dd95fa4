import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify';
import { limitExceeded, type ContactsError } from '../errors.js';
import { inflate } from '../readBody.js';
import { isRecord } from '../record.js';
import type { LargeRequests, Leave } from './largeRequests.js';

/** How much a JSON body may hold. */
export interface BodyLimits {
  /** Objects and lists. */
  readonly maxBodyObjects: number;
  /** Keys of objects. */
  readonly maxBodyKeys: number;
}

/** The code of the error for a body in too many pieces. */
export const TOO_MANY_PIECES = 'TOO_MANY_PIECES';
/** The code of the error for a body that cannot be inflated. */
export const UNREADABLE_ENCODING = 'UNREADABLE_ENCODING';

/** How a request with a body took its turn. */
export interface Turn {
  /** When the body was complete, in milliseconds of `performance.now()`. */
  readonly receivedAtMs: number;
  /** Whether it waited in vain. Then it has no body, and must be refused. */
  readonly isRefused: boolean;
  readonly leave: Leave;
}

type Parsed = (error: Error | null, parsed?: unknown) => void;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether large requests wait for their turn. The route must call `leave` of each `turn`. */
    takesTurns?: boolean;
  }
  interface FastifyRequest {
    /** Undefined if its route takes no turns, or its body was not read. */
    turn: Turn | undefined;
  }
}

/**
 * Reads JSON, also in gzip: routers may compress requests. The limit of a route's body applies to the inflated size too.
 * Refuses a body with too many objects or keys before it is parsed, since that takes long (docs/performance.md). A large
 * request waits here for its turn, before its body is parsed: V8 copies what a waiting request holds, and a parsed body is many
 * objects.
 */
export function limitBodies(app: FastifyInstance, limits: BodyLimits, largeRequests: Pick<LargeRequests, 'enter'>): void {
  limitPieces(app);
  const parseJson = app.getDefaultJsonParser('ignore', 'ignore');
  const parse = (request: FastifyRequest, body: string, done: Parsed): void =>
    void parseJson(request, body, (error, parsed) => {
      if (SUSPECT.test(body)) removePrototypes(parsed);
      done(error, parsed);
    });
  app.decorateRequest('turn');
  const take = (request: FastifyRequest, body: string, done: Parsed): void => {
    const excess = excessIn(body, limits);
    if (excess) return done(excess);
    // Fastify parses bodies for unknown paths too.
    if (!request.routeOptions.config.takesTurns) return parse(request, body, done);
    const receivedAtMs = performance.now();
    const begin = (leave: Leave): void => {
      request.turn = { receivedAtMs, isRefused: false, leave };
      // The caller has left.
      if (request.raw.socket.destroyed) leave();
      else parse(request, body, done);
    };
    const refuse = (): void => {
      request.turn = { receivedAtMs, isRefused: true, leave: () => {} };
      // An error here would make Fastify close the connection.
      done(null, undefined);
    };
    largeRequests.enter(body, begin, refuse);
  };
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    // Codings ignore case (RFC 9110, section 8.4.1).
    const coding = request.headers['content-encoding']?.toLowerCase() || 'identity';
    if (coding === 'identity') return take(request, bytes.toString(), done);
    if (coding !== 'gzip' && coding !== 'x-gzip') return done(unreadable(415));
    // Not while it comes: a body of a kilobyte that is never completed would hold a megabyte.
    inflate(bytes, request.routeOptions.bodyLimit)
      .then(
        (inflated) => take(request, inflated.toString(), done),
        (error: unknown) => done(isTooLarge(error) ? new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE() : unreadable(400)),
      )
      .catch(done);
  });
}

/** zlib gives up as soon as there is too much. */
function isTooLarge(error: unknown): boolean {
  return error instanceof Error && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ERR_BUFFER_TOO_LARGE';
}

function unreadable(statusCode: number): Error {
  return Object.assign(new Error(), { statusCode, code: UNREADABLE_ENCODING });
}

/** A body of a megabyte has 16 pieces as a rule, and 700 if each has the size of a packet. */
const MAX_PIECES = 10_000;
/** Where larger bodies are allowed: one more for as many bytes. */
const BYTES_A_PIECE = 100;

/** Refuses a body in too many pieces: each takes some 250 bytes until the body is complete, if it holds only one. */
function limitPieces(app: FastifyInstance): void {
  app.addHook('preParsing', ({ raw, method, routeOptions }, _reply, payload, done) => {
    // Their bodies are not read.
    if (method === 'GET' || method === 'HEAD') return done(null, payload);
    const maxPieces = MAX_PIECES + routeOptions.bodyLimit / BYTES_A_PIECE;
    let pieces = 0;
    const count = (): void => {
      if (++pieces <= maxPieces) return;
      raw.off('data', count);
      // Without a listener, an 'error' event ends the process. Whoever refused the body already has none.
      if (payload.listenerCount('error') > 0) payload.emit('error', Object.assign(new Error(), { statusCode: 400, code: TOO_MANY_PIECES }));
    };
    raw.on('data', count);
    done(null, payload);
  });
}

/** Text that may hold a key of a prototype, also in escapes. */
const SUSPECT = /__proto__|prototype|\\u/;

/**
 * Removes keys such as `__proto__` instead of refusing the body: nothing here merges objects. Fastify's parser does the same,
 * but looks up each item of a list by its name: half a million numbers take 0.1 seconds.
 */
function removePrototypes(parsed: unknown): void {
  const left = [parsed];
  while (left.length > 0) {
    const node = left.pop();
    if (isRecord(node)) {
      delete node['__proto__'];
      if (isRecord(node.constructor) && Object.hasOwn(node.constructor, 'prototype')) Reflect.deleteProperty(node, 'constructor');
    }
    const items: unknown[] = Array.isArray(node) ? node : isRecord(node) ? Object.values(node) : [];
    for (const item of items) if (typeof item === 'object') left.push(item);
  }
}

const QUOTE = 0x22;
const SPACE = 0x20;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;

/** Counts brackets in strings too: no document has so many. Counts each colon after a quote or whitespace as a key. */
function excessIn(json: string, { maxBodyObjects, maxBodyKeys }: BodyLimits): ContactsError | undefined {
  // Stryker disable next-line ConditionalExpression,EqualityOperator: spares looking at a text that is too short to hold so many
  if (json.length <= Math.min(maxBodyObjects, maxBodyKeys)) return undefined;
  let brackets = 0;
  let keys = 0;
  let before = 0;
  // Stryker disable next-line EqualityOperator: after the last character there is none to count
  for (let at = 0; at < json.length; at++) {
    const character = json.charCodeAt(at);
    if (character === OPEN_LIST || character === OPEN_OBJECT) {
      if (++brackets > maxBodyObjects) return limitExceeded('MAX_BODY_OBJECTS', maxBodyObjects);
    } else if (character === COLON && (before === QUOTE || before <= SPACE)) {
      if (++keys > maxBodyKeys) return limitExceeded('MAX_BODY_KEYS', maxBodyKeys);
    }
    before = character;
  }
  return undefined;
}
