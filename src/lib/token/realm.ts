import { hash } from "node:crypto";

/**
 * Identifies the issuer and audience of an installation in the MACs of its tokens. Empty if neither
 * is configured; the MACs are then those of the tokens alone.
 */
export type Realm = string;

interface Parties {
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
}

/**
 * Each party is prefixed with its length, so that issuer "a" with audience "b" differs from issuer
 * "ab".
 */
export function realmOf({ issuer, audience }: Parties): Realm {
  if (issuer === undefined && audience === undefined) return "";
  return hash("sha256", Buffer.concat([measured(issuer), measured(audience)]), "base64url");
}

/**
 * Encodes in UTF-16, which is unique for every JavaScript string. A missing party has length 0,
 * because an empty one is refused.
 */
function measured(party = ""): Buffer {
  const text = Buffer.from(party, "utf16le");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text]);
}
