import { resolve } from "node:path";
import type { SessionStore, StoreTrouble } from "../session/session-store.ts";

export const DEFAULT_FILE = "./counterfoil.db";
/** How long one operation on SQLite waits for the lock, in ms. */
export const SQLITE_PATIENCE = 5000;

export const secretBeside = (path: string): string => `${path}.secret`;

/**
 * The default store of an instance: a SQLite file. `load` is called when it is prepared, so that
 * SQLite is loaded only if necessary.
 */
export function defaultStore(load: (path: string) => Promise<SessionStore>): SessionStore {
  // Relative to the working directory at this moment.
  const path = resolve(DEFAULT_FILE);
  let tell: ((trouble: StoreTrouble) => void) | undefined;
  const early: Pick<SessionStore, "kind" | "secretFile" | "timeout" | "prepare" | "watch" | "close"> = {
    kind: "SQLite",
    secretFile: secretBeside(path),
    timeout: SQLITE_PATIENCE,
    async prepare() {
      const store = await load(path);
      store.watch?.((trouble) => tell?.(trouble));
      // From now on its methods are those of the loaded store, so operations pay nothing for the
      // indirection.
      Object.assign(early, store);
      await store.prepare();
    },
    watch(told) {
      tell = told;
      return () => (tell = undefined);
    },
    async close() {},
  };
  // The other methods exist in time, because a store is prepared first.
  return early as SessionStore;
}
