import type { GraphQLScalarType } from 'graphql';
import type { Resolvers } from './resolvers.generated.js';

/** The scopes by which a caller's token may read guarded fields. */
export const SCOPES = ['contact:identity', 'contact:access'] as const;

export type Scope = (typeof SCOPES)[number];
export type Access = 'everyone' | Scope;

type Types = Required<Resolvers>;

/** Every field of every object type: one that is missing here does not compile. */
type AccessPolicy = {
  readonly [T in keyof Types as Types[T] extends GraphQLScalarType ? never : T]: {
    readonly [F in keyof Required<Types[T]>]: Access;
  };
};

/** Who may read which field. Defined only here. */
export const ACCESS_POLICY: AccessPolicy = {
  Query: {
    contact: 'everyone',
    contacts: 'everyone',
  },
  Contact: {
    id: 'everyone',
    source: 'everyone',
    sourceId: 'everyone',
    uuid: 'everyone',
    contactType: 'everyone',
    name: 'everyone',
    title: 'everyone',
    firstName: 'everyone',
    middleNames: 'everyone',
    lastName: 'everyone',
    gender: 'everyone',
    email: 'everyone',
    phone: 'everyone',
    emailAddresses: 'everyone',
    phoneNumbers: 'everyone',
    skype: 'everyone',
    preferredContactMethod: 'everyone',
    status: 'everyone',
    nationality: 'everyone',
    address: 'everyone',
    employment: 'everyone',
    marketing: 'everyone',
    guest: 'everyone',
    salesAccount: 'everyone',
    representatives: 'everyone',
    registration: 'everyone',
    relationships: 'everyone',
    dateOfBirth: 'contact:identity',
    placeOfBirth: 'contact:identity',
    identityDocuments: 'contact:identity',
    verification: 'contact:identity',
    doorAccess: 'contact:access',
    cognitoId: 'contact:access',
  },
  EmailAddress: {
    address: 'everyone',
    nickname: 'everyone',
    primary: 'everyone',
  },
  PhoneNumber: {
    number: 'everyone',
    kind: 'everyone',
    primary: 'everyone',
  },
  Employment: {
    jobTitle: 'everyone',
    department: 'everyone',
    companyName: 'everyone',
    industry: 'everyone',
  },
  PickListItem: {
    id: 'everyone',
    code: 'everyone',
    name: 'everyone',
  },
  Marketing: {
    optOut: 'everyone',
    lifecycleStage: 'everyone',
    leadSource: 'everyone',
    referrer: 'everyone',
    marketSegment: 'everyone',
  },
  Guest: {
    role: 'everyone',
    lastBookingRole: 'everyone',
    preferences: 'everyone',
  },
  PlaceOfBirth: {
    place: 'contact:identity',
    state: 'contact:identity',
    country: 'contact:identity',
  },
  IdentityDocuments: {
    passportNumber: 'contact:identity',
    socialSecurityNumber: 'contact:identity',
    taxNumber: 'contact:identity',
  },
  Verification: {
    idChecked: 'contact:identity',
    identityConfirmedDate: 'contact:identity',
    identityConfirmedReference: 'contact:identity',
    creditCheckOk: 'contact:identity',
    creditCheckDate: 'contact:identity',
  },
  DoorAccess: {
    saltoIdentifier: 'contact:access',
    saltoAssignedTagId: 'contact:access',
    saltoRegistrationStatus: 'contact:access',
    saltoKeysLastUpdated: 'contact:access',
    keyCardCode: 'contact:access',
  },
  Company: {
    id: 'everyone',
  },
  Registration: {
    companyNumber: 'everyone',
    businessNumber: 'everyone',
    entityType: 'everyone',
    incorporationDate: 'everyone',
    placeOfIncorporation: 'everyone',
  },
  Relationship: {
    type: 'everyone',
    parentType: 'everyone',
    parentId: 'everyone',
    company: 'everyone',
    startDate: 'everyone',
    endDate: 'everyone',
    current: 'everyone',
  },
  SalesAccount: {
    id: 'everyone',
    accountCode: 'everyone',
    externalId: 'everyone',
    exportedDate: 'everyone',
    exportStatus: 'everyone',
    contact: 'everyone',
    company: 'everyone',
    companyName: 'everyone',
  },
  Address: {
    id: 'everyone',
    lines: 'everyone',
    careOf: 'everyone',
    city: 'everyone',
    state: 'everyone',
    postCode: 'everyone',
    country: 'everyone',
    nickname: 'everyone',
    primary: 'everyone',
  },
  Country: {
    code: 'everyone',
    alpha3: 'everyone',
    numeric: 'everyone',
    name: 'everyone',
  },
};
