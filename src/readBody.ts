import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate as inflateDeflated } from 'node:zlib';

/** A body that is too large, broken, or in an unexpected encoding. The error never quotes the body. */
export class UnreadableBody extends Error {
  override readonly name = 'UnreadableBody';
}

/** A body that broke off: the connection ended before it did. */
export class CutBody extends Error {
  override readonly name = 'CutBody';
}

const unzip = promisify(gunzip);
/** Their bytes do not tell that they are compressed. */
const DECODERS = new Map([['br', promisify(brotliDecompress)], ['deflate', promisify(inflateDeflated)]]);
const UTF_8 = new TextDecoder();

/**
 * Reads a UTF-8 body, gzipped or not, or compressed as `coding` says. `maxBytes` limits its size both as sent and inflated.
 * Throws UnreadableBody if it is larger or cannot be inflated; the connection is then closed.
 */
export async function readText(body: AsyncIterable<Uint8Array>, maxBytes: number, coding?: string): Promise<string> {
  // One buffer: a list of tiny chunks would take far more memory (docs/performance.md).
  const bytes = Buffer.allocUnsafe(maxBytes);
  let size = 0;
  for await (const chunk of body) {
    // Leaving the loop destroys the stream.
    if (size + chunk.length > maxBytes) throw new UnreadableBody();
    bytes.set(chunk, size);
    size += chunk.length;
  }
  const read = bytes.subarray(0, size);
  return UTF_8.decode(isGzip(read) ? await inflate(read, maxBytes) : await decoded(read, maxBytes, coding));
}

/** The header is often wrong: then the bytes stay as they are. */
async function decoded(bytes: Uint8Array, maxBytes: number, coding = ''): Promise<Uint8Array> {
  const decode = DECODERS.get(coding.toLowerCase());
  return decode ? decode(bytes, { maxOutputLength: maxBytes }).catch(() => bytes) : bytes;
}

/** Detects gzip by its first bytes: `content-encoding` is often wrong. JSON cannot begin with them. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Inflates gzip. Throws UnreadableBody if it is broken, or as soon as it exceeds `maxBytes`. */
export async function inflate(bytes: Uint8Array, maxBytes: number): Promise<Buffer> {
  try {
    return await unzip(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw new UnreadableBody(undefined, { cause });
  }
}
