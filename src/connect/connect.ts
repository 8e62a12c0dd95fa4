import { createInterface } from 'node:readline';
import type { Dispatcher } from 'undici';
import { Authorization } from './authorization.js';
import { CallbackServer, isLoopback } from './callbackServer.js';
import { ConnectError, stopped } from './connectError.js';
import { exchangeCode } from './exchange.js';
import { isUsable, type Keeper } from './keeper.js';
import type { Options } from './options.js';
import { Receiver } from './receiver.js';
import type { ConnectSettings } from './settings.js';

export interface ConnectOptions extends Omit<Options, 'help'> {
  readonly cas360: ConnectSettings['cas360'];
  readonly dispatcher: Dispatcher;
  readonly keeper: Keeper;
  /** Where a person pastes the address of the page on which the browser ended. */
  readonly input: NodeJS.ReadableStream;
  /** Ends the command. What is under way is finished. */
  readonly signal: AbortSignal;
  /** Ends the wait for the approval. */
  readonly approvalEnds: AbortSignal;
  readonly say: (text: string) => void;
}

/**
 * Connects CAS 360 (RFC 6749, 4.1, and RFC 8252): has a person approve, exchanges the code and stores the tokens. A token that
 * cannot be stored would be lost, so that a write is tried first. Throws ConnectError.
 */
export async function connect({ cas360, dispatcher, keeper, redirectUri, replace, input, signal, approvalEnds, say }: ConnectOptions): Promise<void> {
  const kept = await keeper.prove();
  if (isUsable(kept, Date.now()) && !replace) throw new ConnectError('A refresh token is stored that can be used: CAS 360 is connected. To replace it, add --replace. Nothing was changed.');
  if (kept) say(isUsable(kept, Date.now()) ? 'The stored refresh token can be used. It will be replaced.' : 'The stored refresh token cannot be used any more. It will be replaced.');
  const authorization = new Authorization({ ...cas360, redirectUri });
  const receiver = new Receiver(authorization);
  const url = new URL(redirectUri);
  const server = isLoopback(url) ? await listen(url, receiver) : undefined;
  const lines = createInterface({ input, terminal: false });
  try {
    say(instructions(authorization.address, server !== undefined));
    lines.on('line', (line) => {
      const why = line.trim() === '' ? undefined : receiver.fromPerson(line.trim());
      if (why !== undefined) say(`This is not the address of the page on which the browser ended. ${why}`);
    });
    const code = await Promise.race([receiver.code, failureOf(signal, approvalEnds, server ? undefined : lines)]);
    const exchanged = await exchangeCode({ cas360, dispatcher, code, redirectUri, signal, say });
    await keeper.keep(exchanged);
    receiver.end('CAS 360 is connected.');
  } catch (error) {
    receiver.end(error instanceof ConnectError ? error.message : 'Connecting failed.');
    throw error;
  } finally {
    lines.close();
    server?.close();
  }
}

async function listen(url: URL, receiver: Receiver): Promise<CallbackServer> {
  try {
    return await CallbackServer.listen(url, (called) => receiver.fromBrowser(called));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'is taken by another program' : 'may not be listened at';
    throw new ConnectError(`Port ${url.port || 80} ${why}. Free it, or give --redirect-uri another one that is registered at CAS 360.`);
  }
}

function instructions(address: string, isListening: boolean): string {
  const then = isListening
    ? `2. Approve. The browser then shows whether CAS 360 is connected.
   If it runs on another machine, it ends on a page that it cannot show. Then paste the address of that page here.`
    : '2. Approve. Then paste the address of the page on which the browser ended here, and press Enter.';
  return `
1. Open this address in a browser, as a user of CAS 360 who may connect other programs:

   ${address}

${then}

This command waits for ten minutes. Ctrl-C ends it.
`;
}

/** Rejects once there can be no approval any more. */
function failureOf(signal: AbortSignal, approvalEnds: AbortSignal, lines: NodeJS.EventEmitter | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = (of: AbortSignal, error: () => Error): void => {
      if (of.aborted) reject(error());
      else of.addEventListener('abort', () => reject(error()), { once: true });
    };
    onAbort(signal, stopped);
    onAbort(approvalEnds, () => new ConnectError('Nobody approved in time. Nothing was stored. Run this again.'));
    lines?.once('close', () => reject(new ConnectError('The input ended before an address was pasted. Nothing was stored. Run this at a terminal.')));
  });
}
