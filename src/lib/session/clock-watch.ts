import type { Policy } from "../config/policy.ts";
import type { Clock } from "./clock.ts";
import type { Refusals } from "./refusals.ts";

/**
 * Compares this process's clock with the database's, whenever that comes along with a row.
 *
 * @param asked when the row was asked for, by this process's clock: until now it has been on its
 * way
 */
export type ClockWatch = (asked: number, storeTime: number | undefined) => void;

/** A clock that the app has given may go as it likes. */
export function createClockWatch({ accessToken, rotation }: Policy, now: Clock, { tell }: Refusals): ClockWatch {
  if (rotation.clock !== "store") return () => undefined;
  const most = accessToken.validity / 3;
  return (asked, storeTime) => {
    if (storeTime === undefined) return;
    const behind = storeTime - now();
    const ahead = asked - storeTime;
    if (behind <= most && ahead <= most) return;
    const [distance, direction] = behind > most ? [behind, "behind"] : [ahead, "ahead of"];
    tell({
      code: "COUNTERFOIL_CLOCK",
      about: direction,
      write: () =>
        `The clock of this process is ${Math.round(distance / 1000)} s ${direction} the database's, and an access token lives for ${accessToken.validity / 1000} s: ` +
        "other processes take tokens that it signs for expired, or for too long. Set the clock of this machine, and keep it right (NTP).",
    });
  };
}
