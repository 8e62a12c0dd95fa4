import { parseArgs } from 'node:util';

export interface Options {
  /** Where the browser goes after the approval. As given: CAS 360 compares it with what is registered. */
  readonly redirectUri: string;
  /** Whether a refresh token that can still be used may be replaced. */
  readonly replace: boolean;
  readonly help: boolean;
}

export const HELP = `npm run connect -- [--redirect-uri ADDRESS] [--replace]

Connects CAS 360: prints the address where a person approves, receives the code, and stores the first refresh token.
Needs CAS360_BASE_URL, CAS360_CLIENT_ID, CAS360_CLIENT_SECRET, CAS360_SCOPE, and CAS360_TOKEN_FILE or REDIS_URL.

  --redirect-uri ADDRESS  the redirect address that is registered for the client at CAS 360.
                          By default http://127.0.0.1:4014/callback, at which this command listens. After an address on
                          another machine you paste the address of the page on which the browser ended
  --replace               replace a refresh token that can still be used
`;

/** Throws an error whose message is meant for the user. */
export function readOptions(words: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...words],
    options: {
      'redirect-uri': { type: 'string', default: 'http://127.0.0.1:4014/callback' },
      replace: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const redirectUri = values['redirect-uri'].trim();
  if (!isRedirectUri(redirectUri)) throw new Error('--redirect-uri must be an http or https address, without user, password or fragment');
  return { redirectUri, replace: values.replace, help: values.help };
}

function isRedirectUri(text: string): boolean {
  if (!URL.canParse(text) || text.includes('#')) return false;
  const { protocol, username, password } = new URL(text);
  return ['http:', 'https:'].includes(protocol) && username === '' && password === '';
}
