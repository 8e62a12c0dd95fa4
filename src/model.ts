import type * as Schema from './schema.generated.js';

export type Source = Schema.ContactSource;

/** What a contact's id says, without a call. */
export interface ContactReference {
  readonly __typename: 'Contact';
  /** `pms:4711` */
  readonly id: string;
  readonly source: Source;
  /** `4711` */
  readonly sourceId: string;
}

/** The fields that a contact's record contains. Derived from the schema: a field added there must be mapped. */
type RecordFields = Omit<
  Schema.Contact,
  'id' | 'source' | 'sourceId' | 'address' | 'salesAccount' | 'representatives' | 'relationships'
>;

/** A contact whose record has been loaded. */
export interface Contact extends ContactReference, Readonly<RecordFields> {
  /** The address, or a reference by which it can be loaded. */
  readonly address: Address | AddressReference | null;
  /** The contact whose address is used if this one has none. */
  readonly addressHolder: ContactReference | null;
  readonly salesAccount: SalesAccount | null;
  /** Null if the source has no representatives, or sent no list. */
  readonly representatives: readonly ContactReference[] | null;
  /** Null if the source has no relationships, or sent no list. Undefined if they were not loaded. */
  readonly relationships: readonly Relationship[] | null | undefined;
}

export interface AddressReference {
  readonly __typename: 'Address';
  /** `cas360:15`, or `pms:4711/51` */
  readonly id: string;
}

export interface Address extends AddressReference, Readonly<Omit<Schema.Address, 'id'>> {}

export interface SalesAccount extends Readonly<Omit<Schema.SalesAccount, 'contact' | 'company'>> {
  readonly __typename: 'SalesAccount';
  /** The contact whose record holds the account. */
  readonly contact: ContactReference;
  readonly company: CompanyReference | null;
}

export interface CompanyReference {
  readonly __typename: 'Company';
  /** `pms:77`, or `cas360:<uuid>` */
  readonly id: string;
}

export interface Relationship extends Readonly<Omit<Schema.Relationship, 'company'>> {
  readonly company: CompanyReference | null;
}
