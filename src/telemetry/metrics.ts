import { Counter, Histogram, Registry } from 'prom-client';
import type { Source } from '../model.js';

/** What the service counts. Labels are constants of this program, never anything of a caller, contact or upstream. */
export class Metrics {
  readonly #counts = new Registry();

  readonly #calls = new Histogram({
    name: 'contacts_upstream_call_seconds',
    help: 'Calls to the upstreams, by what was asked and what became of it.',
    labelNames: ['source', 'resource', 'outcome'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.#counts],
  });

  readonly #drift = new Counter({
    name: 'contacts_upstream_drift_total',
    help: 'Values of upstream records that could not be used and were served as null.',
    labelNames: ['source', 'field'],
    registers: [this.#counts],
  });

  readonly upstreamCall = (source: Source, resource: string, outcome: string, seconds: number): void => {
    this.#calls.observe({ source, resource, outcome }, seconds);
  };

  readonly drift = (source: Source, field: string): void => {
    this.#drift.inc({ source, field });
  };

  /** In the text format that Prometheus reads. */
  text(): Promise<string> {
    return this.#counts.metrics();
  }

  get contentType(): string {
    return this.#counts.contentType;
  }
}
