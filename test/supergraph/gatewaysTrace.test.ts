/**
 * Hive Gateway listens to signals from the moment it is loaded.
 * @leaves listener
 */
import type { ApolloServerPlugin } from '@apollo/server';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { startApolloGateway, type Gateway } from './support/gateways.js';
import { startTestSupergraph, type TestSupergraph } from './support/supergraph.js';

// Gateways take seconds to start on a busy machine.
jest.setTimeout(60_000);

let plan: any;
/** What a gateway does that reports to GraphOS: it asks its subgraphs for traces, and keeps them with its query plan. */
const reporting: ApolloServerPlugin = {
  requestDidStart: async ({ metrics }) => {
    metrics.captureTraces = true;
    return {
      willSendResponse: async () => {
        plan = metrics.queryPlanTrace;
      },
    };
  },
};

let supergraph: TestSupergraph;
let gateway: Gateway;
beforeAll(async () => {
  supergraph = await startTestSupergraph();
  gateway = await startApolloGateway(supergraph.sdl, [reporting]);
});
afterAll(async () => {
  await gateway.stop();
  await supergraph.stop();
});

/** The fields that a trace timed, such as `contact(address(city) name)`. They stand in it as they got ready. */
function timed({ responseName, index, child = [] }: any): string {
  const fields = child.map(timed).sort().join(' ');
  return `${responseName || index}${fields && `(${fields})`}`;
}

test('the trace of a field of the root comes when it is asked for', async () => {
  const { errors } = await gateway.query('{ contact(id: "cas360:54") { name address { city } } }');
  expect(errors).toBeUndefined();
  expect(plan.fetch).toMatchObject({ serviceName: 'contacts', traceParsingFailed: false });
  expect(plan.fetch.trace.root.child.map(timed)).toEqual(['contact(address(city) name)']);
});

test('so does that of entities, each by itself', async () => {
  const { errors } = await gateway.query('{ booking(id: "B-2041") { guests { name } } }');
  expect(errors).toBeUndefined();
  const [, flatten] = plan.sequence.nodes;
  const { fetch } = flatten.flatten.node;
  expect(fetch).toMatchObject({ serviceName: 'contacts', traceParsingFailed: false });
  expect(fetch.trace.root.child.map(timed)).toEqual(['_entities(0(name) 1(name))']);
  expect(Number(fetch.trace.durationNs)).toBeGreaterThan(0);
});
