/** What was found out about one access token; the rest of the value belongs to the caller. */
export interface CachedToken {
  readonly token: string;
}

/**
 * A bounded map of verified tokens in two generations: when the young one is full it becomes the
 * old one and the old one is dropped. Whatever was asked for lately survives, and eviction costs
 * nothing per entry.
 */
export class VerifiedTokenCache<T extends CachedToken> {
  #young = new Map<number, T>();
  #old = new Map<number, T>();
  readonly #generationSize: number;

  /** @param size greatest number of tokens held; 0 holds none */
  constructor(size: number) {
    this.#generationSize = Math.floor(size / 2);
  }

  get(token: string): T | undefined {
    const name = nameOf(token);
    const young = this.#young.get(name);
    const found = young ?? this.#old.get(name);
    // The name is a part of the signature: the whole token must be the one that was verified.
    if (found?.token !== token) return undefined;
    if (young === undefined) this.set(found);
    return found;
  }

  set(entry: T): void {
    if (this.#generationSize === 0) return;
    if (this.#young.size >= this.#generationSize) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(nameOf(entry.token), entry);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}

/** What each character of base64url stands for; 0 for all others. */
const SEXTETS = new Uint8Array(128);
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
for (let value = 0; value < ALPHABET.length; value += 1) SEXTETS[ALPHABET.charCodeAt(value)] = value;

/**
 * 30 bits of the signature, which the bearer of a token cannot choose: a map finds a small number
 * twice as fast as a text. The last character is left out, since it has spare bits. Two tokens of
 * one number take turns.
 */
function nameOf(token: string): number {
  const end = token.length;
  let name = 0;
  for (let at = end - 6; at < end - 1; at += 1) name = (name << 6) | (SEXTETS[token.charCodeAt(at) & 127] ?? 0);
  return name;
}
