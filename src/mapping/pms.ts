import { idOf } from '../ids.js';
import type { Contact } from '../model.js';
import type { PickListItem } from '../schema.generated.js';
import type { components } from '../upstream/pms/records.generated.js';
import { country } from './country.js';
import { date, localDateTime } from './dates.js';
import { Fields, group, texts } from './fields.js';
import { pmsAddress } from './pmsAddress.js';
import { pmsSalesAccount } from './pmsSalesAccount.js';
import * as words from './pmsWords.js';
import { flag, id, text } from './readers.js';
import type { MappingTools } from './tools.js';

export type PmsContactRecord = components['schemas']['ContactRecord'];

/** A contact of the property management system. A field is mapped when it is read. */
export class PmsContact implements Contact {
  readonly id: string;
  readonly #record: Fields<PmsContactRecord>;

  constructor(
    readonly sourceId: string,
    record: PmsContactRecord,
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
    return this.#record.read('uuid', text);
  }
  get contactType() {
    return 'PERSON' as const;
  }
  get name() {
    return this.#record.once('name', () => texts(this.#record, 'firstName', 'middleNames', 'lastName')?.join(' ') ?? null);
  }
  get title() {
    return this.#record.read('title', text);
  }
  get firstName() {
    return this.#record.read('firstName', text);
  }
  get middleNames() {
    return this.#record.read('middleNames', text);
  }
  get lastName() {
    return this.#record.read('lastName', text);
  }
  get gender() {
    return this.#record.read('gender', words.gender);
  }
  get email() {
    return this.#record.object('primaryContactEmailAddress').read('email', text);
  }
  get phone() {
    return this.#record.object('primaryContactTelephoneNumber').read('number', text);
  }
  get emailAddresses() {
    return this.#record.once('emailAddresses', () => {
      const email = this.#record.object('primaryContactEmailAddress');
      const address = group({
        address: email.read('email', text),
        nickname: email.read('nickname', text),
        primary: email.read('primary', flag),
      });
      return address && [address];
    });
  }
  get phoneNumbers() {
    return this.#record.once('phoneNumbers', () => {
      const phone = this.#record.object('primaryContactTelephoneNumber');
      const number = group({ number: phone.read('number', text), primary: phone.read('primary', flag) });
      return number && [{ ...number, kind: 'PRIMARY' as const }];
    });
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
    return this.#record.once('nationality', () => country(this.#record, 'nationality'));
  }
  get address() {
    return this.#record.once('address', () => pmsAddress(this.sourceId, this.#record.object('primaryContactAddress')));
  }
  get addressHolder() {
    return null;
  }
  get employment() {
    return this.#record.once('employment', () =>
      group({
        jobTitle: this.#record.read('jobTitle', text),
        department: this.#record.read('department', text),
        companyName: this.#record.read('companyName', text),
        industry: pickListItem(this.#record.object('industry')),
      }),
    );
  }
  get marketing() {
    return this.#record.once('marketing', () =>
      group({
        optOut: this.#record.read('marketingOptOut', flag),
        lifecycleStage: this.#record.read('lifecycleStage', words.lifecycleStage),
        leadSource: this.#record.read('source', words.leadSource),
        referrer: pickListItem(this.#record.object('referrer')),
        marketSegment: pickListItem(this.#record.object('marketSegment')),
      }),
    );
  }
  get guest() {
    return this.#record.once('guest', () =>
      group({
        role: this.#record.read('type', words.guestRole),
        lastBookingRole: this.#record.read('lastBookingRole', words.bookingRole),
        preferences: this.#record.read('preferences', text),
      }),
    );
  }
  get salesAccount() {
    return this.#record.once('salesAccount', () => pmsSalesAccount(this, this.#record.object('contactSalesAccount')));
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
    return this.#record.once('identityDocuments', () =>
      group({
        passportNumber: this.#record.read('passportNumber', text),
        socialSecurityNumber: this.#record.read('socialSecurityNumber', text),
        taxNumber: null,
      }),
    );
  }
  get verification() {
    return this.#record.once('verification', () =>
      group({
        idChecked: this.#record.read('idCheck', flag),
        identityConfirmedDate: this.#record.read('identityConfirmedDate', date),
        identityConfirmedReference: this.#record.read('identityConfirmedReference', text),
        creditCheckOk: this.#record.read('creditCheckOk', flag),
        creditCheckDate: this.#record.read('creditCheckDate', date),
      }),
    );
  }
  get doorAccess() {
    return this.#record.once('doorAccess', () =>
      group({
        saltoIdentifier: this.#record.read('saltoIdentifier', text),
        saltoAssignedTagId: this.#record.read('saltoAssignedTagId', text),
        saltoRegistrationStatus: this.#record.read('saltoRegistrationStatus', words.saltoStatus),
        saltoKeysLastUpdated: this.#record.read('saltoKeysLastUpdated', localDateTime),
        keyCardCode: this.#record.read('keyCardCode', text),
      }),
    );
  }
  get cognitoId() {
    return this.#record.read('cognitoId', text);
  }
}

function pickListItem(item: Fields<{ id?: unknown; code?: unknown; name?: unknown }>): PickListItem | null {
  return group({ id: item.read('id', id), code: item.read('code', text), name: item.read('name', text) });
}
