import { resolve } from "node:path";
import type { SessionStore, StoreTrouble } from "../session/session-store.ts";

export const DEFAULT_FILE = "./counterfoil.db";
/** How long one operation on SQLite waits for the lock, in ms. */
export const SQLITE_PATIENCE = 5000;

export const secretBeside = (path: string): string => `${path}.secret`;

/**
 * The store of an instance that is given none: a SQLite file. `load` is called when it is prepared,
 * so that SQLite is not loaded for nothing.
 */
export function defaultStore(load: (path: string) => Promise<SessionStore>): SessionStore {
  // Of the folder that is the working directory now.
  const path = resolve(DEFAULT_FILE);
  let tell: ((trouble: StoreTrouble) => void) | undefined;
  const early: Pick<SessionStore, "secretFile" | "timeout" | "prepare" | "watch" | "close"> = {
    secretFile: secretBeside(path),
    timeout: SQLITE_PATIENCE,
    async prepare() {
      const store = await load(path);
      store.watch?.((trouble) => tell?.(trouble));
      // It is the other store from now on, so that no operation pays for the detour.
      Object.assign(early, store);
      await store.prepare();
    },
    watch(told) {
      tell = told;
      return () => (tell = undefined);
    },
    async close() {},
  };
  // The rest comes in time: a store is prepared before anything else is asked of it.
  return early as SessionStore;
}
