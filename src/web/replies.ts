import type { FastifyError, FastifyReply } from 'fastify';
import { ContactsError, type ErrorCode } from '../errors.js';
import { serve } from '../graphql/formatError.js';

/** Answers a request that never became an operation, in the form that GraphQL clients read. */
export function refuse(reply: FastifyReply, status: number, code: ErrorCode): FastifyReply {
  return reply.code(status).header('cache-control', 'private, no-store').type('application/json; charset=utf-8').send({ errors: [serve(code)] });
}

const STATUS: Partial<Record<ErrorCode, number>> = { UNAUTHENTICATED: 401, OVERLOADED: 503 };

/** Answers for whatever was thrown while a request was read or answered: a status, a code, and not a word of its own. */
export function refuseFor(error: FastifyError | ContactsError, reply: FastifyReply): FastifyReply {
  if (error instanceof ContactsError) {
    if (error.code === 'OVERLOADED') reply.header('retry-after', '1');
    return refuse(reply, STATUS[error.code] ?? 500, error.code);
  }
  const status = error.statusCode ?? 500;
  return status < 500 ? refuse(reply, status, 'BAD_REQUEST') : refuse(reply, 500, 'INTERNAL_SERVER_ERROR');
}

/** What a GET of `/graphql` gets that is not for GraphiQL. */
export function refuseGet(reply: FastifyReply): FastifyReply {
  return refuse(reply.header('allow', 'POST'), 405, 'BAD_REQUEST');
}
