/** The asctime form of a date, which has no zone. */
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;

/**
 * Milliseconds that a `Retry-After` asks for (RFC 9110, 10.2.3): seconds, or a date in any of its three forms; 0 for anything
 * else. The longest of several, which a gateway may have added. May be Infinity.
 */
export function retryAfterMs(value: unknown): number {
  if (Array.isArray(value)) return Math.max(0, ...value.map(retryAfterMs));
  if (typeof value !== 'string') return 0;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1_000;
  // Only a full date: Date.parse accepts almost anything.
  const date = /^\s*[A-Z][a-z]+, .+ GMT\s*$/.test(value) ? Date.parse(value) : ASCTIME.test(value) ? Date.parse(`${value} GMT`) : NaN;
  return Number.isNaN(date) ? 0 : Math.max(0, date - Date.now());
}
