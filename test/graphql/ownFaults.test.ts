import type { GraphQLRequestContextDidEncounterErrors } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { expect, test } from '@jest/globals';
import { ContactsError } from '../../src/errors.js';
import type { Context } from '../../src/graphql/context.js';
import { ownFaults } from '../../src/graphql/plugins/ownFaults.js';
import type { Log } from '../../src/telemetry/log.js';

const wrapped = (originalError: Error): GraphQLError => new GraphQLError(originalError.message, { originalError });
const OWN = wrapped(new TypeError('CANARY'));
const CAUSED = wrapped(new ContactsError('INTERNAL_SERVER_ERROR', 'PMS', { cause: new RangeError('CANARY') }));
const THEIRS = wrapped(new ContactsError('UPSTREAM_TIMEOUT', 'PMS'));

const MESSAGE = 'An operation met an error of our own.';
/** A log, and the message and the first frame of each of its errors. */
function logging(): { log: Log; logged: unknown[] } {
  const logged: unknown[] = [];
  return { log: { info: () => {}, warn: () => {}, error: (message, values) => void logged.push([message, (values!.frames as readonly string[])[0]]) }, logged };
}

test.each<[string, readonly GraphQLError[], readonly string[]]>([
  ['an error of our own', [OWN], ['TypeError']],
  ['one behind an upstream’s', [THEIRS, OWN], ['TypeError']],
  ['one that has a cause', [CAUSED], ['RangeError']],
  ['several', [OWN, THEIRS, CAUSED], ['TypeError']],
  ['an upstream’s alone', [THEIRS], []],
])('Of %s one line is logged at most, with the place of the first of our own', async (_what, errors, names) => {
  const { log, logged } = logging();
  const request = await ownFaults(log).requestDidStart!({} as never);
  await request!.didEncounterErrors!({ errors } as unknown as GraphQLRequestContextDidEncounterErrors<Context>);
  expect(logged).toEqual(names.map((name) => [MESSAGE, name]));
});

test('An error of a plugin is logged too', async () => {
  const { log, logged } = logging();
  await ownFaults(log).unexpectedErrorProcessingRequest!({ error: OWN } as never);
  expect(logged).toEqual([[MESSAGE, 'TypeError']]);
});
