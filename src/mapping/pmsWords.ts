import type * as Schema from '../schema.generated.js';
import { oneOf } from './readers.js';

export const gender = oneOf<Schema.Gender>('MALE', 'FEMALE', 'OTHER');
export const contactMethod = oneOf<Schema.ContactMethod>('TELEPHONE', 'EMAIL', 'MAIL');
export const status = oneOf<Schema.ContactStatus>('ACTIVE', 'INACTIVE', 'BANNED', 'ARCHIVED', 'VIP', 'WAITLIST', 'REMOVED');
export const lifecycleStage = oneOf<Schema.LifecycleStage>('LEAD', 'QUALIFIED', 'DISQUALIFIED', 'OPPORTUNITY', 'CUSTOMER');
export const leadSource = oneOf<Schema.LeadSource>(
  'OFFLINE_SOURCE',
  'ONLINE_ENQUIRY_FORM',
  'ONLINE_BOOKING',
  'DIRECT_SALE',
  'SALES_CHANNEL',
);
export const guestRole = oneOf<Schema.GuestRole>('BOOKER', 'GUEST');
export const bookingRole = oneOf<Schema.BookingRole>('NONE', 'BOOKER', 'GUEST', 'GUEST_BOOKER');
export const saltoStatus = oneOf<Schema.SaltoRegistrationStatus>('UNKNOWN', 'NOT_INVITED', 'INVITED', 'REGISTERED');
export const exportStatus = oneOf<Schema.ExportStatus>('SKIPPED', 'CREATED', 'PENDING', 'SENT', 'EXPORTED', 'FAILED', 'IMPORTED');
