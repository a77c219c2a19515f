/** The most devices of a user that are remembered. */
export const MOST_DEVICES = 100;

/** What is to do before a further device of a user is remembered. */
export interface DeviceRoom {
  /** Whether no other device is remembered. */
  readonly isFirst: boolean;
  /** The devices that expire until then have to go; undefined: none. */
  readonly removeUntil: number | undefined;
}

/** @param expiries when the user's devices expire, the last first, at most `MOST_DEVICES` */
export function makeRoom(expiries: readonly number[], now: number): DeviceRoom {
  const live = expiries.filter((each) => each > now).length;
  if (live === MOST_DEVICES) return { isFirst: false, removeUntil: expiries.at(-1) };
  return { isFirst: live === 0, removeUntil: live < expiries.length ? now : undefined };
}
