import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';

/** What the browser shows. */
export interface Page {
  readonly status: number;
  readonly text: string;
}

const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost'];
/** How long a browser may take to read its page. */
const PAGE_MS = 1_000;
const NOT_HERE: Page = { status: 404, text: 'There is nothing here.' };

/** Whether a program on this machine can receive calls to this address (RFC 8252, 7.3). */
export function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && LOOPBACK.includes(hostname);
}

/** Listens at a redirect address of this machine, and answers browsers with pages. */
export class CallbackServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Rejects with the error of the system if it cannot listen. `answer` gets calls to the path of `redirectUri` only. */
  static async listen(redirectUri: URL, answer: (url: URL) => Promise<Page>): Promise<CallbackServer> {
    const server = createServer((request, response) => {
      const url = URL.canParse(request.url ?? '', redirectUri.origin) ? new URL(request.url!, redirectUri.origin) : undefined;
      // A page elsewhere can make a browser call this machine by a name of its own.
      const isFromElsewhere = request.headers.host?.toLowerCase() !== redirectUri.host;
      if (isFromElsewhere || url?.pathname !== redirectUri.pathname) return show(response, NOT_HERE);
      if (request.method !== 'GET') return show(response, { status: 405, text: 'Only GET is answered here.' });
      void answer(url).then((page) => show(response, page));
    });
    const { hostname, port } = redirectUri;
    server.listen(Number(port || 80), hostname === '[::1]' ? '::1' : '127.0.0.1');
    await once(server, 'listening');
    return new CallbackServer(server);
  }

  /** Ends the connections that wait for nothing, and the others once they are answered, or after a moment. */
  close(): void {
    this.#server.close();
    this.#server.closeIdleConnections();
    // One that has sent nothing is not idle to Node. Browsers open such connections ahead.
    setTimeout(() => this.#server.closeAllConnections(), PAGE_MS).unref();
  }
}

function show(response: ServerResponse, { status, text }: Page): void {
  const body = `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>npm run connect</title></head>\n<body><p>${text}</p></body></html>\n`;
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    // The address holds the code.
    'referrer-policy': 'no-referrer',
    connection: 'close',
  });
  response.end(body);
}
