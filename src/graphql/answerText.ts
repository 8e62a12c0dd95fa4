import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { limitExceeded } from '../errors.js';
import { serve } from './formatError.js';

/** Shorter answers, by estimate, are written at once: pieces cost a quarter more. */
const LONG_CHARACTERS = 2_097_152;
/** An answer with this many fields has about as many characters as LONG_CHARACTERS. */
export const LONG_FIELDS = 50_000;
/** About how many characters are written per turn of the event loop. They take 3 ms. */
const PIECE_CHARACTERS = 524_288;
/** One item in this many is written to estimate a list, which costs one percent. */
const ITEMS_A_SAMPLE = 100;
/** The most items in a piece, since long items can follow short ones. */
const ITEMS_A_PIECE = 100;
/** Lists of fewer items are written at once. */
const LONG_LIST = 10;

/**
 * The JSON text of an operation's result, as `JSON.stringify` writes it. If it has more than `maxBytes` bytes, the text of an
 * error with `data: null`: the operation ran, so GraphQL over HTTP requires status 200 and a `data` key.
 *
 * A long result is written in pieces, with a turn of the event loop between them, since it would block the loop
 * (docs/performance.md), and V8 has no strings beyond 512 MB. `isLong` says that the result is known to be long. Otherwise
 * samples of its lists decide.
 */
export function answerText(result: { readonly data?: unknown }, maxBytes: number, isLong = false, random = Math.random): string | Promise<string> {
  try {
    if (!isLong && estimate(result.data, random) <= Math.min(LONG_CHARACTERS, maxBytes)) return ifItFits(JSON.stringify(result), maxBytes);
    return new Writer(maxBytes).write(result).then((text) => ifItFits(text, maxBytes), tooLong);
  } catch (error) {
    return tooLong(error);
  }

  function tooLong(error: unknown): string {
    // A single item can also exceed V8's longest string.
    if (error instanceof RangeError) return refusal(maxBytes);
    throw error;
  }
}

function ifItFits(text: string, maxBytes: number): string {
  // A character takes at most three bytes.
  // Stryker disable next-line ConditionalExpression,EqualityOperator: only spares work
  if (text.length * 3 <= maxBytes) return text;
  return Buffer.byteLength(text) <= maxBytes ? text : refusal(maxBytes);
}

function refusal(maxBytes: number): string {
  return JSON.stringify({ errors: [serve(limitExceeded('MAX_ANSWER_BYTES', maxBytes))], data: null });
}

/** Estimates from samples how many characters the lists of the root fields take. */
function estimate(data: unknown, random: () => number): number {
  if (!isWritten(data)) return 0;
  let characters = 0;
  for (const list of Object.values(data)) {
    if (!isLongList(list)) continue;
    for (let at = 0; at < list.length; at += ITEMS_A_SAMPLE) {
      // Any item of the hundred: callers could give ids without contacts for those that they foresee.
      const sample = list[at + Math.floor(random() * Math.min(ITEMS_A_SAMPLE, list.length - at))];
      characters += Math.min(ITEMS_A_SAMPLE, list.length) * (JSON.stringify([sample]).length - 2);
    }
  }
  return characters;
}

/** Writes values in pieces: lists many items at a time, or item by item if an item holds a long list itself. */
class Writer {
  readonly #pieces: string[] = [];
  #left: number;
  #sincePause = 0;

  constructor(maxCharacters: number) {
    this.#left = maxCharacters;
  }

  /** Throws a RangeError as soon as the text is longer than allowed. */
  async write(result: object): Promise<string> {
    await this.#object(result);
    return this.#pieces.join('');
  }

  async #object(object: object): Promise<void> {
    let separator = '{';
    for (const [name, value] of Object.entries(object)) {
      if (holdsLongList(value)) {
        this.#add(`${separator}${JSON.stringify(name)}:`);
        await (Array.isArray(value) ? this.#list(value) : this.#object(value));
      } else {
        const property = JSON.stringify({ [name]: value as unknown }).slice(1, -1);
        // JSON leaves out properties without a text, such as undefined.
        if (property === '') continue;
        this.#add(separator + property);
      }
      separator = ',';
    }
    this.#add(separator === '{' ? '{}' : '}');
  }

  async #list(items: readonly unknown[]): Promise<void> {
    this.#add('[');
    const leftBefore = this.#left;
    for (let at = 0, count: number; at < items.length; at += count) {
      if (at > 0) this.#add(',');
      const item = items[at];
      count = 1;
      if (holdsLongList(item) && !Array.isArray(item)) await this.#object(item);
      else {
        // The items so far give the number of items for the next piece.
        const most = at === 0 ? 1 : Math.min(ITEMS_A_PIECE, Math.ceil((PIECE_CHARACTERS * at) / (leftBefore - this.#left)));
        while (count < most && at + count < items.length && !holdsLongList(items[at + count])) count++;
        this.#add(JSON.stringify(items.slice(at, at + count)).slice(1, -1));
      }
      if (this.#sincePause < PIECE_CHARACTERS / 2) continue;
      this.#sincePause = 0;
      await turnOfTheLoop();
    }
    this.#add(']');
  }

  #add(text: string): void {
    this.#left -= text.length;
    this.#sincePause += text.length;
    if (this.#left < 0) throw new RangeError('too long');
    this.#pieces.push(text);
  }
}

/** Whether a value holds a long list, at any depth. */
function holdsLongList(value: unknown): value is object {
  if (!isWritten(value)) return false;
  return isLongList(value) || Object.values(value).some(holdsLongList);
}

function isLongList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length >= LONG_LIST && isWritten(value);
}

/** Whether JSON writes the properties or items of a value. */
function isWritten(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !('toJSON' in value && typeof value.toJSON === 'function');
}
