import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** A body that is too large, broken, or in an unexpected encoding. The error never quotes the body. */
export class UnreadableBody extends Error {
  override readonly name = 'UnreadableBody';
}

const unzip = promisify(gunzip);
const UTF_8 = new TextDecoder();

/**
 * Reads a UTF-8 body, gzipped or not. `maxBytes` limits its size both as sent and inflated. Throws UnreadableBody if it is
 * larger or cannot be inflated; the connection is then closed.
 */
export async function readText(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
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
  return UTF_8.decode(isGzip(read) ? await inflate(read, maxBytes) : read);
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
