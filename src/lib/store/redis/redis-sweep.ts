import type { ShardKeys } from "./redis-keys.ts";
import { text } from "./redis-rows.ts";
import type { RunScript } from "./redis-runner.ts";
import * as scripts from "./redis-scripts.ts";

/** Removes expired sessions shard by shard, and remembers which shards have none. */
export interface RedisSweep {
  /**
   * Records that a session of the shard expires at this time. Called before the write, so that no
   * sweep misses it.
   */
  readonly note: (shard: number, end: number) => void;
  readonly deleteExpired: (now: number, limit: number) => Promise<number>;
}

/**
 * Shards that each sweep checks in any case, because other processes write, too. 16 sweeps check
 * all shards.
 */
const IN_ANY_CASE = 16;

/** Sessions that one script removes, because other clients wait while a script runs. */
const MOST_AT_ONCE = 500;

export function createRedisSweep(run: RunScript, shards: readonly ShardKeys[]): RedisSweep {
  // The earliest expiry in each shard that this process knows of.
  const earliest = shards.map(() => Number.NEGATIVE_INFINITY);
  let sweeps = 0;
  /** Where the last call stopped, if there was more. */
  let next: number | undefined;

  const note = (shard: number, end: number): void => {
    earliest[shard] = Math.min(earliest[shard] ?? end, end);
  };

  /** Removes some sessions of the shard. @returns how many */
  async function sweepShard(shard: number, now: number, most: number): Promise<number> {
    const keys = shards[shard];
    if (keys === undefined) return 0;
    // Reset first, so that records made during the call stay.
    earliest[shard] = Number.POSITIVE_INFINITY;
    try {
      const reply = await run(scripts.deleteExpired, [keys.expiries, keys.replaced, keys.deviceExpiries], [now, most]);
      const [count, ...ends] = reply as readonly unknown[];
      for (const end of ends) note(shard, Number(text(end)));
      return Number(count);
    } catch (error) {
      note(shard, Number.NEGATIVE_INFINITY);
      throw error;
    }
  }

  return {
    note,
    async deleteExpired(now, limit) {
      const strides = shards.length / IN_ANY_CASE;
      // A call that continues an earlier one need not check the other shards again.
      const isNew = next === undefined;
      if (isNew) sweeps += 1;
      const from = next ?? 0;
      next = undefined;
      const isDue = (shard: number): boolean => (earliest[shard] ?? 0) <= now;
      const order = shards.map((_, index) => (from + index) % shards.length);
      let removed = 0;
      // Another round for concurrent writes: fewer than `limit` must mean that no expired session
      // is left.
      for (let round = 0; round === 0 || order.some(isDue); round += 1) {
        for (const shard of order) {
          const isInAnyCase = isNew && round === 0 && shard % strides === sweeps % strides;
          for (let look = isInAnyCase || isDue(shard); look; look = isDue(shard)) {
            removed += await sweepShard(shard, now, Math.min(limit - removed, MOST_AT_ONCE));
            if (removed < limit) continue;
            next = shard;
            return removed;
          }
        }
      }
      return removed;
    },
  };
}
