import type { KeyRecord } from "./key-record.ts";

/** Pending: published, does not sign yet. Active: signs. Retired: only verifies. */
export type KeyState = "pending" | "active" | "retired";

type Timed = Pick<KeyRecord, "activatesAt">;

/**
 * The key that signs at `time`: the newest that has been activated, or else the first.
 *
 * @param keys in the order of their sequence
 */
export const activeKey = <K extends Timed>(keys: readonly K[], time: number): K | undefined =>
  keys.findLast((key) => key.activatesAt <= time) ?? keys[0];

/** The state of each key at `time`, in the order of `keys`. */
export function keyStates(keys: readonly Timed[], time: number): readonly KeyState[] {
  const active = activeKey(keys, time);
  const signs = active === undefined ? -1 : keys.indexOf(active);
  return keys.map((_, index) => (index === signs ? "active" : index < signs ? "retired" : "pending"));
}
