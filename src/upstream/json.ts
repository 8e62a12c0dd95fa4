/** An integer this long may lie above 2^53, where JSON.parse would round it to its neighbour: somebody else's id. */
const LONG_INTEGER = /\d{16}/;

const INTEGER = /^-?\d+$/;

/**
 * Parses an upstream's JSON without ever rounding an integer: those that a number cannot hold become strings of
 * their digits. Throws SyntaxError on anything that is no JSON, or nested too deep to be read.
 */
export function parseJson(text: string): unknown {
  try {
    return LONG_INTEGER.test(text) ? JSON.parse(text, exactInteger) : JSON.parse(text);
  } catch (cause) {
    throw cause instanceof SyntaxError ? cause : new SyntaxError('too deep', { cause });
  }
}

function exactInteger(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return INTEGER.test(source) ? source : value;
}
