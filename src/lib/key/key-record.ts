import { everyField } from "../every-field.ts";
import type { SigningAlgorithm } from "../policy.ts";

/**
 * One signing key as a store keeps it. Access tokens are signed, and refresh tokens authenticated,
 * with keys that are derived from its seed.
 */
export interface KeyRecord {
  /** The public name of the key: 11 random characters of base64url. */
  readonly kid: string;
  /** The number of the key, from 1, unique: processes that make a key at once agree on one. */
  readonly sequence: number;
  /** The algorithm of access tokens. */
  readonly algorithm: SigningAlgorithm;
  /** The seed, encrypted with the `secret`, which the store does not have. */
  readonly wrappedSeed: string;
  /** When the key was made, in ms since the epoch. */
  readonly createdAt: number;
  /** When the key begins to sign, in ms since the epoch; it signs until the next key does. */
  readonly activatesAt: number;
}

export const KEY_FIELDS: readonly (keyof KeyRecord)[] = everyField<KeyRecord>({
  kid: true,
  sequence: true,
  algorithm: true,
  wrappedSeed: true,
  createdAt: true,
  activatesAt: true,
});
