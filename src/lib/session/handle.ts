import { hash, randomBytes } from "node:crypto";

/**
 * 136 bits: the shard tells something, so it does not count towards the 128 that ASVS 7.2.3 asks
 * for.
 */
const RANDOM = 17;

/** 18 bytes fill 24 characters without a spare bit, so each handle has one spelling. */
const HANDLE = /^[A-Za-z0-9_-]{24}$/;

export const isHandle = (text: string): boolean => HANDLE.test(text);

/** A new session's public name: the shard of its user, and 17 random bytes. */
export function newHandle(userKey: string): string {
  return Buffer.concat([Buffer.of(shardOfUser(userKey)), randomBytes(RANDOM)]).toString("base64url");
}

/**
 * Where the sessions of a user belong, 0 to 255: a database of several nodes keeps those of one
 * shard together, so that calls with only a handle and calls with only the user ask the same node.
 * One byte, because handles are public: a shard is shared by one user in 256, and so says almost
 * nothing about any, while 256 of them spread evenly enough over a cluster. Never to be changed, as
 * handles in stores begin with it.
 */
export function shardOfUser(userKey: string): number {
  return hash("sha256", `counterfoil place ${userKey}`, "buffer").readUInt8(0);
}

/**
 * The shard that a handle begins with; undefined for any text that is no handle, since callers may
 * name a session by whatever they got.
 */
export function shardOfHandle(handle: string): number | undefined {
  return HANDLE.test(handle) ? Buffer.from(handle, "base64url").readUInt8(0) : undefined;
}
