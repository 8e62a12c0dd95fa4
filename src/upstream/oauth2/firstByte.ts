import type { Dispatcher } from 'undici';

/**
 * Tells whether any byte of a request may have left. undici calls `onRequestStart` when the connection stands, after a proxy's
 * tunnel and TLS, and writes the request in the same turn. No request is written twice: undici would send one again whose
 * connection it closed itself.
 */
export class FirstByte {
  mayHaveLeft = false;

  /** Sends by `dispatcher`, and watches. */
  watchedBy(dispatcher: Dispatcher): Dispatcher {
    return dispatcher.compose((dispatch) => (options, handler) => dispatch(options, this.#watching(handler)));
  }

  #watching(handler: Dispatcher.DispatchHandler): Dispatcher.DispatchHandler {
    // Stryker disable OptionalChaining: the types allow handlers without them, but that of undici's `request` has all
    return {
      onRequestStart: (controller, context) => {
        // Stryker disable next-line StringLiteral: NoAnswer leaves it out
        if (this.mayHaveLeft) return controller.abort(new Error('sent before'));
        this.mayHaveLeft = true;
        handler.onRequestStart?.(controller, context);
      },
      onResponseStart: (...words) => handler.onResponseStart?.(...words),
      onResponseData: (...words) => handler.onResponseData?.(...words),
      onResponseEnd: (...words) => handler.onResponseEnd?.(...words),
      onResponseError: (...words) => handler.onResponseError?.(...words),
    };
    // Stryker restore OptionalChaining
  }
}
