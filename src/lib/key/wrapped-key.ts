import { generalError, type SessionError } from "../errors.ts";
import type { Secrets } from "../crypto/secret.ts";
import type { KeyRecord } from "./key-record.ts";
import type { KeyStore } from "./key-store.ts";
import { wrapContext } from "./ring-key.ts";

/** A record whose seed has been decrypted. */
export interface UnwrappedKey {
  readonly record: KeyRecord;
  readonly seed: Buffer;
  /** Whether the first secret of the list had encrypted the seed. */
  readonly byFirst: boolean;
}

/** @throws SessionError `SECRET_MISMATCH` if none of the secrets encrypted the seed */
export function unwrapKey(secrets: Secrets, record: KeyRecord): UnwrappedKey {
  const unwrapped = secrets.unwrap(record.wrappedSeed, wrapContext(record.kid, record.algorithm));
  if (unwrapped === undefined) throw secretMismatch(record.kid);
  return { record, ...unwrapped };
}

/**
 * Encrypts the seed with the first secret. @returns false if another process has changed the key
 */
export const rewrapKey = (store: KeyStore, secrets: Secrets, { record, seed }: UnwrappedKey): Promise<boolean> =>
  store.rewrapKey(record.kid, record.wrappedSeed, secrets.wrap(seed, wrapContext(record.kid, record.algorithm)));

/** What {@link rewrapKeys} did. */
export interface RewrappedKeys {
  /** How many keys it encrypted with the first secret. */
  readonly rewrapped: number;
  /** How many keys are in the store. */
  readonly total: number;
}

/** Each round finds what other processes changed during the one before. */
const ROUNDS = 5;

/**
 * Encrypts all keys in the store with the first secret. It writes only if it can decrypt all of
 * them.
 *
 * @throws SessionError `SECRET_MISMATCH`, `STORE_BUSY`
 */
export async function rewrapKeys(store: KeyStore, secrets: Secrets): Promise<RewrappedKeys> {
  let rewrapped = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const keys = (await store.listKeys()).map((record) => unwrapKey(secrets, record));
    const others = keys.filter(({ byFirst }) => !byFirst);
    if (others.length === 0) return { rewrapped, total: keys.length };
    for (const key of others) if (await rewrapKey(store, secrets, key)) rewrapped += 1;
  }
  throw generalError(
    "STORE_BUSY",
    "another process keeps encrypting the keys with an earlier secret; put the new secret first in the list of every process, and try again",
  );
}

const secretMismatch = (kid: string): SessionError =>
  generalError(
    "SECRET_MISMATCH",
    `key ${kid} in the store was encrypted with a secret that is not in the config; add the earlier secret to the list: secret: [current, earlier]`,
  );
