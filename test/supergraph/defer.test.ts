/**
 * Hive Gateway listens to signals from the moment it is loaded.
 * @leaves listener
 */
import { readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { operationFromDocument, Supergraph } from '@apollo/federation-internals';
import { QueryPlanner, type DeferNode, type FetchNode, type FlattenNode } from '@apollo/query-planner';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'graphql';
import { bookings } from '../../examples/supergraph/bookings.js';
import { printProfile } from '../../src/graphql/profiles.js';
import { readTypeDefs } from '../../src/graphql/schema.js';
import { startTestApp } from '../support/testApp.js';
import { startTestSupergraph, type TestSupergraph } from './support/supergraph.js';

// Gateways take seconds to start on a busy machine.
jest.setTimeout(60_000);

const [, SECTION] = /### Slow parts later: `@defer`\n(.*?)\n### /s.exec(readFileSync('docs/supergraph.md', 'utf8'))!;
const inDocs = (language: string): string => new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(SECTION!)![1]!;
const QUERY = inDocs('graphql');

/** Apollo Router does not run here. Its plan is that of this planner, and its second step is a request like any other. */
test('Apollo Router: a contact of another subgraph is deferred, and the rest needs one request for entities', async () => {
  const ours = { name: 'contacts', url: 'http://contacts.example', typeDefs: parse(printProfile(readTypeDefs('schema'), 'default')) };
  const supergraph = Supergraph.build(composeServices([ours, { name: 'bookings', url: 'http://bookings.example', typeDefs: bookings().typeDefs }]).supergraphSdl!);
  const planner = new QueryPlanner(supergraph, { incrementalDelivery: { enableDefer: true } });
  const { primary, deferred } = planner.buildQueryPlan(operationFromDocument(supergraph.apiSchema(), parse(QUERY))).node as DeferNode;
  const first = primary.node as FetchNode;
  const later = (deferred[0]!.node as FlattenNode).node as FetchNode;
  expect([first.serviceName, deferred.length, later.serviceName]).toEqual(['bookings', 1, 'contacts']);

  const app = await startTestApp();
  try {
    const representations = [{ __typename: 'Contact', id: 'pms:4711' }, { __typename: 'Contact', id: 'cas360:54' }];
    const { data, errors } = await app.query(later.operation, { representations });
    expect(errors).toBeUndefined();
    expect(data._entities).toEqual([
      { name: expect.any(String), address: { city: expect.any(String) } },
      { name: expect.any(String), address: { city: expect.any(String) } },
    ]);
  } finally {
    await app.stop();
  }
});

describe('gateways', () => {
  let supergraph: TestSupergraph;
  beforeAll(async () => {
    supergraph = await startTestSupergraph();
  });
  afterAll(() => supergraph.stop());

  const ask = (accept: string): Promise<Response> =>
    fetch(supergraph.gateways['Hive Gateway'].url, { method: 'POST', headers: { 'content-type': 'application/json', accept }, body: JSON.stringify({ query: QUERY }) });
  const partsIn = (text: string): unknown[] => [...text.matchAll(/^\{.*\}$/gm)].map(([part]) => JSON.parse(part) as unknown);

  test('Hive Gateway sends the two parts that the documentation shows', async () => {
    const response = await ask('multipart/mixed');
    expect(response.headers.get('content-type')).toMatch(/^multipart\/mixed/);
    const shown = inDocs('json').replace(/\n {2}/g, '').trim().split('\n').map((part) => JSON.parse(part) as unknown);
    expect(partsIn(await response.text())).toEqual(shown);
  });

  test('Hive Gateway sends the first part while the register has not answered', async () => {
    supergraph.contacts.sandbox.cas360.faults.set([{ hang: true }]);
    const reader = (await ask('multipart/mixed')).body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
      text += value ?? '';
      if (partsIn(text).length > 0) break;
    }
    expect(partsIn(text)).toEqual([{ data: { booking: { arrival: '2027-03-14', guests: [{ id: 'pms:4711' }, { id: 'cas360:54' }] } }, hasNext: true }]);
    await reader.cancel();
    supergraph.contacts.sandbox.cas360.faults.set([]);
  });

  test('Hive Gateway takes it only from clients that accept parts', async () => {
    const response = await ask('application/json');
    await response.arrayBuffer();
    expect(response.status).toBe(406);
  });

  test('@apollo/gateway and the subgraph on its own refuse it', async () => {
    const { errors } = await supergraph.gateways['@apollo/gateway'].query(QUERY);
    expect(errors![0]!.message).toBe('Unknown directive "@defer".');
    const own = await supergraph.contacts.query('{ contact(id: "pms:4711") { id ... @defer { name } } }');
    expect(own.errors![0]!.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  });
});
