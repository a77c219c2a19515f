import { everyField } from "../every-field.ts";
import type { SigningAlgorithm } from "../policy.ts";

/** One key of the ring as a store keeps it. From its seed come the signing key of access tokens and the MAC key of refresh tokens. */
export interface KeyRecord {
  /** Random public name, 11 characters of base64url (8 bytes). */
  readonly kid: string;
  /** 1, 2, 3 ...: unique, so that processes which make a key at once agree on one. */
  readonly sequence: number;
  readonly algorithm: SigningAlgorithm;
  /** The seed, encrypted with a secret that the store does not have; see `crypto/secret.ts`. */
  readonly wrappedSeed: string;
  readonly createdAt: number;
  /** From when it signs, until the next key does; ms since the epoch. */
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
