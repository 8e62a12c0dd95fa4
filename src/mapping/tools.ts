import type { Source } from '../model.js';

/** What mapping needs from outside. */
export interface MappingTools {
  /** Counts a value that was there but could not be used, by its place in the record: never the value itself. */
  readonly drift: (source: Source, field: string) => void;
  /** The current day in UTC, as `yyyy-MM-dd`. */
  readonly today: () => string;
}
