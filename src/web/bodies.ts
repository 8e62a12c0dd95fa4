import type { FastifyInstance } from 'fastify';
import { ContactsError } from '../errors.js';

/** How much a JSON body may hold. */
export interface BodyLimits {
  /** Objects and lists. */
  readonly maxBrackets: number;
  /** Keys of objects. */
  readonly maxKeys: number;
}

/** Refuses a JSON body that holds too much before it is parsed: a megabyte of lists or of different keys takes over 100 ms. */
export function limitBodies(app: FastifyInstance, limits: BodyLimits): void {
  // Keys that could reach a prototype cost themselves; nothing here merges objects.
  const parse = app.getDefaultJsonParser('remove', 'remove');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (holdsTooMuch(body, limits)) done(new ContactsError('BAD_USER_INPUT'));
    else void parse(request, body, done);
  });
}

const QUOTE = 0x22;
const SPACE = 0x20;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;

/** Brackets in texts count too: no document has so many. So do colons after a quote or a space, as the one after a key is. */
function holdsTooMuch(json: string, { maxBrackets, maxKeys }: BodyLimits): boolean {
  if (json.length <= Math.min(maxBrackets, maxKeys)) return false;
  let brackets = 0;
  let keys = 0;
  let before = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json.charCodeAt(at);
    if (character === OPEN_LIST || character === OPEN_OBJECT) brackets++;
    else if (character === COLON && (before === QUOTE || before <= SPACE)) keys++;
    before = character;
  }
  return brackets > maxBrackets || keys > maxKeys;
}
