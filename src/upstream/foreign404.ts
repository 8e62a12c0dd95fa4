import { parseJson } from './json.js';
import type { Answer } from './wire.js';

/**
 * What gateways and frameworks answer in JSON for a path without a route. Only phrases that no system says of a contact that
 * is absent: a phrase too many would turn absent contacts into errors.
 */
const NO_ROUTE: readonly RegExp[] = [
  // Express and Nest "Cannot GET /wrong", Fastify "Route GET:/wrong not found", Spring "No endpoint GET /wrong." and "No handler found for GET /wrong", Rails "No route matches [GET] ...".
  /\b(cannot|route|endpoint|found for|matches) \W?GET\W{1,5}\//i,
  // Spring "No static resource wrong.", Symfony "No route found for ...", Kong "no Route matched with those values".
  /\bno (static resource|route found|route matched)\b/i,
  // APISIX "404 Route Not Found", Laravel "The route wrong could not be found."
  /\broute (not found|\S+ could not be found)/i,
  // CakePHP "A route matching \"/wrong\" could not be found.", CodeIgniter "Can't find a route for 'GET: wrong'."
  /\b(route matching .{1,100} could not be found|find a route for|(endpoint|url) not found)\b/i,
  // Gravitee, Ory Oathkeeper.
  /\b(No context-path matches the request URI|Requested url does not match any rules)\b/i,
  // Apigee, WSO2, RESTEasy, ASP.NET, Google Cloud Endpoints.
  /\b(Unable to identify proxy for host|No matching resource found for given API|Could not find resource for full path|No HTTP resource was found that matches the request|is not defined by this API)\b/i,
];

const QUOTE = 0x22;

/** Reads any bytes; the phrases are ASCII. */
const LATIN_1 = new TextDecoder('latin1');

/**
 * Why a 404 does not mean that there is no such contact: its body is no JSON (`page`), or names a missing route (`no route`).
 * Undefined for any other JSON, because neither system documents the body of its own 404. A bare number counts as no JSON:
 * gateways answer `404` in plain text.
 */
export function foreign404({ body, contentType }: Pick<Answer, 'body' | 'contentType'>): 'page' | 'no route' | undefined {
  try {
    const json = parseJson(body, contentType);
    // `parseJson` makes a text of a long number. Any other text stands in quotes.
    if (typeof json === 'number' || (typeof json === 'string' && !body.includes(QUOTE))) return 'page';
  } catch {
    return 'page';
  }
  const text = LATIN_1.decode(body);
  return NO_ROUTE.some((phrase) => phrase.test(text)) ? 'no route' : undefined;
}
