import type { KeyRecord } from "./key-record.ts";

/** The port between the key ring and a database; a part of `SessionStore`, whose rules hold for it. */
export interface KeyStore {
  /** All keys, by ascending sequence. Never from a replica, or a node of a cluster, that may lag behind a write. */
  listKeys(): Promise<readonly KeyRecord[]>;

  /** Adds a key, if its sequence is free. False when it is taken; then nothing was written. */
  insertKey(key: KeyRecord): Promise<boolean>;

  /** Compare-and-set: replaces the wrapped seed of a key, if it is still `expected`. False when not. */
  rewrapKey(kid: string, expected: string, wrappedSeed: string): Promise<boolean>;

  /** Removes a key. Nothing happens when there is none. */
  deleteKey(kid: string): Promise<void>;
}
