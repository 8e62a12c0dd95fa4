import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { until } from './until.js';

export interface HostileServer {
  readonly url: URL;
  /** How many requests came. */
  readonly requests: () => number;
  /** Bytes written in answers that do not end. */
  readonly sentBytes: () => number;
  /** Resolves once every connection is closed that a request came on. undici may hold another ready. */
  readonly allGone: () => Promise<void>;
  stop(): Promise<void>;
}

/** What comes before, again and again, for as long as somebody reads. */
export interface Endless {
  readonly begin: string;
  readonly again: string | Buffer;
}

const BLOCK_BYTES = 16_384;

/** Answers each request as it is told, over HTTP: a listener, or bytes without end. */
export async function startHostileServer(answer: RequestListener | Endless): Promise<HostileServer> {
  let requests = 0;
  let sentBytes = 0;
  const sockets = new Set<Socket>();
  const asking = new Set<Socket>();
  const begin = (socket: Socket): void => {
    requests++;
    asking.add(socket.once('close', () => asking.delete(socket)));
  };
  const goOn = async (socket: Socket, { begin: head, again }: Endless): Promise<void> => {
    const block = Buffer.concat(Array<Buffer>(Math.ceil(BLOCK_BYTES / again.length)).fill(Buffer.from(again)));
    socket.write(head);
    await pipeline(
      Readable.from((function* () {
        for (;;) {
          sentBytes += block.length;
          yield block;
        }
      })()),
      socket,
    ).catch(() => {});
  };
  const server: Server =
    typeof answer === 'function'
      ? createHttpServer((request, response) => {
          begin(request.socket);
          answer(request, response);
        })
      : createServer((socket) => {
          socket.once('data', () => {
            begin(socket);
            void goOn(socket, answer);
          });
        });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    requests: () => requests,
    sentBytes: () => sentBytes,
    allGone: async () => {
      await until('all who asked are gone', () => asking.size === 0);
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Gzip of so many blanks. */
export async function gzipBomb(inflatedBytes: number): Promise<Buffer> {
  const blanks = Buffer.alloc(1_000_000, ' ');
  const chunks: Buffer[] = [];
  const zipped = Readable.from(Array.from({ length: inflatedBytes / blanks.length }, () => blanks)).pipe(createGzip({ level: 9 }));
  for await (const chunk of zipped) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`;

/** Answers that do not end, by what goes on and on. */
export const ENDLESS: Readonly<Record<string, Endless>> = {
  'a body of blanks': { begin: CHUNKED, again: `1000\r\n${' '.repeat(4_096)}\r\n` },
  'a body of one byte a chunk': { begin: CHUNKED, again: '1\r\n \r\n' },
  'a body without a length': { begin: `${HEAD}\r\n`, again: ' ' },
  'a header': { begin: `${HEAD}x: `, again: 'x' },
  headers: { begin: HEAD, again: 'x-some: thing\r\n' },
  'a status line': { begin: 'HTTP/1.1 200 ', again: 'O' },
  'answers of 103': { begin: '', again: 'HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n' },
  'answers of 100': { begin: '', again: 'HTTP/1.1 100 Continue\r\n\r\n' },
  trailers: { begin: `${CHUNKED}1\r\n \r\n0\r\n`, again: 'x-some: thing\r\n' },
  'a chunk extension': { begin: `${CHUNKED}1;`, again: 'x' },
  'bytes that are no HTTP': { begin: '', again: 'SSH-2.0-server\r\n' },
};
