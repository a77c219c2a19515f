import { randomBytes } from "node:crypto";
import type { KeyRing } from "../key/key-ring.ts";
import type { SessionStore } from "../store/session-store.ts";
import type { Clocks } from "./clocks.ts";

const SWEEP_EVERY = 60_000;
/** So few that their removal holds up nobody for longer than 25 ms, on SQLite neither, which writes one row after another to the disk. */
const SWEEP_CHUNK = 50;

/** Work that must be done now and then, done by requests that write anyway: no timer runs that nobody asked for. */
export function createUpkeep(store: SessionStore, ring: KeyRing, { now, earlier }: Clocks): () => Promise<void> {
  const owner = randomBytes(9).toString("base64url");
  let due = Number.NEGATIVE_INFINITY;
  let leasedUntil = Number.NEGATIVE_INFINITY;
  return async () => {
    await ring.tend();
    const time = now();
    if (time < due) return;
    due = time + SWEEP_EVERY;
    try {
      // One process sweeps, and the others leave it to it: many that delete the same rows would only wait for each other.
      if (time >= leasedUntil) {
        const begin = earlier();
        if (!(await store.takeLease("sweep", owner, begin, begin + SWEEP_EVERY))) return;
        leasedUntil = due;
      }
      const removed = await store.deleteExpiredSessions(earlier(), SWEEP_CHUNK);
      // There is more: the next request goes on instead of waiting a minute.
      if (removed === SWEEP_CHUNK) due = time;
    } catch {
      // The request at hand has succeeded; expired rows can wait.
    }
  };
}
