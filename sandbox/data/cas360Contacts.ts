import type { Cas360Addresses } from './cas360Addresses.js';
import { contactRow, type Cas360ContactRow } from './cas360Rows.js';
import type { Random } from './random.js';
import { firmNames, firstNames, lastNames, trades } from './words.js';

// Numbers that are reserved for fiction.
const mobiles = ['+61 491 570 006', '+61 491 570 156', '+61 491 570 157', '+61 491 570 158', '0491 570 110', '0491 570 313'];
const none = ['', null];

/** Makes contacts one by one. Company and tax numbers have forms that are never issued. */
export class Cas360Contacts {
  constructor(
    private readonly random: Random,
    private readonly addresses: Cas360Addresses,
  ) {}

  person(id: number, sharedAddressId: number | undefined): Cas360ContactRow {
    const { random } = this;
    const sex = random.pick(['Female', 'Male'] as const);
    const firstName = random.pick(firstNames[sex]);
    const lastName = random.pick(lastNames);
    const known = random.chance(0.7);
    return contactRow(id, 'People', {
      name: random.chance(0.9) ? `${firstName} ${lastName}` : null,
      firstName,
      middleName: random.chance(0.25) ? random.pick(firstNames[sex]) : random.pick(none),
      lastName,
      title: known ? (sex === 'Female' ? random.pick(['Ms', 'Dr', 'Mrs']) : random.pick(['Mr', 'Dr'])) : null,
      sex: known ? sex : null,
      ...this.#reach(`person${id}@example.com`),
      taxNumber: random.pick([`000${random.digits(6)}`, null, '']),
      birthday: known ? random.date(1938, 2006) : null,
      birthPlace: known ? random.pick(['Phillip Island', 'Hobart', 'Cork', '']) : null,
      birthState: known ? random.pick(['VIC', 'NSW', 'TAS', 'Foreign', '']) : null,
      birthCountry: known ? random.pick(['AUSTRALIA', 'AU', 'Ireland', 'SINGAPORE']) : null,
      skype: random.chance(0.1) ? `live:person${id}` : null,
      nationality: random.pick(['AU', 'IE', 'NEW ZEALAND', 'Singapore', null]),
      addressId: sharedAddressId ?? this.addresses.open(),
    });
  }

  company(id: number): Cas360ContactRow {
    const firm = `${this.random.pick(firmNames)} ${this.random.pick(trades)}`;
    return this.#organisation(id, 'Company', `${firm} ${this.random.pick(['Pty Ltd', 'Limited'])}`);
  }

  otherEntity(id: number): Cas360ContactRow {
    const [type, suffix] = this.random.pick([
      ['TRUST', 'Family Trust'],
      ['SMSF', 'Superannuation Fund'],
      ['PARTNERSHIP', '& Partners'],
      ['OTHER', 'Association'],
    ] as const);
    return { ...this.#organisation(id, 'Other Entity', `${this.random.pick(lastNames)} ${suffix}`), type };
  }

  /** The first representative is the primary one. Its address is used if the joint member has none. */
  jointMember(id: number, representatives: readonly Cas360ContactRow[]): Cas360ContactRow {
    return contactRow(id, 'Joint Member', {
      name: this.random.chance(0.5) ? representatives.map(({ name }) => name ?? 'N. N.').join(' & ') : null,
      ...this.#reach(`joint${id}@example.com`),
      addressId: this.random.chance(0.5) ? this.addresses.open() : null,
      representativeIds: representatives.map((representative) => representative.id),
    });
  }

  #organisation(id: number, contactType: 'Company' | 'Other Entity', name: string): Cas360ContactRow {
    const { random } = this;
    const companyNumber = random.chance(0.9) ? `99${random.digits(7)}` : null;
    return contactRow(id, contactType, {
      name,
      ...this.#reach(`office${id}@example.com`),
      taxNumber: random.pick([null, '', 'null', `000${random.digits(6)}`]),
      companyNumber,
      businessNumber: companyNumber && random.chance(0.6) ? `00${companyNumber}` : null,
      incorporationDate: random.chance(0.8) ? random.date(1971, 2024) : null,
      placeOfIncorporation: random.pick(['AUSTRALIA', 'Australia', 'SG', null]),
      addressId: this.addresses.open(),
    });
  }

  #reach(email: string) {
    const { random } = this;
    return {
      email: random.chance(0.7) ? email : random.pick(none),
      mobile: random.chance(0.5) ? random.pick(mobiles) : random.pick(none),
      phone1: random.chance(0.4) ? `(03) 5550 ${random.digits(4)}` : null,
      phone2: random.chance(0.1) ? random.pick([`+65 0000 ${random.digits(4)}`, 'null', '']) : null,
    };
  }
}
