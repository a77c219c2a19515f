import { hash, randomBytes } from "node:crypto";

/**
 * 136 bits. The shard is derived from the user, so it does not count towards the 128 bits of ASVS
 * 7.2.3.
 */
const RANDOM = 17;

/** 18 bytes fill 24 characters without a spare bit, so each handle has one spelling. */
const HANDLE = /^[A-Za-z0-9_-]{24}$/;

export const isHandle = (text: string): boolean => HANDLE.test(text);

/** Makes a session handle: the shard of the user and 17 random bytes. */
export function newHandle(userKey: string): string {
  return Buffer.concat([Buffer.of(shardOfUser(userKey)), randomBytes(RANDOM)]).toString("base64url");
}

/**
 * The shard of a user's sessions, 0 to 255. A cluster keeps a shard on one node, so calls with a
 * handle and calls with a user ask the same node.
 *
 * One byte, because handles are public: one user in 256 has the same shard, so it reveals almost
 * nothing, and 256 shards spread evenly over a cluster. It must never change, because stored
 * handles begin with it.
 */
export function shardOfUser(userKey: string): number {
  return hash("sha256", `counterfoil place ${userKey}`, "buffer").readUInt8(0);
}

/** The shard of a handle; undefined for any other text, because callers may pass anything. */
export function shardOfHandle(handle: string): number | undefined {
  return HANDLE.test(handle) ? Buffer.from(handle, "base64url").readUInt8(0) : undefined;
}
