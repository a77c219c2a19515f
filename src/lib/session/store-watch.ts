import { isInProduction, type Notice, warnOfSetup } from "../notices.ts";
import type { SessionStore } from "./session-store.ts";

/**
 * Checks a store once a minute, in the process that has the lease of the sweep, and reports
 * settings that an operator has changed since the start. The wrapped store never fails because of
 * it.
 */
export function watchStore(store: SessionStore, notify: (notice: Notice) => void): SessionStore {
  let isWarned = false;

  async function look(): Promise<void> {
    const fault = await store.findFault?.();
    if (fault === undefined) return;
    // Sessions are being lost, so an event alone is not enough.
    if (isInProduction() && !isWarned) warnOfSetup("COUNTERFOIL_EVICTION", fault);
    isWarned = true;
    notify({ code: "COUNTERFOIL_EVICTION", write: () => fault });
  }

  return {
    ...store,
    async takeLease(name, owner, now, until) {
      const isTaken = await store.takeLease(name, owner, now, until);
      // A failed check is repeated after a minute.
      if (isTaken) await look().catch(() => undefined);
      return isTaken;
    },
  };
}
