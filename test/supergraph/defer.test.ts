import { composeServices } from '@apollo/composition';
import { operationFromDocument, Supergraph } from '@apollo/federation-internals';
import { QueryPlanner, type DeferNode, type FetchNode, type FlattenNode } from '@apollo/query-planner';
import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { bookings } from '../../examples/supergraph/bookings.js';
import { printProfile } from '../../src/graphql/profiles.js';
import { readTypeDefs } from '../../src/graphql/schema.js';
import { startTestApp } from '../support/testApp.js';

/** As in docs/supergraph.md. */
const QUERY = `{
  booking(id: "B-2041") {
    arrival
    guests {
      id
      ... @defer { name address { city } }
    }
  }
}`;

/** No router for @defer runs here. Its plan is that of this planner, and its second step is a request like any other. */
test('a contact of another subgraph is deferred by the router: the rest needs one request for entities', async () => {
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
