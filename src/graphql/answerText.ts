import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { limitExceeded } from '../errors.js';
import { serve } from './formatError.js';

/** Answers that are probably shorter are written at once: pieces cost a quarter more. */
const LONG_CHARACTERS = 2_097_152;
/** An answer with so many fields has about as many characters. */
export const LONG_FIELDS = 50_000;
/** About as many characters are written between two turns of the loop: 3 ms. */
const PIECE_CHARACTERS = 524_288;
/** One item of so many is written to estimate a list, which costs one percent. */
const ITEMS_A_SAMPLE = 100;
/** Lists of fewer items are written at once. */
const LONG_LIST = 10;

/**
 * The JSON text of an operation's result, as `JSON.stringify` writes it. Where it would have more than `maxBytes` bytes, an
 * error that says so, with `data: null`: the operation ran, so GraphQL over HTTP requires status 200 and a `data` key.
 *
 * A long result is written in pieces, with a turn of the event loop between them. A text of 16 MB would block it for 100 ms,
 * and one beyond 512 MB cannot be made at all. `isLong` says what is known before; else samples of the lists decide.
 */
export function answerText(result: { readonly data?: unknown }, maxBytes: number, isLong = false): string | Promise<string> {
  try {
    if (!isLong && estimate(result.data) <= Math.min(LONG_CHARACTERS, maxBytes)) return ifItFits(JSON.stringify(result), maxBytes);
    return new Writer(maxBytes).write(result).then((text) => ifItFits(text, maxBytes), tooLong);
  } catch (error) {
    return tooLong(error);
  }

  function tooLong(error: unknown): string {
    // One item, too, can be longer than a string of V8 can be.
    if (error instanceof RangeError) return refusal(maxBytes);
    throw error;
  }
}

function ifItFits(text: string, maxBytes: number): string {
  // A character takes at most three bytes.
  return text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes ? text : refusal(maxBytes);
}

function refusal(maxBytes: number): string {
  return JSON.stringify({ errors: [serve(limitExceeded('MAX_ANSWER_BYTES', maxBytes))], data: null });
}

/** How many characters the lists of the root fields take, from samples. */
function estimate(data: unknown): number {
  if (!isWritten(data)) return 0;
  let characters = 0;
  for (const list of Object.values(data)) {
    if (!isLongList(list)) continue;
    for (let at = 0; at < list.length; at += ITEMS_A_SAMPLE) characters += Math.min(ITEMS_A_SAMPLE, list.length) * (JSON.stringify([list[at]]).length - 2);
  }
  return characters;
}

/** Writes values in pieces: lists item by item where an item holds a long list itself, else many items at a time. */
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
        // A value without a text, such as undefined, makes no property.
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
        // The first items tell how many the next ones can be.
        const most = at === 0 ? 1 : Math.ceil((PIECE_CHARACTERS * at) / (leftBefore - this.#left));
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

/** Whether there is a long list in a value, at any depth. */
function holdsLongList(value: unknown): value is object {
  if (!isWritten(value)) return false;
  return isLongList(value) || Object.values(value).some(holdsLongList);
}

function isLongList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length >= LONG_LIST && isWritten(value);
}

/** Whether the text of a value is that of its properties or items. */
function isWritten(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !('toJSON' in value && typeof value.toJSON === 'function');
}
