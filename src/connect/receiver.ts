import type { Authorization } from './authorization.js';
import type { Page } from './callbackServer.js';
import { ConnectError } from './connectError.js';

const CLOSE = 'You can close this page.';

/** Takes the first answer to the authorization, whether the browser or a person brings it. */
export class Receiver {
  /** Resolves to the code. Rejects with ConnectError if the approval was refused. */
  readonly code: Promise<string>;
  readonly #authorization: Authorization;
  readonly #settle: { readonly resolve: (code: string) => void; readonly reject: (error: Error) => void };
  readonly #outcome = Promise.withResolvers<string>();
  #isAnswered = false;

  constructor(authorization: Authorization) {
    this.#authorization = authorization;
    const { promise, ...settle } = Promise.withResolvers<string>();
    this.code = promise;
    this.#settle = settle;
  }

  /** The browser gets its page when the command has ended with `outcome`. */
  async fromBrowser(url: URL): Promise<Page> {
    if (this.#isAnswered) return { status: 409, text: `The answer was received before. The terminal shows what came of it. ${CLOSE}` };
    const why = this.#take(url);
    if (why !== undefined) return { status: 400, text: `This call is not the answer that npm run connect waits for. ${why}` };
    return { status: 200, text: `${await this.#outcome.promise} ${CLOSE}` };
  }

  /** Takes the pasted address of the page on which the browser ended. Returns why it is not the answer; undefined: it is. */
  fromPerson(text: string): string | undefined {
    if (this.#isAnswered) return undefined;
    return URL.canParse(text) ? this.#take(new URL(text)) : 'It is not an address: paste all of what the browser shows, from http on.';
  }

  /** Tells the browser what happened. */
  end(outcome: string): void {
    this.#isAnswered = true;
    this.#outcome.resolve(outcome);
  }

  #take(url: URL): string | undefined {
    const callback = this.#authorization.read(url);
    if (callback.kind === 'other') return callback.why;
    this.#isAnswered = true;
    if (callback.kind === 'code') this.#settle.resolve(callback.code);
    else this.#settle.reject(new ConnectError(`${callback.why} Nothing was stored.`));
    return undefined;
  }
}
