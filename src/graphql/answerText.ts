import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { limitExceeded } from '../errors.js';
import { isRecord } from '../record.js';
import { serve } from './formatError.js';

/** Results that are probably shorter are written at once: pieces cost a quarter more. */
const LONG_CHARACTERS = 2_097_152;
/** About as many characters are written between two turns of the loop: 3 ms. */
const PIECE_CHARACTERS = 524_288;
/** One item of so many is written to estimate a list, which costs one percent. */
const ITEMS_A_SAMPLE = 100;

/**
 * The JSON text of an operation's result, as `JSON.stringify` writes it. Where it would have more than `maxBytes` bytes, an
 * error that says so, with `data: null`: the operation has run, and GraphQL over HTTP then wants `data` and status 200.
 * A long result is written in pieces. They give up when it is too long, and let others be served between them: a text of
 * 500 MB takes seconds, and a longer one cannot be made at all.
 */
export function answerText(result: { readonly data?: unknown }, maxBytes: number): string | Promise<string> {
  try {
    const isShort = estimate(result.data) <= Math.min(LONG_CHARACTERS, maxBytes);
    return isShort ? ifItFits(JSON.stringify(result), maxBytes) : new Writer(maxBytes).write(result).then((text) => ifItFits(text, maxBytes), tooLong);
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
  if (!isWalkable(data)) return 0;
  let characters = 0;
  for (const list of Object.values(data)) {
    if (!isWalkableList(list)) continue;
    for (let at = 0; at < list.length; at += ITEMS_A_SAMPLE) characters += ITEMS_A_SAMPLE * JSON.stringify([list[at]]).length;
  }
  return characters;
}

/** Writes root fields one by one, and their lists in pieces. Throws a RangeError once the text is longer than allowed. */
class Writer {
  #left: number;

  constructor(maxCharacters: number) {
    this.#left = maxCharacters;
  }

  write(result: object): Promise<string> {
    return this.#object(result, async (name, value) => (name === 'data' && isWalkable(value) ? `"data":${await this.#data(value)}` : this.#property(name, value)));
  }

  #data(data: Record<string, unknown>): Promise<string> {
    return this.#object(data, async (name, value) => (isWalkableList(value) ? `${JSON.stringify(name)}:[${await this.#items(value)}]` : this.#property(name, value)));
  }

  async #object(object: object, write: (name: string, value: unknown) => Promise<string>): Promise<string> {
    const properties: string[] = [];
    for (const [name, value] of Object.entries(object)) properties.push(await write(name, value));
    // A value without a text, such as undefined, makes no property.
    return `{${properties.filter((text) => text !== '').join()}}`;
  }

  #property(name: string, value: unknown): string {
    return this.#counted(JSON.stringify({ [name]: value }).slice(1, -1));
  }

  /** The first piece is one item, which tells how many the next ones can be. */
  async #items(items: readonly unknown[]): Promise<string> {
    const pieces: string[] = [];
    let characters = 0;
    let count = 1;
    for (let at = 0; at < items.length; at += count) {
      if (at > 0) count = Math.max(1, Math.floor((PIECE_CHARACTERS * at) / characters));
      const piece = this.#counted(JSON.stringify(items.slice(at, at + count)).slice(1, -1));
      characters += piece.length + 1;
      pieces.push(piece);
      await turnOfTheLoop();
    }
    return pieces.join();
  }

  #counted(text: string): string {
    this.#left -= text.length;
    if (this.#left < 0) throw new RangeError('too long');
    return text;
  }
}

function isWalkable(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && typeof value.toJSON !== 'function';
}

function isWalkableList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length >= ITEMS_A_SAMPLE && !('toJSON' in value);
}
