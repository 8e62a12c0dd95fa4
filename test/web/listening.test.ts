import dns, { type LookupAddress } from 'node:dns';
import { afterEach, expect, jest, test } from '@jest/globals';
import Fastify from 'fastify';
import { listenAt } from '../../src/web/listening.js';

afterEach(() => {
  jest.restoreAllMocks();
});

/** On this machine, `localhost` has these addresses. */
function localhostIs(...addresses: string[]): void {
  const answer = (name: string, _options: object, done: (error: null, found: LookupAddress[]) => void): void => done(null, (name === 'localhost' ? addresses : [name]).map((address) => ({ address, family: 4 })));
  jest.spyOn(dns, 'lookup').mockImplementation(answer as never);
}

test('Where localhost has two addresses, one server listens: the stop would not reach a second one', async () => {
  localhostIs('127.0.0.1', '127.0.0.2');
  const web = Fastify();
  try {
    const address = await listenAt(web, { host: 'localhost', port: 0 });
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(web.addresses()).toHaveLength(1);
    expect((await fetch(address)).status).toBe(404);
  } finally {
    await web.close();
  }
});
