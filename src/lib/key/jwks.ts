import type { PublicJwk } from "../crypto/jwt.ts";
import type { RingKey } from "./ring-key.ts";

export type { PublicJwk } from "../crypto/jwt.ts";

/** A JSON Web Key Set (RFC 7517 5). */
export interface Jwks {
  /** The public keys that verify live access tokens. */
  readonly keys: readonly (PublicJwk & { readonly kid: string; readonly alg: string; readonly use: "sig" })[];
}

/** @returns the public halves; empty with HS256, whose keys never leave the process */
export function toJwks(keys: readonly RingKey[]): Jwks {
  return {
    keys: keys.flatMap((key) =>
      key.publicJwk === undefined ? [] : [{ ...key.publicJwk, kid: key.kid, alg: key.algorithm, use: "sig" as const }],
    ),
  };
}
