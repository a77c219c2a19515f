/**
 * The hash tag of each shard. A cluster gives its masters long runs of its 16384 slots, so the tags
 * are chosen at equal distances: shard p has a slot from 64 p to 64 p + 63, and all masters have
 * the same number of shards, plus or minus one. With hashed tags the fullest of 16 masters would
 * have half more than its share.
 */

/** All shards that handles can begin with. */
export const SHARDS: readonly number[] = Array.from({ length: 256 }, (_, shard) => shard);

const SLOTS = 16_384;
const SLOTS_OF_SHARD = SLOTS / SHARDS.length;

let tags: readonly string[] | undefined;

/**
 * The smallest number whose slot belongs to the shard. It is part of key names, so it can never
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

/** The slot of a tag: CRC-16/XMODEM, as Redis Cluster specifies it. */
export function slotOf(tag: string): number {
  let crc = 0;
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ ((crc & 0x8000) === 0 ? 0 : 0x1021)) & 0xffff;
  }
  return crc % SLOTS;
}
