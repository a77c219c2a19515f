/**
 * Cuts a text to `length` code points and makes it well formed: `encodeURIComponent` and some
 * databases refuse half a surrogate pair.
 */
export const cutText = (text: string, length: number): string =>
  // A code point has at most two code units, so only that part of a long text is split.
  Array.from(text.slice(0, 2 * length))
    .slice(0, length)
    .join("")
    .replace(LONE_SURROGATE, "\ufffd");

// With the flag u this matches no half of a pair.
const LONE_SURROGATE = /\p{Surrogate}/gu;
