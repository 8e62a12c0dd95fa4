import { idOf } from '../ids.js';
import type { Contact } from '../model.js';
import { country } from './country.js';
import { date } from './dates.js';
import { Fields, texts } from './fields.js';
import { pmsAddress } from './pmsAddress.js';
import * as parts from './pmsParts.js';
import type { PmsContactFields } from './pmsParts.js';
import { pmsSalesAccount } from './pmsSalesAccount.js';
import * as words from './pmsWords.js';
import type { MappingTools } from './tools.js';

/** A contact of the property management system. Maps a field when it is read. Keeps composite fields, because each field below reads them again. */
export class PmsContact implements Contact {
  readonly id: string;
  readonly #record: PmsContactFields;
  #name?: Contact['name'];
  #emailAddresses?: Contact['emailAddresses'];
  #phoneNumbers?: Contact['phoneNumbers'];
  #nationality?: Contact['nationality'];
  #address?: Contact['address'];
  #employment?: Contact['employment'];
  #marketing?: Contact['marketing'];
  #guest?: Contact['guest'];
  #salesAccount?: Contact['salesAccount'];
  #identityDocuments?: Contact['identityDocuments'];
  #verification?: Contact['verification'];
  #doorAccess?: Contact['doorAccess'];

  constructor(
    readonly sourceId: string,
    record: object,
    tools: MappingTools,
  ) {
    this.#record = new Fields('PMS', record, tools);
    this.id = idOf('PMS', sourceId);
  }

  get __typename() {
    return 'Contact' as const;
  }
  get source() {
    return 'PMS' as const;
  }
  get uuid() {
    return this.#record.text('uuid');
  }
  get contactType() {
    return 'PERSON' as const;
  }
  get name() {
    return (this.#name ??= texts(this.#record, 'firstName', 'middleNames', 'lastName')?.join(' ') ?? null);
  }
  get title() {
    return this.#record.text('title');
  }
  get firstName() {
    return this.#record.text('firstName');
  }
  get middleNames() {
    return this.#record.text('middleNames');
  }
  get lastName() {
    return this.#record.text('lastName');
  }
  get gender() {
    return this.#record.read('gender', words.gender);
  }
  get email() {
    return this.#record.object('primaryContactEmailAddress').text('email');
  }
  get phone() {
    return this.#record.object('primaryContactTelephoneNumber').text('number');
  }
  get emailAddresses() {
    return (this.#emailAddresses ??= parts.emailAddresses(this.#record));
  }
  get phoneNumbers() {
    return (this.#phoneNumbers ??= parts.phoneNumbers(this.#record));
  }
  get skype() {
    return null;
  }
  get preferredContactMethod() {
    return this.#record.read('preferredContactMethod', words.contactMethod);
  }
  get status() {
    return this.#record.read('status', words.status);
  }
  get nationality() {
    return (this.#nationality ??= country(this.#record, 'nationality'));
  }
  get address() {
    return (this.#address ??= pmsAddress(this.sourceId, this.#record.object('primaryContactAddress')));
  }
  get addressHolder() {
    return null;
  }
  get employment() {
    return (this.#employment ??= parts.employment(this.#record));
  }
  get marketing() {
    return (this.#marketing ??= parts.marketing(this.#record));
  }
  get guest() {
    return (this.#guest ??= parts.guest(this.#record));
  }
  get salesAccount() {
    return (this.#salesAccount ??= pmsSalesAccount(this, this.#record.object('contactSalesAccount')));
  }
  get representatives() {
    return null;
  }
  get registration() {
    return null;
  }
  get relationships() {
    return null;
  }
  get dateOfBirth() {
    return this.#record.read('dateOfBirth', date);
  }
  get placeOfBirth() {
    return null;
  }
  get identityDocuments() {
    return (this.#identityDocuments ??= parts.identityDocuments(this.#record));
  }
  get verification() {
    return (this.#verification ??= parts.verification(this.#record));
  }
  get doorAccess() {
    return (this.#doorAccess ??= parts.doorAccess(this.#record));
  }
  get cognitoId() {
    return this.#record.text('cognitoId');
  }
}
