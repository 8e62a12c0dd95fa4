/** The command failed. The message says what to do, in our own words: no token, secret or code is in it. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';

  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
  }
}

/** Somebody ended the command. */
export const stopped = (): ConnectError => new ConnectError('Stopped. Nothing was stored.', 130);
