import { idOf } from '../ids.js';
import type { Relationship } from '../model.js';
import type { components } from '../upstream/cas360/records.generated.js';
import { date } from './dates.js';
import type { Fields } from './fields.js';
import { numberAsText, text } from './readers.js';

/** Only companies have such identifiers; trusts have numbers. */
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** A contact's role in a company or trust. A field is mapped when it is read. */
export class Cas360Relationship implements Relationship {
  readonly #record: Fields<components['schemas']['RelationshipRecord']>;

  constructor(record: Fields<components['schemas']['RelationshipRecord']>) {
    this.#record = record;
  }

  get type() {
    return this.#record.read('type', text);
  }
  get parentType() {
    return this.#record.read('parentType', text);
  }
  get parentId() {
    return this.#record.read('parentId', numberAsText);
  }
  get company() {
    return this.#record.once('company', () => {
      const uuid = this.parentId;
      return uuid !== null && UUID.test(uuid) ? { __typename: 'Company' as const, id: idOf('CAS360', uuid) } : null;
    });
  }
  get startDate() {
    return this.#record.read('startDate', date);
  }
  get endDate() {
    return this.#record.read('endDate', date);
  }
  get current() {
    const end = this.endDate;
    return end === null || end >= this.#record.tools.today();
  }
}
