export const SYSTEMS = { CAS360: 'CAS 360', PMS: 'PMS' } as const;

export function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en')} ms`;
}

export function bytes(count: number): string {
  if (count < 1_000) return plural(count, 'byte');
  return count < 1_000_000 ? `${(count / 1_000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}

export function plural(count: number, one: string, many = one.endsWith('s') ? `${one}es` : `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** As `plural`, but empty for none. */
export function counted(count: number, one: string, many?: string): string {
  return count > 0 ? plural(count, one, many) : '';
}

/** The first few ids, and how many more there are. */
export function idsInShort(ids: readonly string[]): string {
  const shown = ids.slice(0, 3).join(', ');
  return ids.length > 3 ? `${shown} and ${ids.length - 3} more` : shown;
}
