/** Words that occur nowhere else: where one turns up, something let it out. */
export class Canaries {
  readonly #places = new Map<string, string>();

  /** A word for this place, always the same one. Letters and digits only, so that it fits everywhere. */
  at(place: string): string {
    for (const [word, known] of this.#places) if (known === place) return word;
    const word = `cnry${(this.#places.size + 46_656).toString(36)}${Buffer.from(place).toString('hex').slice(0, 6)}x`;
    this.#places.set(word, place);
    return word;
  }

  /** A word of another's making, such as a whole token. */
  add(place: string, word: string): string {
    this.#places.set(word, place);
    return word;
  }

  /** A copy in which every text is a canary, named by its place; `kept` keys stay as they are. */
  fill(value: unknown, place: string, kept: ReadonlySet<string> = new Set()): unknown {
    if (typeof value === 'string') return this.at(place);
    if (Array.isArray(value)) return value.map((item, n) => this.fill(item, `${place}.${n}`, kept));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, kept.has(key) ? inner : this.fill(inner, `${place}.${key}`, kept)]));
  }

  /** The places whose canaries are in this text, in any of the forms that programs give to texts. */
  foundIn(text: string): string[] {
    const lower = text.toLowerCase();
    return [...this.#places].filter(([word]) => formsOf(word).some((form) => text.includes(form)) || lower.includes(word.toLowerCase())).map(([, place]) => place);
  }

  get count(): number {
    return this.#places.size;
  }
}

/** In base64 a word looks different by where in a longer text it stands; the ends, which its neighbours colour, are left out. */
function formsOf(word: string): string[] {
  const bytes = Buffer.from(word);
  const codes = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64').replace(/=+$/, '');
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  const texts = [...base64, codes.join(''), codes.join('').toUpperCase(), codes.map((code) => `%${code}`).join(''), codes.map((code) => `\\u00${code}`).join(''), codes.join(' ')];
  return [...texts, ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
}
