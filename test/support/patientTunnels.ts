import { jest } from '@jest/globals';

/** What the service gives a proxy to open a tunnel. */
export const TUNNEL_MS = 2_000;

/**
 * Gives proxies ten times as long, until mocks are restored. Theirs is the thread of the test, and no answer can come while
 * that stands still.
 */
export function patientTunnels(): void {
  const { setTimeout } = globalThis;
  jest.spyOn(globalThis, 'setTimeout').mockImplementation((run: () => void, ms?: number) => setTimeout(run, ms === TUNNEL_MS ? 10 * TUNNEL_MS : ms));
}
