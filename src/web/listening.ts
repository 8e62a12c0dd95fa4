import type { FastifyInstance } from 'fastify';

type Place = { readonly host: string; readonly port: number };

/** What to do about the errors of Node that an operator can do something about. */
const ADVICE: Readonly<Record<string, (place: Place) => string>> = {
  EADDRINUSE: ({ host, port }) => `PORT: another program listens at port ${port} of ${host}. End it, or choose another port: PORT=4100`,
  EACCES: ({ port }) => `PORT: this user may not listen at port ${port}. Choose one from 1024 on: PORT=4001`,
  EADDRNOTAVAIL: ({ host }) => `HOST: this machine does not have the address ${host}. Use 127.0.0.1 for this machine alone, or 0.0.0.0 for all of its addresses`,
  ENOTFOUND: ({ host }) => `HOST: no address is known for the name ${host}. Use 127.0.0.1 for this machine alone, or 0.0.0.0 for all of its addresses`,
};
const SAME: Readonly<Record<string, string>> = { EAFNOSUPPORT: 'EADDRNOTAVAIL', EINVAL: 'EADDRNOTAVAIL', EAI_AGAIN: 'ENOTFOUND' };

/** Resolves to the address at which the server listens. Throws an Error that says what to do about PORT or HOST. */
export async function listenAt(web: FastifyInstance, { host, port }: Place): Promise<string> {
  try {
    // For `localhost`, Fastify starts a second server at `::1`. The stop and the error handlers of this service do not reach that one.
    return await web.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const advice = ADVICE[SAME[code] ?? code];
    throw advice ? new Error(`${advice({ host, port })}.`, { cause: error }) : error;
  }
}
