/**
 * Hive Gateway listens to signals from the moment it is loaded.
 * @leaves listener
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { errorsIn } from '../support/testApp.js';
import { ACROSS } from './support/acrossOperations.js';
import { OURS, ROWS, type Operation } from './support/operations.js';
import { GATEWAY_NAMES, startTestSupergraph, type TestSupergraph } from './support/supergraph.js';

// Gateways take seconds to start on a busy machine.
jest.setTimeout(60_000);

let supergraph: TestSupergraph;
beforeAll(async () => {
  supergraph = await startTestSupergraph(ROWS);
});
afterAll(() => supergraph.stop());

const headersOf = async ({ scopes }: Operation): Promise<Record<string, string>> => (scopes ? supergraph.contacts.bearer(...scopes) : {});

describe.each(GATEWAY_NAMES)('%s', (name) => {
  test.each(Object.entries(OURS))('answers as our subgraph does: %s', async (_, operation) => {
    const { query, variables } = operation;
    const headers = await headersOf(operation);
    const ours = await supergraph.contacts.query(query, variables, headers);
    const answer = await supergraph.gateways[name].query(query, variables, headers);
    expect(answer.data).toEqual(ours.data);
    expect(errorsIn(answer)).toEqual(errorsIn(ours).map((error) => ({ ...error, serviceName: 'contacts' })));
  });

  test.each(Object.entries(ACROSS))('asks several subgraphs: %s', async (_, operation) => {
    const { query, variables, data, errors = {}, hivePlaces = Object.keys(errors) } = operation;
    const answer = await supergraph.gateways[name].query(query, variables, await headersOf(operation));
    expect(answer.data).toEqual(data);
    const places = name === 'Hive Gateway' ? hivePlaces : Object.keys(errors);
    const codes = Object.values(errors);
    // What the error says besides, such as the scope, comes through too.
    expect(errorsIn(answer)).toMatchObject(places.map((at, n) => ({ at, code: codes[n], retryable: false, serviceName: 'contacts' })));
    expect(answer.errors?.every(({ extensions }) => (extensions.code === 'FORBIDDEN') === (extensions.scope !== undefined)) ?? true).toBe(true);
  });
});
