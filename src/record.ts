/** Whether a value from outside is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Upstreams send all of these for "no value". */
export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === 'null';
}
