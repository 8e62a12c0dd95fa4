import type { FieldNode } from 'graphql';
import type { AddressNeed } from '../loaders/addressLoader.js';
import type { ContactNeed } from '../loaders/contactLoader.js';
import type { Life } from '../life.js';
import { Loaders, type Gatherers } from '../loaders/loaders.js';

/** What one operation carries from resolver to resolver. */
export class Context {
  readonly loaders: Loaders;
  readonly contactNeeds = new Map<readonly FieldNode[], ContactNeed>();
  readonly addressNeeds = new Map<readonly FieldNode[], AddressNeed>();

  constructor(
    gatherers: Gatherers,
    /** The scopes of the caller's verified token; empty for an anonymous caller. */
    readonly scopes: ReadonlySet<string>,
    life: Life,
  ) {
    this.loaders = new Loaders(gatherers, life);
  }
}
