/** Around a real store: a fault, to show that the properties notice it, or a counter. */
import type { SessionStore } from "counterfoil/sqlite";

type Row = NonNullable<Awaited<ReturnType<SessionStore["findSession"]>>>;

/** Forgets who took over: a confirmation is reported as written and is not. */
export function forgetful(store: SessionStore): SessionStore {
  return {
    ...store,
    async commitRefresh(handle, version, write) {
      const row = await store.findSession(handle);
      return write.generation === row?.generation ? store.commitRefresh(handle, version, write) : true;
    },
  };
}

/** No compare in its compare-and-set: the last one to write wins. */
export function lastWriteWins(store: SessionStore): SessionStore {
  return {
    ...store,
    async commitRefresh(handle, _version, write) {
      for (;;) {
        const row = await store.findSession(handle);
        if (row === undefined) return false;
        if (await store.commitRefresh(handle, row.version, write)) return true;
      }
    },
  };
}

/** Writes the whole row that it had read, whether or not it is still there. */
export function resurrecting(store: SessionStore): SessionStore {
  const read = new Map<string, Row>();
  return {
    ...store,
    async findSession(handle) {
      const row = await store.findSession(handle);
      if (row !== undefined) read.set(handle, row);
      return row;
    },
    async commitRefresh(handle, version, write) {
      const row = read.get(handle);
      // Before anything is awaited: no two requests may bring back the same row.
      read.delete(handle);
      if (row === undefined || (await store.findSession(handle)) !== undefined)
        return store.commitRefresh(handle, version, write);
      // Another instance may be bringing it back at the same moment.
      const brought = store.createSession({ ...row, ...write, version: version + 1 }, undefined);
      return brought.then(
        () => true,
        () => false,
      );
    },
  };
}

/** Tells of each lost race. */
export function counting(onLost: () => void): (store: SessionStore) => SessionStore {
  return (store) => ({
    ...store,
    async commitRefresh(handle, version, write) {
      const won = await store.commitRefresh(handle, version, write);
      if (!won) onLost();
      return won;
    },
  });
}
