import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { foreign404 } from '../../src/upstream/foreign404.js';
import { NO_ROUTE } from './support/noRoute.js';

const why = (body: string, contentType = 'application/json'): ReturnType<typeof foreign404> => foreign404({ body: Buffer.from(body), contentType });

/** What a system may say of a contact that it does not have. */
const NO_CONTACT: readonly unknown[] = [
  {},
  [],
  null,
  'gone',
  '404',
  '20260514093012345',
  { message: 'There is no contact 4711' },
  { message: 'Not Found' },
  { detail: 'Not found.' },
  { message: 'No contact found for id 4711', errors: [] },
  { error: 'not_found', error_description: 'Contact 54 could not be found' },
  { message: 'The contact could not be found.' },
  { timestamp: '2026-03-01T10:00:00.000+00:00', status: 404, error: 'Not Found', path: '/api/v3/contacts/4711' },
  { status: 404, error: 'Not Found', method: 'GET', path: '/api/v3/contacts/4711' },
  { error: 'Contact not found', request: 'GET /api/v3/contacts/4711' },
  { type: 'about:blank', title: 'Not Found', status: 404, detail: 'Contact 4711', instance: '/api/v3/contacts/4711' },
  { message: 'No value present' },
  { message: 'Unable to find com.example.Contact with id 4711' },
];

describe('A 404', () => {
  test.each(Object.entries(NO_ROUTE))('of %s that names a missing route is not the system’s word', (_name, body) => {
    expect(why(JSON.stringify(body))).toBe('no route');
    expect(why(JSON.stringify(body).replaceAll('/', '\\/'))).toBe('no route');
  });

  test.each(NO_CONTACT.map((body) => [JSON.stringify(body)]))('with %s may be the system’s word', (body) => expect(why(body)).toBeUndefined());

  test('without JSON, or with a bare number, is a page', () => {
    for (const body of ['', ' ', '404', '404 page not found', '-1', '1e400', '20260514093012345', ' -9007199254740993.50\n', '\ufeff20260514093012345', '<html></html>', '{"message":', 'No endpoint GET /wrong\n']) expect(why(body)).toBe('page');
  });

  test('with a bare number in UTF-16 is a page too', () => {
    for (const number of ['404', '20260514093012345']) expect(foreign404({ body: Buffer.from(number, 'utf16le'), contentType: 'text/plain' })).toBe('page');
  });

  test('of any other JSON may be the system’s word, and takes no stack however deep it is', () => {
    fc.assert(fc.property(fc.json().filter((json) => typeof JSON.parse(json) !== 'number'), (json) => expect(why(json)).toBeUndefined()));
    const depth = 30_000;
    expect(why('['.repeat(depth) + ']'.repeat(depth))).toBeUndefined();
  });
});
