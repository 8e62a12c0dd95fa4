import { isAscii, isUtf8 } from 'node:buffer';

/** An integer with this many digits may exceed 2^53. JSON.parse would round it, to another person's id. */
const LONG = 16;
/** Throws on invalid UTF-8: replacement characters would corrupt names. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/** Smaller bodies are always parsed fast enough. */
const LARGE_BYTES = 262_144;
/** Parsing half a million takes some 50 ms. A page of 100 contacts with 1,000 relationships each has as many. */
const MAX_VALUES = 500_000;

const CHARSET = /;\s*charset\s*=\s*(?:"\s*)?([^\s";,]+)/i;
/** How much of a `content-type` is read. A header may have 16 kB. */
const MAX_TYPE_CHARACTERS = 200;
/** Character sets, by TextDecoder's names, that servers declare for UTF-8. UTF-16 would have shown in the first bytes. */
const OFTEN_UTF_8 = new Set(['utf-8', 'windows-1252', 'utf-16le', 'utf-16be']);
/**
 * UTF-8, read as Latin-1: letters of European languages, two letters of two bytes in a row, or one of three or four bytes. Text
 * that is Latin-1 hardly ever holds these. It may hold an accented letter before a curly quote or a no-break space, such as `Ä’`.
 */
const USUAL_UTF_8 =
  /[\xc2\xc3\xc5][\x80-\xbf]|\xc4[\x80-\x91\x93\x95-\x9f\xa1-\xbf]|(?:[\xc6-\xdf][\x80-\xbf]){2}|(?:\xe0[\xa1-\xbf]|[\xe1-\xef][\x80-\x9f\xa1-\xbf])[\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{3}/;
/** 7-bit character sets that TextDecoder cannot read. All their texts are valid UTF-8. */
const SEVEN_BIT = /^(utf-?7|(cs)?unicode-?1-?1-?utf-?7|csutf7|hz|iso-2022)/i;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const MINUS = 0x2d;
const ZERO = 0x30;

/**
 * Parses an upstream's JSON without rounding integers: those beyond 2^53 become strings of their digits. `contentType` may
 * name the character set. Throws SyntaxError if the body is not JSON, does not fit the character set, or is large and holds
 * too many values, since parsing them would take seconds (docs/performance.md).
 *
 * Puts quotes around such integers before it parses. A reviver of JSON.parse is much slower (docs/performance.md).
 */
export function parseJson(body: Uint8Array, contentType?: unknown): unknown {
  const bytes = inUtf8(body, contentType);
  // Stryker disable next-line EqualityOperator: only spares work
  if (bytes.length > LARGE_BYTES && isDense(bytes)) throw new SyntaxError('too many values');
  return JSON.parse(decode(UTF_8, hasLongInteger(bytes) ? withQuotes(bytes, unsafeIntegers(bytes)) : bytes));
}

/**
 * JSON is UTF-8 (RFC 8259, 8.1), but not every server knows, and many declare what they do not send. UTF-16 shows in the first
 * two bytes. Any other body is read in the set that it declares. If it is valid UTF-8 too, either reading may be wrong, so it is
 * refused. Latin-1 is the exception: servers often declare it without sending it, and its texts are hardly ever valid UTF-8. It is
 * refused if it is not valid UTF-8, but holds some.
 */
function inUtf8(bytes: Uint8Array, contentType: unknown): Uint8Array {
  const first = bytes[0];
  if (first === 0 || first === 0xfe) return transcoded(bytes, decoderOf('utf-16be')!);
  if (bytes[1] === 0 || first === 0xff) return transcoded(bytes, decoderOf('utf-16le')!);
  const declared = typeof contentType === 'string' ? CHARSET.exec(contentType.slice(0, MAX_TYPE_CHARACTERS))?.[1] : undefined;
  // Stryker disable next-line LogicalOperator,Regex: only spares work
  if (declared === undefined || /^utf-?8$/i.test(declared)) return bytes;
  const decoder = decoderOf(declared);
  const mayBeUtf8 = isUtf8(bytes);
  // TextDecoder reads Latin-1 as windows-1252, which differs in control characters only.
  if (mayBeUtf8 && (decoder ? OFTEN_UTF_8.has(decoder.encoding) : !SEVEN_BIT.test(declared))) return bytes;
  if (!decoder) throw new SyntaxError('in a character set that is not known');
  // A single wrong byte makes a body invalid UTF-8. All its other names would be read wrongly.
  const isBrokenUtf8 = decoder.encoding === 'windows-1252' && USUAL_UTF_8.test(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'));
  if (isBrokenUtf8 || (mayBeUtf8 && !isAscii(bytes))) throw new SyntaxError('in one of two character sets');
  return transcoded(bytes, decoder);
}

function decoderOf(charset: string): TextDecoder | undefined {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    return undefined;
  }
}

function transcoded(bytes: Uint8Array, decoder: TextDecoder): Uint8Array {
  return Buffer.from(decode(decoder, bytes));
}

function decode(decoder: TextDecoder, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new SyntaxError(`not ${decoder.encoding}`);
  }
}

