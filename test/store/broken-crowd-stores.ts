/** Stores that fail a user with very many sessions. */
import type { RefreshWrite } from "../../src/lib/session/session-store.ts";
import { ALL } from "../../src/lib/testing/store/clause.ts";
import { broken, type BrokenStore } from "./broken-stores.ts";

export const brokenCrowdStores: readonly BrokenStore[] = [
  broken("an exact limit ends 100 sessions at most", "limit-10", (inner) => ({
    createSession: (row, limit, replaces) =>
      inner.createSession(
        row,
        limit?.onLimit === "end-oldest" ? { max: limit.max, onLimit: "trim", atOnce: 100 } : limit,
        replaces,
      ),
  })),
  broken("what was refreshed since the end of all began is spared", "user-6", (inner) => {
    const refreshed = new Set<string>();
    return {
      commitRefresh(handle, version, write: RefreshWrite) {
        refreshed.add(handle);
        return inner.commitRefresh(handle, version, write);
      },
      async deleteSessionsOfUser(userKey, except, limit) {
        const all = (await inner.listSessionsOfUser(userKey, 0, ALL)).map(({ handle }) => handle);
        if (!all.some((handle) => refreshed.has(handle))) return inner.deleteSessionsOfUser(userKey, except, limit);
        const chosen = all.filter((handle) => handle !== except && !refreshed.has(handle)).slice(0, limit);
        for (const handle of chosen) await inner.deleteSession(handle);
        return chosen;
      },
    };
  }),
];
