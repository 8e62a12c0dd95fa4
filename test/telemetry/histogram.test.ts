import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Histogram as PromHistogram, Registry } from 'prom-client';
import { Histogram } from '../../src/telemetry/histogram.js';

const LABELS = [
  { source: 'PMS', outcome: '200' },
  { source: 'PMS', outcome: 'a "quoted" one\n' },
  { source: 'CAS360', outcome: '200' },
];
const BOUNDS = [0.005, 0.1, 1, 10];

test('What a histogram says is what that of prom-client says', async () => {
  const value = fc.oneof(fc.constantFrom(0, ...BOUNDS), fc.double({ min: 0, max: 20, noNaN: true }));
  const observation = fc.record({ labels: fc.constantFrom(...LABELS), value });
  await fc.assert(
    fc.asyncProperty(fc.array(observation, { maxLength: 50 }), async (observations) => {
      const [ours, theirs] = [new Registry(), new Registry()];
      const histogram = new Histogram('seconds', 'How long.', BOUNDS);
      ours.registerMetric(histogram as unknown as PromHistogram);
      const reference = new PromHistogram({ name: 'seconds', help: 'How long.', labelNames: ['source', 'outcome'], buckets: BOUNDS, registers: [theirs] });
      const children = new Map<object, ReturnType<Histogram['child']>>();
      for (const { labels, value } of observations) {
        if (!children.has(labels)) children.set(labels, histogram.child(labels));
        children.get(labels)!.observe(value);
        reference.labels(labels).observe(value);
      }
      expect(await ours.metrics()).toBe(await theirs.metrics());
    }),
  );
});
