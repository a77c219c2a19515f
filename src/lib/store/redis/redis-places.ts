/**
 * The hash tag of each place. A cluster deals its 16384 slots to its masters in long runs, so the tags are those whose slots lie evenly apart: place p is
 * in the slots from 64 p to 64 p + 63, and each master has as many places as any other, give or take one. Left to the hash, the fullest of 16 would
 * have half more than its share.
 */

/** All places that a handle can begin with. */
export const PLACES: readonly number[] = Array.from({ length: 256 }, (_, place) => place);

const SLOTS = 16_384;
const SLOTS_OF_PLACE = SLOTS / PLACES.length;

let tags: readonly string[] | undefined;

/** A short number, the smallest whose slot is one of the place's. It names keys, and so can never change. */
export const tagOf = (place: number): string => (tags ??= findTags())[place] ?? "";

function findTags(): readonly string[] {
  const found: string[] = [];
  let missing = PLACES.length;
  for (let number = 0; missing > 0; number += 1) {
    const tag = String(number);
    const place = Math.floor(slotOf(tag) / SLOTS_OF_PLACE);
    if (found[place] !== undefined) continue;
    found[place] = tag;
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
