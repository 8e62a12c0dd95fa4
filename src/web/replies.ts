import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply } from 'fastify';
import { ContactsError, limitExceeded, type ErrorCode } from '../errors.js';
import { serve } from '../graphql/formatError.js';

/** Answers a request that never became an operation, in the form that GraphQL clients read. */
export function refuse(reply: FastifyReply, status: number, error: ErrorCode | ContactsError): FastifyReply {
  return reply.code(status).header('cache-control', 'private, no-store').type('application/json; charset=utf-8').send(errorBody(error));
}

/** The JSON text of an answer that is one error. */
export function errorBody(error: ErrorCode | ContactsError): string {
  return JSON.stringify({ errors: [serve(error instanceof ContactsError ? error : new ContactsError(error))] });
}

const STATUS: Partial<Record<ErrorCode, number>> = { UNAUTHENTICATED: 401, BAD_USER_INPUT: 400, OVERLOADED: 503, LIMIT_EXCEEDED: 400 };

/** When a caller may retry after OVERLOADED. */
export const RETRY_AFTER_SECONDS = '1';

/** Answers any error that was thrown while a request was read or answered. Sends a status and a code, never the error's message. */
export function refuseFor(error: FastifyError | ContactsError, reply: FastifyReply): FastifyReply {
  if (error instanceof ContactsError) {
    if (error.code === 'OVERLOADED') reply.header('retry-after', RETRY_AFTER_SECONDS);
    return refuse(reply, STATUS[error.code] ?? 500, error);
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return refuse(reply, 413, limitExceeded('MAX_BODY_BYTES', reply.request.routeOptions.bodyLimit));
  const status = error.statusCode ?? 500;
  return status < 500 ? refuse(reply, status, 'BAD_REQUEST') : refuse(reply, 500, 'INTERNAL_SERVER_ERROR');
}

/** Answers a GET of `/graphql` that is not for GraphiQL. */
export function refuseGet(reply: FastifyReply): FastifyReply {
  return refuse(reply.header('allow', 'POST'), 405, 'BAD_REQUEST');
}

const UNREAD: Partial<Record<string, number>> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 };

/** Replies to unparsable or timed-out requests, then closes the connection. */
export function refuseUnread({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return;
  const status = UNREAD[code] ?? 400;
  const body = errorBody('BAD_REQUEST');
  const headers = `content-type: application/json; charset=utf-8\r\ncache-control: private, no-store\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers}\r\n\r\n${body}`, () => socket.destroy());
}