/** Whether a body holds more values than any page of contacts. Counts punctuation in strings too. */
function isDense(bytes: Uint8Array): boolean {
  let values = 0;
  for (const byte of bytes) if (byte === COMMA || byte === COLON || byte === OPEN_LIST || byte === OPEN_OBJECT) values++;
  return values > MAX_VALUES;
}

/**
 * Whether there is a run of LONG digits. Looks at every LONGth byte, which is faster than a regular expression. A wrong yes would
 * only cost time.
 */
function hasLongInteger(bytes: Uint8Array): boolean {
  for (let at = LONG - 1; at < bytes.length; at += LONG) {
    // A run of 16 digits around this one reaches eight bytes to the left or to the right.
    if (!isDigit(bytes[at]) || !(isDigit(bytes[at - LONG / 2]) || isDigit(bytes[at + LONG / 2]))) continue;
    let start = at;
    while (isDigit(bytes[start])) start--;
    let stop = at + 1;
    while (isDigit(bytes[stop])) stop++;
    if (stop - start > LONG) return true;
  }
  return false;
}

/** The start and the end of each integer beyond 2^53, in one flat list. */
function unsafeIntegers(bytes: Uint8Array): number[] {
  const places: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if (byte !== MINUS && !isDigit(byte)) at++;
    else {
      const start = at;
      const first = byte === MINUS ? at + 1 : at;
      let value = 0;
      for (at = first; isDigit(bytes[at]); at++) value = value * 10 + (bytes[at]! - ZERO);
      const stop = at;
      while (isInNumber(bytes[at])) at++;
      // Quotes would make invalid JSON valid: a leading zero, or a number as a key.
      if (value > Number.MAX_SAFE_INTEGER && at === stop && bytes[first] !== ZERO && !isKey(bytes, stop)) places.push(start, stop);
    }
  }
  return places;
}

function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

function isKey(bytes: Uint8Array, stop: number): boolean {
  let at = stop;
  while (isBlank(bytes[at])) at++;
  return bytes[at] === COLON;
}

function withQuotes(bytes: Uint8Array, places: readonly number[]): Uint8Array {
  const quoted = new Uint8Array(bytes.length + places.length);
  let from = 0;
  for (const [before, place] of places.entries()) {
    quoted.set(bytes.subarray(from, place), from + before);
    quoted[place + before] = QUOTE;
    from = place;
  }
  quoted.set(bytes.subarray(from), from + places.length);
  return quoted;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** Digits, and the other characters of a fraction or an exponent: `.`, `e`, `E`, `+`, `-`. */
function isInNumber(byte: number | undefined): boolean {
  return isDigit(byte) || byte === 0x2e || byte === 0x65 || byte === 0x45 || byte === 0x2b || byte === MINUS;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
