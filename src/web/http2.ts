import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { FastifyInstance } from 'fastify';

/**
 * Serves the same routes over HTTP/2 without TLS (RFC 9113, 3.3: prior knowledge), on a port of its own: routers that are
 * told to use nothing else do, while probes and browsers go on with HTTP/1.1.
 */
export function serveHttp2(app: FastifyInstance, host: string, port: number): void {
  const sessions = new Set<ServerHttp2Session>();
  let server: Http2Server | undefined;
  app.addHook('onListen', async () => {
    server = createServer((request, response) => app.routing(request as never, response as never));
    server.on('session', (session) => {
      sessions.add(session);
      session.once('close', () => sessions.delete(session));
    });
    await new Promise<void>((resolve, reject) => server!.once('error', reject).listen(port, host, resolve));
  });
  app.addHook('preClose', async () => {
    server?.close();
    // Each ends once the requests on it are answered.
    for (const session of sessions) session.close();
  });
  app.addHook('onClose', async () => {
    for (const session of sessions) session.destroy();
  });
}
