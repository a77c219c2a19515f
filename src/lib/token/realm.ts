import { hash } from "node:crypto";

/**
 * Names the issuer and audience of an installation in the MACs of its tokens. Empty where neither
 * is configured, and then the MACs are those of the tokens alone.
 */
export type Realm = string;

interface Parties {
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
}

/**
 * Each party is preceded by its length, so that issuer "a" with audience "b" is not issuer "ab".
 */
export function realmOf({ issuer, audience }: Parties): Realm {
  if (issuer === undefined && audience === undefined) return "";
  return hash("sha256", Buffer.concat([measured(issuer), measured(audience)]), "base64url");
}

/**
 * In UTF-16, which spells every string of JavaScript in a way of its own. No party at all is 0,
 * since an empty one is refused.
 */
function measured(party = ""): Buffer {
  const text = Buffer.from(party, "utf16le");
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text]);
}
