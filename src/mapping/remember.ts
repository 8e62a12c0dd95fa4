const MAX_TEXTS = 5_000;
const MAX_LENGTH = 64;

/**
 * Memoises `make`: the same few texts recur in most records. Its memory is bounded: long texts are not kept, and it is
 * cleared when it is full.
 */
export function remember<T>(make: (text: string) => T): (text: string) => T {
  const made = new Map<string, T>();
  return (text) => {
    if (text.length > MAX_LENGTH) return make(text);
    const known = made.get(text);
    if (known !== undefined) return known;
    if (made.size >= MAX_TEXTS) made.clear();
    const fresh = make(text);
    made.set(text, fresh);
    return fresh;
  };
}
