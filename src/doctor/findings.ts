import { styleText } from 'node:util';

/** `fault`: something would fail. `warning`: it works, but should be changed. `note`: not checked, or good to know. */
export type Level = 'ok' | 'note' | 'warning' | 'fault';

const COLOURS = { ok: 'green', note: 'gray', warning: 'yellow', fault: 'red' } as const;

/** The findings about one thing. Only our own sentences: never a value, a body or another program's message. */
export class Findings {
  readonly #list: { readonly level: Level; readonly text: string }[] = [];
  /** Resolves once all findings so far are printed, and each further one is printed at once. */
  readonly shown: Promise<void>;
  #isShown!: () => void;
  #out: NodeJS.WriteStream | undefined;

  constructor(readonly title: string) {
    this.shown = new Promise((resolve) => (this.#isShown = resolve));
  }

  ok(text: string): void {
    this.#add('ok', text);
  }

  note(text: string): void {
    this.#add('note', text);
  }

  warning(text: string): void {
    this.#add('warning', text);
  }

  fault(text: string): void {
    this.#add('fault', text);
  }

  count(level: Level): number {
    return this.#list.filter((finding) => finding.level === level).length;
  }

  /** Prints the title and the findings so far, and from then on each one as it comes. Coloured on a terminal, unless NO_COLOR is set. */
  show(out: NodeJS.WriteStream): void {
    this.#out = out;
    out.write(`${paint('bold', this.title, out)}\n`);
    for (const { level, text } of this.#list) print(level, text, out);
    this.#isShown();
  }

  #add(level: Level, text: string): void {
    this.#list.push({ level, text });
    if (this.#out) print(level, text, this.#out);
  }
}

function print(level: Level, text: string, out: NodeJS.WriteStream): void {
  out.write(`  ${paint(COLOURS[level], level.padEnd(8), out)} ${text}\n`);
}

const paint = (style: Parameters<typeof styleText>[0], text: string, stream: NodeJS.WriteStream): string => styleText(style, text, { stream });

export const milliseconds = (sinceMs: number): string => `${Math.max(1, Math.round(performance.now() - sinceMs))} ms`;

export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
