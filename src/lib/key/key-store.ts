import type { KeyRecord } from "./key-record.ts";

/** The contract of the key ring with a database: a part of `SessionStore`, whose rules apply. */
export interface KeyStore {
  /**
   * Lists all keys by ascending sequence. It never reads a replica or node that may lag behind a
   * write.
   */
  listKeys(): Promise<readonly KeyRecord[]>;

  /**
   * Adds a key if its sequence is free.
   *
   * @returns false if the sequence is taken; then nothing was written
   */
  insertKey(key: KeyRecord): Promise<boolean>;

  /**
   * Replaces the wrapped seed of a key if it still is `expected`.
   *
   * @returns whether it was
   */
  rewrapKey(kid: string, expected: string, wrappedSeed: string): Promise<boolean>;

  /** Removes a key if it exists. */
  deleteKey(kid: string): Promise<void>;
}
