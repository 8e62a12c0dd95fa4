import { ContactsError } from '../errors.js';
import type { Source } from '../model.js';

/** A call that we cut off ourselves, because nobody waited for it any more. It says nothing of the upstream. */
export class GivenUp extends ContactsError {
  constructor(source: Source) {
    super('UPSTREAM_TIMEOUT', source);
  }
}
