type Labels = Readonly<Record<string, string>>;

interface Value {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** What was observed under one set of labels. */
export class Observations {
  /** How many values lie in each bucket, those below it not counted; the last one has no bound. */
  readonly counts: number[];
  sum = 0;

  constructor(
    readonly labels: Labels,
    readonly bounds: readonly number[],
  ) {
    this.counts = [...bounds, Infinity].map(() => 0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sum += value;
  }
}

/**
 * A histogram for a registry of prom-client. Its own one makes a text of the labels for each value that it observes: a
 * twentieth of what twenty calls to an upstream cost.
 */
export class Histogram {
  readonly #children = new Set<Observations>();

  constructor(
    readonly name: string,
    readonly help: string,
    readonly bounds: readonly number[],
  ) {}

  /** Made once for each set of labels, and kept by whoever observes. */
  child(labels: Labels): Observations {
    const child = new Observations(labels, this.bounds);
    this.#children.add(child);
    return child;
  }

  /** What was observed there is no longer told. */
  remove(child: Observations): void {
    this.#children.delete(child);
  }

  /** As a registry asks for it. */
  async get(): Promise<{ name: string; help: string; type: 'histogram'; values: Value[] }> {
    return { name: this.name, help: this.help, type: 'histogram', values: [...this.#children].flatMap((child) => this.#valuesOf(child)) };
  }

  /** Each bucket with all below it, as the exposition format has them. */
  #valuesOf({ labels, counts, sum }: Observations): Value[] {
    let count = 0;
    const buckets = counts.map((more, i) => ({ metricName: `${this.name}_bucket`, labels: { le: this.bounds[i] ?? '+Inf', ...labels }, value: (count += more) }));
    return [...buckets, { metricName: `${this.name}_sum`, labels, value: sum }, { metricName: `${this.name}_count`, labels, value: count }];
  }
}
