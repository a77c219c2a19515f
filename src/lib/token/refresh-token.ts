import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Mac } from "../crypto/mac.ts";
import type { Realm } from "./realm.ts";

/**
 * A refresh token is `cfr1.` and 148 characters of base64url, 111 bytes:
 *
 *   kid 8 | handle 18 | generation 4 | nonce 17 | hash of the parent 32 | HMAC-SHA256 of these 32
 *
 * Where an issuer or audience is configured, the HMAC is over the realm, too: 43 characters that
 * are in no token. 111 bytes fill 148 characters without a spare bit, so each token has one
 * spelling. The MAC keeps garbage from the store. The parent's hash keeps a thief who has the store
 * *and* its keys from minting: the row knows only the hash of that hash.
 */
const PREFIX = "cfr1.";
const KID = 8;
const HANDLE = 18;
const GENERATION = 4;
const NONCE = 17;
const HASH = 32;
const SIGNED = KID + HANDLE + GENERATION + NONCE + HASH;
const LENGTH = PREFIX.length + ((SIGNED + HASH) / 3) * 4;
const BODY = /^[A-Za-z0-9_-]+$/;

/** The first token of a session has no parent. No hash is zero, so no other token is its parent. */
const NO_PARENT = Buffer.alloc(HASH);

export interface RefreshToken {
  /** What the client holds. */
  readonly value: string;
  readonly handle: string;
  readonly generation: number;
  /** Hash of the hash of this token, as in the row. */
  readonly doubleHash: string;
  /** Hash of the hash of its parent. */
  readonly parentDoubleHash: string;
}

export type ParsedRefreshToken =
  | { readonly kind: "authentic"; readonly token: RefreshToken }
  | { readonly kind: "unknown-key" }
  | { readonly kind: "invalid" };

/** A key that makes or checks refresh tokens. */
export interface RefreshKey {
  readonly kid: string;
  readonly refreshMac: Mac;
}

export function mintRefreshToken(
  key: RefreshKey,
  handle: string,
  parent: RefreshToken | undefined,
  realm: Realm = "",
): RefreshToken {
  const bytes = Buffer.alloc(SIGNED + HASH);
  const generation = parent === undefined ? 1 : parent.generation + 1;
  let at = bytes.write(key.kid, "base64url");
  at += bytes.write(handle, at, "base64url");
  at = bytes.writeUInt32BE(generation, at);
  at += randomBytes(NONCE).copy(bytes, at);
  (parent === undefined ? NO_PARENT : hashOf(bodyOf(parent.value))).copy(bytes, at);
  macOf(key, bytes, realm).copy(bytes, SIGNED);
  return toRefreshToken(PREFIX + bytes.toString("base64url"), bytes);
}

/**
 * The session handle in a text that looks like a refresh token; undefined for any other text. It is
 * not authenticated.
 */
export function claimedHandle(value: string): string | undefined {
  return hasForm(value) ? bodyOf(value).toString("base64url", KID, KID + HANDLE) : undefined;
}

const hasForm = (value: string): boolean =>
  value.length === LENGTH && value.startsWith(PREFIX) && BODY.test(value.slice(PREFIX.length));

/**
 * Parses and authenticates a token without the store. Any other text is refused in bounded time.
 */
export function parseRefreshToken(
  value: string,
  findKey: (kid: string) => RefreshKey | undefined,
  realm: Realm = "",
): ParsedRefreshToken {
  if (!hasForm(value)) return { kind: "invalid" };
  const bytes = bodyOf(value);
  const key = findKey(bytes.toString("base64url", 0, KID));
  if (key === undefined) return { kind: "unknown-key" };
  if (!timingSafeEqual(macOf(key, bytes, realm), bytes.subarray(SIGNED))) return { kind: "invalid" };
  return { kind: "authentic", token: toRefreshToken(value, bytes) };
}

function macOf(key: RefreshKey, bytes: Buffer, realm: Realm): Buffer {
  const signed = bytes.subarray(0, SIGNED);
  return key.refreshMac.digest(realm === "" ? signed : Buffer.concat([signed, Buffer.from(realm)]));
}

function toRefreshToken(value: string, bytes: Buffer): RefreshToken {
  return {
    value,
    handle: bytes.toString("base64url", KID, KID + HANDLE),
    generation: bytes.readUInt32BE(KID + HANDLE),
    doubleHash: hashOf(hashOf(bytes)).toString("base64url"),
    parentDoubleHash: hashOf(bytes.subarray(SIGNED - HASH, SIGNED)).toString("base64url"),
  };
}

const bodyOf = (value: string): Buffer => Buffer.from(value.slice(PREFIX.length), "base64url");

const hashOf = (bytes: Uint8Array): Buffer => hash("sha256", bytes, "buffer");
