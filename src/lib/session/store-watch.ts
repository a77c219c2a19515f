import { isInProduction, type Notice, warnOfSetup } from "../notices.ts";
import type { SessionStore } from "./session-store.ts";

/**
 * A store that is looked at once a minute, by the one process that has the lease of the sweep: what
 * an operator has changed in the database's settings since the start is told of. Never fails for
 * it.
 */
export function watchStore(store: SessionStore, notify: (notice: Notice) => void): SessionStore {
  let isWarned = false;

  async function look(): Promise<void> {
    const fault = await store.findFault?.();
    if (fault === undefined) return;
    // Sessions are being lost: too much for an event alone.
    if (isInProduction() && !isWarned) warnOfSetup("COUNTERFOIL_EVICTION", fault);
    isWarned = true;
    notify({ code: "COUNTERFOIL_EVICTION", write: () => fault });
  }

  return {
    ...store,
    async takeLease(name, owner, now, until) {
      const isTaken = await store.takeLease(name, owner, now, until);
      // What the database does not tell now it may tell in a minute.
      if (isTaken) await look().catch(() => undefined);
      return isTaken;
    },
  };
}
