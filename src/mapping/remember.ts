const MOST_TEXTS = 5_000;
const LONGEST_TEXT = 64;

/**
 * Remembers what was made of a text, since the same few recur in most records. It begins anew when it is full and
 * passes by long texts, so that no input makes it grow.
 */
export function remember<T>(make: (text: string) => T): (text: string) => T {
  const made = new Map<string, T>();
  return (text) => {
    if (text.length > LONGEST_TEXT) return make(text);
    const known = made.get(text);
    if (known !== undefined) return known;
    if (made.size >= MOST_TEXTS) made.clear();
    const fresh = make(text);
    made.set(text, fresh);
    return fresh;
  };
}
