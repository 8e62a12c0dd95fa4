/** The answer of `GET /api/v3/contacts/{id}`. All keys except `id` and the names may be null or absent. */
export interface PmsContactRow {
  id: number;
  firstName: string;
  middleNames?: string | null;
  lastName: string;
  jobTitle?: string | null;
  department?: string | null;
  preferences?: string | null;
  status?: string | null;
  marketingOptOut?: boolean | null;
  contactSalesAccount?: PmsSalesAccountRow | null;
  title?: string | null;
  gender?: string | null;
  referrer?: { id: number; code: string | null; name: string } | null;
  industry?: { id: number; name: string } | null;
  marketSegment?: { id: number; name: string } | null;
  nationality?: PmsNationalityRow | null;
  primaryContactAddress?: PmsAddressRow | null;
  primaryContactEmailAddress?: { id: number; email: string; nickname: string | null; primary: boolean } | null;
  primaryContactTelephoneNumber?: { number: string; primary: boolean } | null;
  preferredContactMethod?: string | null;
  type?: 'BOOKER' | 'GUEST' | null;
  source?: string | null;
  idCheck?: boolean | null;
  companyName?: string | null;
  lifecycleStage?: string | null;
  lastBookingRole?: string | null;
  uuid?: string | null;
  /** Must never leave the PMS. Tests search answers for its value. */
  password?: string | null;
  saltoIdentifier?: string | null;
  saltoAssignedTagId?: string | null;
  cognitoId?: string | null;
  passportNumber?: string | null;
  saltoRegistrationStatus?: string | null;
  saltoKeysLastUpdated?: string | null;
  keyCardCode?: string | null;
  identityConfirmedDate?: string | null;
  identityConfirmedReference?: string | null;
  creditCheckOk?: boolean | null;
  creditCheckDate?: string | null;
  socialSecurityNumber?: string | null;
  dateOfBirth?: string | null;
}

export interface PmsSalesAccountRow {
  id: number;
  accountCode: string;
  contact: { id: number; firstName: string; lastName: string };
  company: { id: number; companyName: string } | null;
  externalId: string | null;
  exportedDate: string | null;
  exportStatus: string | null;
}

export interface PmsNationalityRow {
  id: number;
  name: string;
  /** A number, unlike `countryCodeNumeric`. */
  isoCode: number;
  sortOrder: number;
  countryCodeAlpha2: string;
}

export interface PmsAddressRow {
  id: number;
  addressLine1: string;
  addressLine2: string | null;
  addressLine3: string | null;
  city: string;
  postCode: string;
  country: {
    id: number;
    name: string;
    sortOrder: number;
    countryCodeAlpha2: string;
    countryCodeAlpha3: string;
    countryCodeNumeric: string;
  };
  nickname: string | null;
  primary: boolean;
}
