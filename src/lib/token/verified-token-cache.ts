/** The cached result for one access token. The caller adds other fields. */
export interface CachedToken {
  readonly token: string;
}

/**
 * A bounded map of verified tokens in two generations. When the young one is full it replaces the
 * old one, so recently used tokens stay and eviction costs nothing per entry.
 */
export class VerifiedTokenCache<T extends CachedToken> {
  #young = new Map<number, T>();
  #old = new Map<number, T>();
  readonly #generationSize: number;
  #hits = 0;
  #misses = 0;

  /** @param size the most cached tokens; 0 disables the cache */
  constructor(size: number) {
    this.#generationSize = Math.floor(size / 2);
  }

  get(token: string): T | undefined {
    const name = nameOf(token);
    const young = this.#young.get(name);
    const found = young ?? this.#old.get(name);
    // The key is a part of the signature, so the whole token must be compared.
    if (found?.token !== token) {
      this.#misses += 1;
      return undefined;
    }
    this.#hits += 1;
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

  /** How often `get` has found a token, and how often not. */
  counts(): { readonly hits: number; readonly misses: number } {
    return { hits: this.#hits, misses: this.#misses };
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}

/** The value of each base64url character; 0 for all others. */
const SEXTETS = new Uint8Array(128);
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
for (let value = 0; value < ALPHABET.length; value += 1) SEXTETS[ALPHABET.charCodeAt(value)] = value;

/**
 * 30 bits of the signature, which the bearer of a token cannot choose: a map finds a small number
 * twice as fast as a text. The last character is excluded, because it has spare bits. Two tokens
 * with the same number replace each other.
 */
function nameOf(token: string): number {
  const end = token.length;
  let name = 0;
  for (let at = end - 6; at < end - 1; at += 1) name = (name << 6) | (SEXTETS[token.charCodeAt(at) & 127] ?? 0);
  return name;
}
