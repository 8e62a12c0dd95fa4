export interface SentToken {
  /** Its scopes, such as `contact:identity`; or `a token`, if it does not show them. */
  readonly name: string;
  /** The scopes without `contact:`. */
  readonly shortName: string;
}

/** The bearer token in the text of the headers editor. Undefined: none is sent. */
export function sentToken(headers: string): SentToken | undefined {
  const token = tokenIn(headers);
  if (token === undefined) return undefined;
  const scopes = scopesOf(token);
  return scopes.length > 0 ? { name: scopes.join(' '), shortName: scopes.map((scope) => scope.replace(/^contact:/, '')).join(' ') } : { name: 'a token', shortName: 'token' };
}

function tokenIn(headers: string): string | undefined {
  try {
    const [, value] = Object.entries(JSON.parse(headers) as object).find(([name]) => name.toLowerCase() === 'authorization') ?? [];
    return typeof value === 'string' && value.trim() ? value.replace(/^bearer\s+/i, '') : undefined;
  } catch {
    return undefined;
  }
}

function scopesOf(token: string): string[] {
  try {
    const { scope, scp } = JSON.parse(atob(token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as { scope?: unknown; scp?: unknown };
    const scopes = scope ?? scp;
    return Array.isArray(scopes) ? scopes.map(String) : typeof scopes === 'string' ? scopes.split(' ').filter(Boolean) : [];
  } catch {
    return [];
  }
}
