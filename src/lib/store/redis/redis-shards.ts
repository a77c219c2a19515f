/**
 * The hash tag of each shard. A cluster deals its 16384 slots to its masters in long runs, so the
 * tags are those whose slots lie evenly apart: shard p is in the slots from 64 p to 64 p + 63, and
 * each master has as many shards as any other, give or take one. Left to the hash, the fullest of
 * 16 would have half more than its share.
 */

/** All shards that a handle can begin with. */
export const SHARDS: readonly number[] = Array.from({ length: 256 }, (_, shard) => shard);

const SLOTS = 16_384;
const SLOTS_OF_SHARD = SLOTS / SHARDS.length;

let tags: readonly string[] | undefined;

/**
 * A short number, the smallest whose slot is one of the shard's. It names keys, and so can never
 * change.
 */
export const tagOf = (shard: number): string => (tags ??= findTags())[shard] ?? "";

function findTags(): readonly string[] {
  const found: string[] = [];
  let missing = SHARDS.length;
  for (let number = 0; missing > 0; number += 1) {
    const tag = String(number);
    const shard = Math.floor(slotOf(tag) / SLOTS_OF_SHARD);
    if (found[shard] !== undefined) continue;
    found[shard] = tag;
    missing -= 1;
  }
  return found;
}

/** CRC-16/XMODEM, as the specification of Redis Cluster says, of what stands between the braces. */
export function slotOf(tag: string): number {
  let crc = 0;
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ ((crc & 0x8000) === 0 ? 0 : 0x1021)) & 0xffff;
  }
  return crc % SLOTS;
}
