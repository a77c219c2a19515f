import { tagOf } from "./redis-shards.ts";

/**
 * The names of all keys. The part in braces determines the slot in a cluster, so the keys of one
 * shard are on one node, and so are those of the key ring.
 */

/** The keys for the users of one shard. */
export interface ShardKeys {
  /** HASH, one for each session. */
  readonly row: (handle: string) => string;
  /** ZSET, one for each user: handles by `createdAt`. */
  readonly index: (userKey: string) => string;
  /** ZSET: handles by `expiresAt`. The scripts find the other keys by this one. */
  readonly expiries: string;
  /** ZSET: handles by the time until which they are remembered as replaced. */
  readonly replaced: string;
  /** ZSET, one for each user: devices by `expiresAt`. */
  readonly devices: (userKey: string) => string;
  /** ZSET: users by the time when the last of their devices expires. */
  readonly deviceExpiries: string;
  /** ZSET: the log of revocations by the time of the server; see `LOG` in redis-scripts.ts. */
  readonly log: string;
  /** ZSET: the audit rows by the time of the server; see `AUDIT` in redis-scripts.ts. */
  readonly audit: string;
  /** Two keys for the test at the start. */
  readonly probeKeys: readonly [string, string];
}

export interface RingKeys {
  /** HASH: keys by their sequence. */
  readonly keys: string;
  /** HASH, one for each lease. */
  readonly lease: (name: string) => string;
  /** HASH: the version of the stored data, and the oldest version of the code that can use it. */
  readonly schema: string;
  /** ZSET: the log entries that concern everybody. Also the channel that wakes readers. */
  readonly log: string;
  /** ZSET: the audit rows that are about no user. */
  readonly audit: string;
  readonly probeKeys: readonly [string, string];
}

export function shardKeys(prefix: string, shard: number): ShardKeys {
  const base = `${prefix}{${tagOf(shard)}}:`;
  return {
    row: (handle) => `${base}session:${handle}`,
    index: (userKey) => `${base}user:${userKey}`,
    expiries: `${base}expiry`,
    replaced: `${base}replaced`,
    devices: (userKey) => `${base}devices:${userKey}`,
    deviceExpiries: `${base}device-expiry`,
    log: `${base}log`,
    audit: `${base}audit`,
    probeKeys: probeKeys(base),
  };
}

export function ringKeys(prefix: string): RingKeys {
  const base = `${prefix}{ring}:`;
  return {
    keys: `${base}keys`,
    lease: (name) => `${base}lease:${name}`,
    schema: `${base}schema`,
    log: `${base}log`,
    audit: `${base}audit`,
    probeKeys: probeKeys(base),
  };
}

const probeKeys = (base: string): readonly [string, string] => [`${base}probe:1`, `${base}probe:2`];
