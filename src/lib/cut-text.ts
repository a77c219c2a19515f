/**
 * The first `length` characters of a text, counted as code points, and well formed: no half of a
 * surrogate pair is left, which `encodeURIComponent` and some databases refuse.
 */
export const cutText = (text: string, length: number): string =>
  // No character has more than two code units, so a long text is not taken apart as a whole.
  Array.from(text.slice(0, 2 * length))
    .slice(0, length)
    .join("")
    .replace(LONE_SURROGATE, "\ufffd");

// With the flag u it is no half of a pair.
const LONE_SURROGATE = /\p{Surrogate}/gu;
