import type { GraphQLFormattedError } from 'graphql';
import { ContactsError } from '../../errors.js';
import { isRecord } from '../../record.js';
import { serve } from '../formatError.js';

type Path = NonNullable<GraphQLFormattedError['path']>;

/** The errors of an answer, completed: a refused field is told of at its first item, and the last error says if there are more. */
export function completedErrors(data: unknown, errors: readonly GraphQLFormattedError[], isTruncated: boolean): GraphQLFormattedError[] {
  const placed = errors.map((error) => (error.extensions?.code === 'FORBIDDEN' && error.path ? { ...error, path: firstPlace(data, error.path) ?? error.path } : error));
  return isTruncated ? [...placed, serve(new ContactsError('ERRORS_TRUNCATED'))] : placed;
}

/** The first place in the answer that a path can mean if its numbers are left open. Items of a list may have been resolved in any order. */
function firstPlace(value: unknown, path: Path): Path | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return [];
  if (Array.isArray(value)) {
    for (const [item, inner] of value.entries()) {
      const place = firstPlace(inner, rest);
      if (place) return [item, ...place];
    }
    return undefined;
  }
  const place = isRecord(value) && key in value ? firstPlace(value[key], rest) : undefined;
  return place && [key, ...place];
}
