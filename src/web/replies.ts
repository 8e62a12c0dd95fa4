import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { badRequest, ContactsError, limitExceeded, type ErrorCode, type Fault } from '../errors.js';
import { serve } from '../graphql/formatError.js';
import { TOO_MANY_PIECES, UNREADABLE_ENCODING } from './bodies.js';

/** Answers a request that never became an operation, in the form that GraphQL clients read. */
export function refuse(reply: FastifyReply, status: number, error: ContactsError): FastifyReply {
  const { retryAfterSeconds } = error.facts;
  if (retryAfterSeconds !== undefined) reply.header('retry-after', retryAfterSeconds);
  // RFC 9110, section 15.5.2, demands it.
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  return reply.code(status).header('cache-control', 'private, no-store').type('application/json; charset=utf-8').send(errorBody(error));
}

/** The JSON text of an answer that is one error. */
export function errorBody(error: ContactsError): string {
  return JSON.stringify({ errors: [serve(error)] });
}

const STATUS: Partial<Record<ErrorCode, number>> = { UNAUTHENTICATED: 401, BAD_USER_INPUT: 400, OVERLOADED: 503, LIMIT_EXCEEDED: 400 };

/** What is wrong with a request that cannot be read, by the code of its error. */
const FAULTS: Partial<Record<string, Fault>> = {
  FST_ERR_CTP_EMPTY_JSON_BODY: 'json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'json',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'contentType',
  [TOO_MANY_PIECES]: 'pieces',
  [UNREADABLE_ENCODING]: 'encoding',
};

/** Answers any error that was thrown while a request was read or answered. Sends a status and a code, never the error's message. */
export function refuseFor(error: FastifyError | ContactsError, reply: FastifyReply): FastifyReply {
  if (error instanceof ContactsError) return refuse(reply, STATUS[error.code] ?? 500, error);
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return refuse(reply, 413, limitExceeded('MAX_BODY_BYTES', reply.request.routeOptions.bodyLimit));
  const status = error.statusCode ?? 500;
  return status < 500 ? refuse(reply, status, badRequest(FAULTS[error.code])) : refuse(reply, 500, new ContactsError('INTERNAL_SERVER_ERROR'));
}

/** Answers any method of `/graphql` but POST, and but a GET that is for GraphiQL. */
export function refuseMethod(reply: FastifyReply): FastifyReply {
  return refuse(reply.header('allow', 'POST'), 405, badRequest('method'));
}

/** Answers a request for a path, or a method, that has no route. */
export function refuseUnknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return isGraphqlPath(request) ? refuseMethod(reply) : refuse(reply, 404, badRequest('path'));
}

/** Also for methods without a route. */
export function isGraphqlPath({ url }: FastifyRequest): boolean {
  return /^\/graphql(?:\?|$)/.test(url);
}

/** Adds a header on which the answer depends. */
export function vary(reply: FastifyReply, name: string): void {
  const known = reply.getHeader('vary');
  reply.header('vary', known === undefined ? name : `${known}, ${name}`);
}

const UNREAD: Partial<Record<string, readonly [status: number, fault: Fault]>> = { ERR_HTTP_REQUEST_TIMEOUT: [408, 'slow'], HPE_HEADER_OVERFLOW: [431, 'headers'] };

/** Replies to unparsable or timed-out requests, then closes the connection. */
export function refuseUnread({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return;
  const [status, fault] = UNREAD[code] ?? [400, 'http'];
  const body = errorBody(badRequest(fault));
  const headers = `content-type: application/json; charset=utf-8\r\ncache-control: private, no-store\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers}\r\n\r\n${body}`, () => socket.destroy());
}
