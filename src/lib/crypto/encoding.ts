/**
 * Decodes base64url without padding (RFC 7515 2); undefined unless `text` is the one canonical
 * spelling of its bytes.
 */
export function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}

/** Makes a decoder like {@link decodeBase64url}, for text, that reuses one buffer. */
export function createTextDecoder(maxLength: number): (text: string) => string | undefined {
  const scratch = Buffer.alloc(Math.ceil((maxLength * 3) / 4));
  return (text) => {
    if (text.length > maxLength) return undefined;
    const length = scratch.write(text, "base64url");
    return scratch.toString("base64url", 0, length) === text ? scratch.toString("utf8", 0, length) : undefined;
  };
}

/**
 * Makes a function that copies a text of one-byte characters. A slice would keep the original text
 * in memory.
 */
export function createFlatCopy(maxLength: number): (text: string) => string {
  const scratch = Buffer.alloc(maxLength);
  return (text) => scratch.toString("latin1", 0, scratch.write(text, "latin1"));
}

/**
 * Compares two texts in a time that depends only on their lengths. MACs use `Mac.matches`; this is
 * for texts that a MAC has proved before (docs/decisions/061-answered-at-once.md).
 */
export function equalInConstantTime(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at += 1) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}
