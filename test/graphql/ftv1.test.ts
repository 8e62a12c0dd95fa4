import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/testApp.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

const bodyFor = async (headers: Record<string, string>) => JSON.parse((await app.query('{ contact(id: "cas360:54") { name } }', {}, headers)).text);

test('a router that asks for a trace gets one beside the answer; others get none', async () => {
  const plain = await bodyFor({});
  expect(plain).toEqual({ data: { contact: { name: 'Fancy Southern Africa Cat Council' } } });
  // Several times: a document that is seen again may be executed in another way.
  for (let time = 0; time < 3; time++) {
    const traced = await bodyFor({ 'apollo-federation-include-trace': 'ftv1' });
    expect(traced).toEqual({ ...plain, extensions: { ftv1: expect.stringMatching(/^[\w+/]{20,}=*$/) } });
  }
  expect(await bodyFor({ 'apollo-federation-include-trace': 'another' })).toEqual(plain);
});
