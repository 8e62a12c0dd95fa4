const INTEGER = /^-?\d+$/;
/** An integer this long may lie above 2^53, where JSON.parse would round it to its neighbour: somebody else's id. */
const LONG = 16;
const UTF_8 = new TextDecoder();

/**
 * Parses an upstream's JSON, in UTF-8, without ever rounding an integer: those that a number cannot hold become strings
 * of their digits. Throws SyntaxError on anything that is no JSON, or nested too deep to be read.
 */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    const text = UTF_8.decode(bytes);
    return hasLongInteger(bytes) ? JSON.parse(text, exactInteger) : JSON.parse(text);
  } catch (cause) {
    throw cause instanceof SyntaxError ? cause : new SyntaxError('too deep', { cause });
  }
}

/** Whether LONG digits stand in a row, looked for in leaps of as many: a fraction of what a regular expression takes. */
function hasLongInteger(bytes: Uint8Array): boolean {
  for (let at = LONG - 1; at < bytes.length; at += LONG) {
    // Half of them stand on one side of it.
    if (!isDigit(bytes[at]) || !(isDigit(bytes[at - LONG / 2]) || isDigit(bytes[at + LONG / 2]))) continue;
    let start = at;
    while (isDigit(bytes[start])) start--;
    let stop = at + 1;
    while (isDigit(bytes[stop])) stop++;
    if (stop - start > LONG) return true;
  }
  return false;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}

function exactInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return INTEGER.test(source) ? source : value;
}
