import type { ExecutionResult } from 'graphql';

export interface Params {
  readonly query: string;
  readonly variables?: unknown;
  readonly operationName?: string | null | undefined;
}

export interface Asked {
  readonly answer: ExecutionResult;
  readonly status: number;
  /** Until the whole answer was there. */
  readonly durationMs: number;
}

/** Posts to where the page is, whatever host, port and path that may be. */
export async function ask(params: Params, headers: Readonly<Record<string, string>>, signal: AbortSignal | null = null): Promise<Asked> {
  const startedAt = performance.now();
  const response = await fetch(window.location.pathname, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json;q=0.9', ...headers },
    body: JSON.stringify(params),
    signal,
  });
  const text = await response.text();
  const durationMs = performance.now() - startedAt;
  return { answer: JSON.parse(text) as ExecutionResult, status: response.status, durationMs };
}
