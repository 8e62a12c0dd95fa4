type Labels = Readonly<Record<string, string>>;

interface Value {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly exemplar?: { readonly labelSet: Labels; readonly value: number; readonly timestamp: number } | undefined;
}

/** A value, and the trace that it is from. */
interface Exemplar {
  readonly traceparent: string;
  readonly value: number;
  readonly atMs: number;
}

/** The last bit of the flags. */
const SAMPLED = /[13579bdf]$/;

/** The values observed with one set of labels. */
export class Observations {
  /** Values per bucket, not cumulative. The last bucket has no bound. */
  readonly counts: number[];
  sum = 0;
  /** The latest one of each bucket. */
  readonly exemplars: (Exemplar | undefined)[] = [];

  constructor(
    readonly labels: Labels,
    readonly bounds: readonly number[],
  ) {
    this.counts = [...bounds, Infinity].map(() => 0);
  }

  /** The trace of `traceparent` becomes the bucket's exemplar if it is sampled. */
  observe(value: number, traceparent?: string): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sum += value;
    if (traceparent !== undefined && SAMPLED.test(traceparent)) this.exemplars[bucket] = { traceparent, value, atMs: Date.now() };
  }
}

/**
 * A histogram that prom-client can collect. prom-client's own builds a text of the labels for each value
 * (docs/performance.md).
 */
export class Histogram {
  readonly #children = new Set<Observations>();

  constructor(
    readonly name: string,
    readonly help: string,
    readonly bounds: readonly number[],
  ) {}

  /** Call it once for each set of labels, and keep the result. */
  child(labels: Labels): Observations {
    const child = new Observations(labels, this.bounds);
    this.#children.add(child);
    return child;
  }

  /** Its values are no longer exported. */
  remove(child: Observations): void {
    this.#children.delete(child);
  }

  /** prom-client calls it to collect the values. */
  async get(): Promise<{ name: string; help: string; type: 'histogram'; values: Value[] }> {
    return { name: this.name, help: this.help, type: 'histogram', values: [...this.#children].flatMap((child) => this.#valuesOf(child)) };
  }

  /** The exposition format wants cumulative buckets. */
  #valuesOf({ labels, counts, sum, exemplars }: Observations): Value[] {
    let count = 0;
    const buckets = counts.map((more, i) => ({ metricName: `${this.name}_bucket`, labels: { le: this.bounds[i] ?? '+Inf', ...labels }, value: (count += more), exemplar: shown(exemplars[i]) }));
    return [...buckets, { metricName: `${this.name}_sum`, labels, value: sum }, { metricName: `${this.name}_count`, labels, value: count }];
  }
}

function shown(exemplar: Exemplar | undefined): Value['exemplar'] {
  if (!exemplar) return undefined;
  const [, trace_id = '', span_id = ''] = exemplar.traceparent.split('-');
  return { labelSet: { trace_id, span_id }, value: exemplar.value, timestamp: exemplar.atMs / 1_000 };
}
