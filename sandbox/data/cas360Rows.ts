/** A row of `GET /contacts/{ids}`, without `relationships`. Keys that do not apply are null; `type` is absent then. */
export interface Cas360ContactRow {
  id: number;
  name: string | null;
  contactType: 'People' | 'Company' | 'Other Entity' | 'Joint Member';
  email: string | null;
  mobile: string | null;
  phone1: string | null;
  phone2: string | null;
  taxNumber: string | null;
  businessNumber: string | null;
  companyNumber: string | null;
  addressId: number | null;
  representativeIds: number[] | null;
  incorporationDate: string | null;
  placeOfIncorporation: string | null;
  firstName: string | null;
  middleName: string | null;
  lastName: string | null;
  title: string | null;
  sex: string | null;
  birthday: string | null;
  birthPlace: string | null;
  birthState: string | null;
  birthCountry: string | null;
  skype: string | null;
  nationality: string | null;
  type?: 'OTHER' | 'SMSF' | 'PARTNERSHIP' | 'TRUST';
}

/** A row of `relationships`. Companies have a UUID, trusts a number, sent as a number or a text. */
export interface Cas360RelationshipRow {
  parentId: string | number;
  parentType: string | null;
  type: string | null;
  startDate: string | null;
  endDate: string | null;
}

/** A row of `GET /addresses/{ids}`. The keys after `country` are absent if they have no value. */
export interface Cas360AddressRow {
  id: number;
  streetLine1: string | null;
  streetLine2: string | null;
  suburb: string | null;
  state: string | null;
  postcode: string | null;
  country: string | null;
  careOf?: string | null;
  unitFlat?: string | null;
  levelFloor?: string | null;
  block?: string | null;
  buildingEstate?: string | null;
}

/** A contact in which all keys are null except `known`. */
export function contactRow(
  id: number,
  contactType: Cas360ContactRow['contactType'],
  known: Partial<Cas360ContactRow>,
): Cas360ContactRow {
  return {
    id,
    name: null,
    contactType,
    email: null,
    mobile: null,
    phone1: null,
    phone2: null,
    taxNumber: null,
    businessNumber: null,
    companyNumber: null,
    addressId: null,
    representativeIds: null,
    incorporationDate: null,
    placeOfIncorporation: null,
    firstName: null,
    middleName: null,
    lastName: null,
    title: null,
    sex: null,
    birthday: null,
    birthPlace: null,
    birthState: null,
    birthCountry: null,
    skype: null,
    nationality: null,
    ...known,
  };
}
