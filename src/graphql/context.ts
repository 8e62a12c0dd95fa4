import type { Loaders } from '../loaders/loaders.js';

/** What one operation carries from resolver to resolver. */
export interface Context {
  readonly loaders: Loaders;
  /** The scopes of the caller's verified token; empty for an anonymous caller. */
  readonly scopes: ReadonlySet<string>;
}
