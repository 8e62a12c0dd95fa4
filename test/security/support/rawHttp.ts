import { connect } from 'node:net';

export interface RawReply {
  readonly status: number;
  /** Everything that came: status line, headers and body. */
  readonly text: string;
  readonly body: string;
}

const PIECE_BYTES = 65_536;
/** From here on a server may have answered and closed: writing on would reset the connection, and lose the answer. */
const CAREFUL_FROM = 2 ** 20;

/** Writes these bytes on a connection of their own until an answer comes, and reads all of it until it is closed. */
export function exchangeBytes(url: string, bytes: Buffer): Promise<RawReply> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let text = '';
    socket.on('data', (piece) => (text += piece.toString('latin1')));
    // A server that refuses before it has read everything may reset; what it said until then counts.
    socket.on('error', () => {});
    socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text, body: text.slice(text.indexOf('\r\n\r\n') + 4) }));
    const write = (at: number): void => {
      if (at < bytes.length && text === '') socket.write(bytes.subarray(at, at + PIECE_BYTES), () => setTimeout(write, at < CAREFUL_FROM - PIECE_BYTES ? 0 : 5, at + PIECE_BYTES));
    };
    write(0);
  });
}

/** A POST to `/graphql` with header lines exactly as they are given. */
export function rawPost(url: string, headerLines: readonly string[], body: string): Promise<RawReply> {
  const lines = ['POST /graphql HTTP/1.1', 'host: 127.0.0.1', 'content-type: application/json', `content-length: ${Buffer.byteLength(body)}`, 'connection: close', ...headerLines];
  return exchangeBytes(url, Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'utf8'));
}
