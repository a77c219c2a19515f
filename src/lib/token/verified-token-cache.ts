/** What was found out about one access token; the rest of the value belongs to the caller. */
export interface CachedToken {
  readonly token: string;
}

/**
 * A bounded map of verified tokens in two generations: when the young one is full it becomes the old one and the old one is
 * dropped. Whatever was asked for lately survives, and eviction costs nothing per entry.
 */
export class VerifiedTokenCache<T extends CachedToken> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  readonly #generationSize: number;

  /** @param size greatest number of tokens held; 0 holds none */
  constructor(size: number) {
    this.#generationSize = Math.floor(size / 2);
  }

  get(token: string): T | undefined {
    const name = nameOf(token);
    const young = this.#young.get(name);
    const found = young ?? this.#old.get(name);
    // The name is only a part of the signature: the whole token must be the one that was verified.
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

// 22 characters of the signature are 128 bits that the token's bearer could not choose; a short key hashes faster.
const nameOf = (token: string): string => token.slice(-22);
