/** What an operation without a name is called. */
export const NAMELESS = 'Query without a name';

/** GraphiQL takes a moment to read a query. Until then, it would run it by the name of the one that stood there before. */
export function operationNameIn(query: string, name: string | null | undefined): string | null {
  const names = [...query.replaceAll(/#.*/g, '').matchAll(/\bquery\s+(\w+)/g)].map(([, found]) => found!);
  return names.find((found) => found === name) ?? (names.length === 1 ? names[0]! : null);
}
