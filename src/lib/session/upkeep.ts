import type { KeyRing } from "../key/key-ring.ts";
import type { SessionStore } from "../store/session-store.ts";
import type { Clock } from "./clock.ts";

const SWEEP_EVERY = 60_000;
const SWEEP_CHUNK = 200;

/** Work that must be done now and then, done by requests that write anyway: no timer runs that nobody asked for. */
export function createUpkeep(store: SessionStore, ring: KeyRing, now: Clock): () => Promise<void> {
  let sweptAt = Number.NEGATIVE_INFINITY;
  return async () => {
    await ring.tend();
    if (now() - sweptAt < SWEEP_EVERY) return;
    sweptAt = now();
    try {
      const removed = await store.deleteExpiredSessions(now(), SWEEP_CHUNK);
      // There is more: the next request goes on instead of waiting a minute.
      if (removed === SWEEP_CHUNK) sweptAt = Number.NEGATIVE_INFINITY;
    } catch {
      // The request at hand has succeeded; expired rows can wait.
    }
  };
}
