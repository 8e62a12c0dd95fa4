import { readFileSync } from 'node:fs';

/** Settings are missing or malformed. The message names each of them, without values. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(readonly faults: readonly string[]) {
    super(`The settings cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
}

/** Reads settings from an environment and collects their faults, without throwing. An empty text counts as not set; an empty secret is a fault. */
export class Settings {
  readonly #env: NodeJS.ProcessEnv;
  readonly #faults: string[] = [];
  readonly #warnings: string[] = [];

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** The trimmed text, or undefined if it is empty or not set. */
  text(name: string): string | undefined {
    return this.#env[name]?.trim() || undefined;
  }

  /**
   * A text, or the trimmed content of the file that `<name>_FILE` names. An empty one is a fault: usually a script failed to
   * fill a variable, and an empty ROUTER_SECRET would leave the service open.
   */
  secret(name: string): string | undefined {
    for (const each of [name, `${name}_FILE`]) {
      if (this.#env[each]?.trim() === '') this.fault(each, 'is empty: give it a value, or do not set it');
    }
    const path = this.text(`${name}_FILE`);
    if (path === undefined) return this.text(name);
    if (this.text(name) !== undefined) this.fault(name, `and ${name}_FILE are both set: choose one`);
    const secret = this.file(`${name}_FILE`)?.trim();
    if (secret === '') this.fault(`${name}_FILE`, 'points to an empty file');
    return secret || undefined;
  }

  /** The content of the file that a setting names. A file that cannot be read is a fault. */
  file(name: string): string | undefined {
    const path = this.text(name);
    if (path === undefined) return undefined;
    try {
      return readFileSync(path, 'utf8');
    } catch {
      this.fault(name, 'points to a file that cannot be read');
      return undefined;
    }
  }

  /**
   * An http or https URL without user and fragment, and without a query unless it may have one. Undefined if it is not set, or
   * malformed, which is a fault.
   */
  url(name: string, { mayHaveQuery = false } = {}): URL | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    // `search` and `hash` are empty for a lone `?` or `#`, which the text still has.
    if (url && ['http:', 'https:'].includes(url.protocol) && !url.username && !url.password && !(mayHaveQuery ? /#/ : /[?#]/).test(url.href)) return url;
    this.fault(name, `must be an http or https address, without ${mayHaveQuery ? 'user' : 'user, query'} or fragment`);
    return undefined;
  }

  /** A whole number from `min` to `max`. Anything else is a fault and gives `otherwise`. */
  integer(name: string, otherwise: number, min: number, max: number): number {
    const text = this.text(name);
    if (text === undefined) return otherwise;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    this.fault(name, `must be a whole number from ${min} to ${max}`);
    return otherwise;
  }

  /** `true` or `false`. Anything else is a fault. */
  flag(name: string, otherwise: boolean): boolean {
    const text = this.text(name);
    if (text === undefined) return otherwise;
    if (text !== 'true' && text !== 'false') this.fault(name, 'must be true or false');
    return text === 'true';
  }

  /** Returns `value`. Adds a fault if it is missing, unless it has one already. `because` says why it is needed. */
  required<T>(name: string, value: T | undefined, because: string): T | undefined {
    const hasFault = this.#faults.some((fault) => fault.startsWith(`${name} `) || fault.startsWith(`${name}_FILE `));
    if (value === undefined && !hasFault) this.fault(name, `is missing: it is needed since ${because}`);
    return value;
  }

  get faults(): readonly string[] {
    return this.#faults;
  }

  /** A setting that is read twice gives one fault. */
  fault(name: string, what: string): void {
    const fault = `${name} ${what}`;
    if (!this.#faults.includes(fault)) this.#faults.push(fault);
  }

  /** Values that are ignored. The service starts without them. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  warn(name: string, what: string): void {
    const warning = `${name} ${what}`;
    if (!this.#warnings.includes(warning)) this.#warnings.push(warning);
  }
}
