import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** A body that is too large, broken, or in an encoding that nobody asked for. Nothing in this error quotes the body. */
export class UnreadableBody extends Error {
  override readonly name = 'UnreadableBody';
}

const unzip = promisify(gunzip);
const UTF_8 = new TextDecoder();

/**
 * Reads a body in UTF-8, in gzip or not. Takes at most `maxBytes` as they come, and inflates them to at most as many.
 * Throws UnreadableBody for whatever is larger or cannot be inflated; the connection is then closed.
 */
export async function readText(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  // One buffer for all: a list of chunks that hold a byte each would take a hundred times the memory.
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

/** Inflates gzip, and stops as soon as that gives more than `maxBytes`. Throws UnreadableBody then, or if it is broken. */
export async function inflate(bytes: Uint8Array, maxBytes: number): Promise<Buffer> {
  try {
    return await unzip(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw new UnreadableBody(undefined, { cause });
  }
}
