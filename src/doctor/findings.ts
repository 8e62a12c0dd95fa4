import { styleText } from 'node:util';

/** `fault`: something would fail. `warning`: it works, but should be changed. `note`: not checked, or good to know. */
export type Level = 'ok' | 'note' | 'warning' | 'fault';

const COLOURS = { ok: 'green', note: 'gray', warning: 'yellow', fault: 'red' } as const;

/** The findings about one thing. Only our own sentences: never a value, a body or another program's message. */
export class Findings {
  readonly #list: { readonly level: Level; readonly text: string }[] = [];

  constructor(readonly title: string) {}

  ok(text: string): void {
    this.#list.push({ level: 'ok', text });
  }

  note(text: string): void {
    this.#list.push({ level: 'note', text });
  }

  warning(text: string): void {
    this.#list.push({ level: 'warning', text });
  }

  fault(text: string): void {
    this.#list.push({ level: 'fault', text });
  }

  count(level: Level): number {
    return this.#list.filter((finding) => finding.level === level).length;
  }

  /** Coloured on a terminal, unless NO_COLOR is set. */
  print(out: NodeJS.WriteStream): void {
    const paint = (style: Parameters<typeof styleText>[0], text: string): string => styleText(style, text, { stream: out });
    out.write(`${paint('bold', this.title)}\n`);
    for (const { level, text } of this.#list) out.write(`  ${paint(COLOURS[level], level.padEnd(8))} ${text}\n`);
    out.write('\n');
  }
}

export const milliseconds = (sinceMs: number): string => `${Math.max(1, Math.round(performance.now() - sinceMs))} ms`;

export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
