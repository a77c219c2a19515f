import { tagOf } from "./redis-shards.ts";

/**
 * Names of all keys. What stands in braces decides the slot of a cluster, so the keys of one shard,
 * as those of the ring, are on one node.
 */

/** The keys of the users of one shard. */
export interface ShardKeys {
  /** HASH, one for each session. */
  readonly row: (handle: string) => string;
  /** ZSET, one for each user: handles by `createdAt`. */
  readonly index: (userKey: string) => string;
  /** ZSET: handles by `expiresAt`. The scripts find the other keys by this one. */
  readonly expiries: string;
  /** ZSET: handles by the time until which they are remembered as replaced. */
  readonly replaced: string;
  /** Two that are used for a moment only. */
  readonly rehearsal: readonly [string, string];
}

export interface RingKeys {
  /** HASH: keys by their sequence. */
  readonly keys: string;
  /** HASH, one for each lease. */
  readonly lease: (name: string) => string;
  /**
   * HASH: the version of what is kept here, and the oldest version that code may know to use it.
   */
  readonly schema: string;
  readonly rehearsal: readonly [string, string];
}

export function shardKeys(prefix: string, shard: number): ShardKeys {
  const base = `${prefix}{${tagOf(shard)}}:`;
  return {
    row: (handle) => `${base}session:${handle}`,
    index: (userKey) => `${base}user:${userKey}`,
    expiries: `${base}expiry`,
    replaced: `${base}replaced`,
    rehearsal: rehearsal(base),
  };
}

export function ringKeys(prefix: string): RingKeys {
  const base = `${prefix}{ring}:`;
  return {
    keys: `${base}keys`,
    lease: (name) => `${base}lease:${name}`,
    schema: `${base}schema`,
    rehearsal: rehearsal(base),
  };
}

const rehearsal = (base: string): readonly [string, string] => [`${base}rehearsal:1`, `${base}rehearsal:2`];
