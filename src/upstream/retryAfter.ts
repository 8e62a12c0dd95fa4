/** Milliseconds that a `Retry-After` asks for (RFC 9110, 10.2.3): seconds, or a date; 0 for anything else. May be Infinity. */
export function retryAfterMs(value: unknown): number {
  if (typeof value !== 'string') return 0;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1_000;
  // Only a full date: Date.parse accepts almost anything.
  const date = /^\s*[A-Z][a-z]+, .+ GMT\s*$/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(date) ? 0 : Math.max(0, date - Date.now());
}
