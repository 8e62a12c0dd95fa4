import type { PmsAddressRow, PmsNationalityRow } from './pmsRows.js';

/** The pick lists of the PMS. */
export const referrers = [
  { id: 1, code: 'WOM', name: 'Word of mouth' },
  { id: 2, code: null, name: 'Relocation desk' },
];
export const industries = [
  { id: 11, name: 'Publishing' },
  { id: 12, name: 'Marine survey' },
];
export const marketSegments = [
  { id: 21, name: 'Corporate' },
  { id: 22, name: 'Leisure' },
];

export const nationalities: PmsNationalityRow[] = [
  { id: 3, name: 'Irish', isoCode: 372, sortOrder: 9, countryCodeAlpha2: 'IE' },
  { id: 4, name: 'British', isoCode: 826, sortOrder: 1, countryCodeAlpha2: 'GB' },
  { id: 5, name: 'Afghan', isoCode: 4, sortOrder: 40, countryCodeAlpha2: 'AF' },
];

type Place = Pick<PmsAddressRow, 'city' | 'postCode' | 'country'> & { phone: string };

/** Towns, with the prefix of telephone numbers that are reserved for fiction. Four digits complete a number. */
export const places: Place[] = [
  {
    city: 'Cork',
    postCode: 'T12',
    country: { id: 2, name: 'Ireland', sortOrder: 2, countryCodeAlpha2: 'IE', countryCodeAlpha3: 'IRL', countryCodeNumeric: '372' },
    phone: '+353 20 910 ',
  },
  {
    city: 'Leeds',
    postCode: 'LS1 1AA',
    country: { id: 1, name: 'United Kingdom', sortOrder: 1, countryCodeAlpha2: 'GB', countryCodeAlpha3: 'GBR', countryCodeNumeric: '826' },
    phone: '+44 1632 96',
  },
];
