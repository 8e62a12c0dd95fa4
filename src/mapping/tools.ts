import type { Source } from '../model.js';

/** Functions that the mapping calls. */
export interface MappingTools {
  /** Counts an unusable value by its path in the record. Does not get the value itself. */
  readonly drift: (source: Source, field: string) => void;
  /** The current day in UTC, as `yyyy-MM-dd`. */
  readonly today: () => string;
}
