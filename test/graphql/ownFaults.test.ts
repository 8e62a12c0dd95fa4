import type { GraphQLRequestContextDidEncounterErrors } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { expect, test } from '@jest/globals';
import { ContactsError } from '../../src/errors.js';
import type { Context } from '../../src/graphql/context.js';
import { ownFaults } from '../../src/graphql/plugins/ownFaults.js';

const wrapped = (originalError: Error): GraphQLError => new GraphQLError(originalError.message, { originalError });
const OWN = wrapped(new TypeError('CANARY'));
const CAUSED = wrapped(new ContactsError('INTERNAL_SERVER_ERROR', 'PMS', { cause: new RangeError('CANARY') }));
const THEIRS = wrapped(new ContactsError('UPSTREAM_TIMEOUT', 'PMS'));

test.each<[string, readonly GraphQLError[], readonly string[]]>([
  ['an error of our own', [OWN], ['TypeError']],
  ['one behind an upstream’s', [THEIRS, OWN], ['TypeError']],
  ['one that has a cause', [CAUSED], ['RangeError']],
  ['several', [OWN, THEIRS, CAUSED], ['TypeError']],
  ['an upstream’s alone', [THEIRS], []],
])('Of %s one line is logged at most, with the place of the first of our own', async (_what, errors, names) => {
  const logged: string[] = [];
  const log = { info: () => {}, warn: () => {}, error: (_message: string, values?: { frames?: readonly string[] }) => void logged.push(values!.frames![0]!) };
  const request = await ownFaults(log).requestDidStart!({} as never);
  await request!.didEncounterErrors!({ errors } as unknown as GraphQLRequestContextDidEncounterErrors<Context>);
  expect(logged).toEqual(names);
});
