import { useSyncExternalStore } from 'react';

const PATIENCE_MS = 10_000;

/** Why there is no token that works. */
export type TokenTrouble = 'no service' | 'no permission' | 'not accepted';

interface Token {
  /** The scope that was chosen, or ''. */
  readonly scope: string;
  readonly bearer?: string;
  readonly trouble?: TokenTrouble;
}

let current: Token = { scope: '' };
let choices = 0;
const listeners = new Set<() => void>();

export const useToken = (): Token => useSyncExternalStore(subscribe, () => current);

export const bearer = (): string | undefined => current.bearer;

/** Gets a token with this scope, or drops the one there is, for all queries from now on. Never throws. */
export async function chooseScope(scope: string): Promise<void> {
  const choice = ++choices;
  const chosen = scope === '' ? { scope } : { scope, ...(await tokenWith(scope)) };
  // Somebody who chose again meanwhile wants the later one.
  if (choice === choices) change(chosen);
}

/** The subgraph did not accept this token: it has expired, or its issuer is not the one that the subgraph trusts. */
export function notAccepted(token: string): void {
  if (token === current.bearer) change({ scope: current.scope, trouble: 'not accepted' });
}

async function tokenWith(scope: string): Promise<Pick<Token, 'bearer' | 'trouble'>> {
  try {
    const response = await fetch(`token?${new URLSearchParams({ scope })}`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!response.ok) return { trouble: response.status < 500 ? 'no permission' : 'no service' };
    const { access_token: token } = (await response.json()) as { access_token?: unknown };
    return typeof token === 'string' ? { bearer: token } : { trouble: 'no service' };
  } catch {
    return { trouble: 'no service' };
  }
}

function change(token: Token): void {
  current = token;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
