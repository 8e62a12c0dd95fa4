import parse from 'parse-prometheus-text-format';

type Labels = Readonly<Record<string, string>>;
type Sample = Labels & { readonly value: number };

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly metrics: readonly { readonly labels?: Labels; readonly value: string }[];
}

/** What `/metrics` says, read by a parser of Prometheus's text format. */
export class Scrape {
  /** What it is said to be. */
  readonly families: readonly Family[];
  readonly #samples: ReadonlyMap<string, readonly { readonly sample: Sample }[]>;

  private constructor(readonly text: string) {
    this.families = parse(text) as Family[];
    // Once more without their types, each sample by itself: of a typed histogram, the parser drops the labels.
    const untyped = parse(text.replace(/^# .*$/gm, '')) as Family[];
    const samples = untyped.flatMap(({ name, metrics }) => metrics.map(({ labels, value }) => ({ name, sample: { ...labels, value: Number(value) } as Sample })));
    this.#samples = Map.groupBy(samples, ({ name }) => name);
  }

  static async of(url: string): Promise<Scrape> {
    const response = await fetch(`${url}/metrics`);
    if (response.status !== 200 || !response.headers.get('content-type')?.startsWith('text/plain; version=0.0.4')) throw new Error('No metrics');
    return new Scrape(await response.text());
  }

  /** The labels and values under this name, or all. */
  samples(name?: string): readonly Sample[] {
    const named = name === undefined ? [...this.#samples.values()].flat() : (this.#samples.get(name) ?? []);
    return named.map(({ sample }) => sample);
  }

  /** The sample with these labels. */
  find(name: string, labels: Labels = {}): Sample | undefined {
    return this.samples(name).find((sample) => Object.entries(labels).every(([label, value]) => sample[label] === value));
  }

  /** The value of the sample with these labels; 0 where nothing was counted yet. */
  value(name: string, labels: Labels = {}): number {
    return this.find(name, labels)?.value ?? 0;
  }
}
