import type { IncomingHttpHeaders } from 'node:http';
import { HeaderMap, type ApolloServer, type HTTPGraphQLResponse } from '@apollo/server';
import type { FastifyInstance } from 'fastify';
import { badRequest, ContactsError, limitExceeded, overloaded, RETRY_AFTER_SECONDS, type Fault } from '../errors.js';
import type { Context } from '../graphql/context.js';
import type { Deadline } from '../deadline.js';
import { isRecord } from '../record.js';
import type { Callers } from './callers.js';
import { Deadlines } from './deadlines.js';
import { refuse, vary } from './replies.js';

export interface OperationOptions {
  readonly server: ApolloServer<Context>;
  readonly callers: Callers;
  readonly createContext: (scopes: ReadonlySet<string>, deadline: Deadline, headers: IncomingHttpHeaders) => Context;
  readonly timeoutMs: number;
  /** The longest document that is parsed. */
  readonly maxQueryCharacters: number;
  /** The most lines that it may have. */
  readonly maxQueryLines: number;
  /** Called for each operation that is refused because it runs long after its deadline. */
  readonly onOverrun: () => void;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The scopes of the caller's verified token. */
    scopes: ReadonlySet<string>;
  }
}

/** The headers that Apollo Server and its plugins read. */
const HEADERS = ['accept', 'apollo-federation-include-trace', 'apollographql-client-name', 'apollographql-client-version'] as const;

/** Apollo Server treats these like no `accept` header, but spends time on parsing them. */
const ACCEPTS_JSON = new Set(['application/json', '*/*']);

/** A longer one counts like none: parsing 16 kB takes some 20 milliseconds. */
const MAX_ACCEPT_CHARACTERS = 1_000;

const isForJson = (accept: string): boolean => ACCEPTS_JSON.has(accept) || accept.length > MAX_ACCEPT_CHARACTERS;

/** Below this, compressing costs more than it saves. */
const COMPRESSED_FROM_BYTES = 1_024;

/**
 * `POST /graphql`: one operation per request, only as JSON, which browsers do not send to another site without a CORS
 * preflight. Returns a function that makes all operations, also later ones, answer with what they have.
 */
export function operationRoutes(app: FastifyInstance, { server, callers, createContext, timeoutMs, maxQueryCharacters, maxQueryLines, onOverrun }: OperationOptions): () => void {
  const deadlines = new Deadlines(timeoutMs, onOverrun);
  app.decorateRequest('scopes');
  app.post('/graphql', {
    config: { takesTurns: true },
    compress: { encodings: ['gzip'], threshold: COMPRESSED_FROM_BYTES, zlibOptions: { level: 1 } },
    // Before the body is read, so that a bad token costs nothing more.
    onRequest: async (request) => {
      const { authorization } = request.headers;
      // With two such headers, a proxy may have verified the other token.
      if (authorization !== undefined && request.raw.rawHeaders.filter(isAuthorization).length > 1) throw new ContactsError('UNAUTHENTICATED', undefined, { fault: 'token' });
      request.scopes = await callers(authorization);
    },
    // Before the document is parsed: a single token can be as long as the body.
    preHandler: async ({ body, turn }, reply) => {
      if (turn?.isRefused) throw overloaded();
      const fault = faultIn(body);
      if (fault) return refuse(reply, 400, badRequest(fault));
      const given = body as { query?: unknown; operationName?: unknown };
      // Some clients send an empty name instead of none.
      if (given.operationName === '') delete given.operationName;
      const { query } = given;
      if (typeof query !== 'string') return;
      if (query.length > maxQueryCharacters) return refuse(reply, 400, limitExceeded('MAX_QUERY_CHARACTERS', maxQueryCharacters));
      if (hasMoreLines(query, maxQueryLines)) return refuse(reply, 400, limitExceeded('MAX_QUERY_LINES', maxQueryLines));
    },
    onSend: async (request, reply) => {
      request.turn?.leave();
      if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'private, no-store');
      vary(reply, 'authorization');
    },
    handler: async (request, reply) => {
      const headers = new HeaderMap();
      for (const name of HEADERS) {
        const value = request.headers[name];
        if (value !== undefined && !(name === 'accept' && isForJson(String(value)))) headers.set(name, String(value));
      }
      const context: Context = createContext(request.scopes, deadlines.begin(reply, request.turn!.receivedAtMs, () => context.answer.abandon()), request.headers);
      const answer = await execute(request.body, headers, context);
      for (const [name, value] of answer.headers) if (name !== 'cache-control' || value.startsWith('max-age=')) reply.header(name, value);
      reply.code(answer.status ?? 200);
      // 503: too many fields are under way.
      if (answer.status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
      // graphql 16 has no @defer, so every answer is complete.
      return answer.body.kind === 'complete' ? answer.body.string : '';
    },
  });
  return () => deadlines.end();

  async function execute(body: unknown, headers: HeaderMap, context: Context): Promise<HTTPGraphQLResponse> {
    try {
      return await server.executeHTTPGraphQLRequest({ httpGraphQLRequest: { method: 'POST', headers, search: '', body }, context: async () => context });
    } finally {
      context.answer.end();
    }
  }
}

/** Apollo Server refuses the same bodies, with one code for all. */
function faultIn(body: unknown): Fault | undefined {
  if (!isRecord(body)) return 'body';
  const { query, variables, extensions, operationName } = body;
  if (typeof query !== 'string' || query === '') {
    // Apollo Server tells such a client to send the whole query.
    const isPersisted = (query ?? '') === '' && isRecord(extensions) && isRecord(extensions.persistedQuery);
    return isPersisted ? undefined : 'query';
  }
  if (!isRecord(variables ?? {})) return 'variables';
  if (!isRecord(extensions ?? {})) return 'extensions';
  return typeof (operationName ?? '') === 'string' ? undefined : 'operationName';
}

/** For each error, graphql-js counts the lines from the start of the document. */
function hasMoreLines(query: string, maxLines: number): boolean {
  // Stryker disable next-line ConditionalExpression,EqualityOperator: spares looking at a text that is too short to have so many
  if (query.length < maxLines) return false;
  let lines = 1;
  for (const _lineBreak of query.matchAll(/\r\n|[\n\r]/g)) if (++lines > maxLines) return true;
  return false;
}

/** Whether a text in a list of alternating names and values is this name. */
function isAuthorization(text: string, at: number): boolean {
  return at % 2 === 0 && text.toLowerCase() === 'authorization';
}
