import type { SigningAlgorithm } from "../policy.ts";
import { hash, randomBytes } from "node:crypto";
import { createJwsKey, type JwsKey } from "../crypto/jwt.ts";
import { createMac, type Mac } from "../crypto/mac.ts";
import { deriveKey, type Secrets } from "../crypto/secret.ts";
import type { KeyRecord } from "./key-record.ts";

/** A key of the ring, ready for use. */
export interface RingKey extends JwsKey {
  readonly kid: string;
  readonly sequence: number;
  readonly activatesAt: number;
  /** The wrapped seed in the store when the key was opened. */
  readonly wrappedSeed: string;
  /**
   * The exact header of every access token that this key signs:
   * `{"alg":...,"kid":...,"typ":"at+jwt"}` in base64url (RFC 9068 2.1).
   */
  readonly headerSegment: string;
  /** Authenticates refresh tokens. */
  readonly refreshMac: Mac;
  /**
   * A fixed number in [0, 1) derived from the key's name, so that all processes add the same jitter
   * to its lifetime.
   */
  readonly jitter: number;
}

/** Makes a record. Its seed is drawn again in the rare case that the algorithm cannot use it. */
export function makeKeyRecord(
  secrets: Secrets,
  fields: Pick<KeyRecord, "sequence" | "algorithm" | "createdAt" | "activatesAt">,
): KeyRecord {
  const kid = randomBytes(8).toString("base64url");
  for (;;) {
    const seed = randomBytes(32);
    try {
      createJwsKey(fields.algorithm, signingSeed(seed, fields.algorithm));
    } catch {
      continue;
    }
    return { kid, ...fields, wrappedSeed: secrets.wrap(seed, wrapContext(kid, fields.algorithm)) };
  }
}

export function openKeyRecord(record: KeyRecord, seed: Buffer): RingKey {
  const { kid, sequence, algorithm, activatesAt, wrappedSeed } = record;
  const header = JSON.stringify({ alg: algorithm, kid, typ: "at+jwt" });
  return {
    ...createJwsKey(algorithm, signingSeed(seed, algorithm)),
    kid,
    sequence,
    activatesAt,
    wrappedSeed,
    headerSegment: Buffer.from(header).toString("base64url"),
    refreshMac: createMac(deriveKey(seed, "refresh token")),
    jitter: hash("sha256", kid, "buffer").readUInt32BE(0) / 2 ** 32,
  };
}

/**
 * The data that is authenticated with a wrapped seed, so that write access to the store is not
 * enough to swap keys or weaken an algorithm.
 */
export const wrapContext = (kid: string, algorithm: SigningAlgorithm): string => `key ${kid} ${algorithm}`;

const signingSeed = (seed: Buffer, algorithm: SigningAlgorithm): Buffer => deriveKey(seed, `access token ${algorithm}`);
