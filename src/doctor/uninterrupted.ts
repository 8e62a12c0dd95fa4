import { onSignals } from '../signals.js';
import type { RefreshToken } from '../upstream/oauth2/refreshToken/refreshToken.js';
import type { Findings } from './findings.js';

/**
 * Holds back a signal that would end this process while the refresh token is sent or the next one is not kept: it would be lost.
 * A second signal ends it, unless the token is being sent.
 */
export async function uninterrupted<T>(refreshToken: RefreshToken, found: Findings, work: () => Promise<T>): Promise<T> {
  let first: NodeJS.Signals | undefined;
  const hold = (signal: NodeJS.Signals): void => {
    first = signal;
    refreshToken.endWaiting();
    found.note('cas360.renewal', 'told to end: this ends when the next refresh token is kept. Ended now, only a person could get another');
  };
  const letGo = onSignals(hold, () => {
    if (!refreshToken.isExchanging) process.exit(1);
  });
  try {
    return await work();
  } finally {
    letGo();
    if (first) process.kill(process.pid, first);
  }
}
