import { generalError, SessionError } from "../errors.ts";
import type { SessionStore } from "./session-store.ts";

/**
 * A store whose faults, whatever they are, have become `STORE_UNAVAILABLE` with the fault as the cause. Closing it waits for the operations
 * under way, and those that come later fail with `CLOSED`; the store itself may go on serving another instance.
 */
export function guardStore(store: SessionStore): SessionStore {
  const readClock = store.readClock?.bind(store);
  const findFault = store.findFault?.bind(store);
  const running = new Set<Promise<unknown>>();
  let closed = false;

  const guard =
    <A extends unknown[], R>(name: string, operation: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (closed) throw closedError();
      // Called in here, so that what it throws before it returns a promise is a fault like any other.
      const work = (async () => operation(...args))();
      running.add(work);
      try {
        return await work;
      } catch (error) {
        throw toFault(error, `failed to ${name}; sessions are untouched, and it is asked again by the next call`);
      } finally {
        running.delete(work);
      }
    };

  return {
    prepare: guard("open", () => store.prepare()),
    createSession: guard("create a session", (record, limit, replaces) => store.createSession(record, limit, replaces)),
    findSession: guard("find a session", (handle) => store.findSession(handle)),
    commitRefresh: guard("commit a refresh", (handle, version, write) => store.commitRefresh(handle, version, write)),
    replaceClaims: guard("replace claims", (handle, version, claims) => store.replaceClaims(handle, version, claims)),
    replaceData: guard("replace data", (handle, version, data) => store.replaceData(handle, version, data)),
    deleteSession: guard("delete a session", (handle) => store.deleteSession(handle)),
    deleteSessionAtVersion: guard("delete a session", (handle, version) =>
      store.deleteSessionAtVersion(handle, version),
    ),
    deleteSessionsOfUser: guard("delete sessions", (userKey, except, limit) =>
      store.deleteSessionsOfUser(userKey, except, limit),
    ),
    listSessionsOfUser: guard("list sessions", (userKey, now, page) => store.listSessionsOfUser(userKey, now, page)),
    rememberReplaced: guard("remember a replaced session", (handle, until) => store.rememberReplaced(handle, until)),
    rememberOnce: guard("remember what is used once", (once, until) => store.rememberOnce(once, until)),
    wasReplaced: guard("look for a replaced session", (handle, now) => store.wasReplaced(handle, now)),
    deleteExpiredSessions: guard("sweep", (now, limit) => store.deleteExpiredSessions(now, limit)),
    takeLease: guard("take a lease", (name, owner, now, until) => store.takeLease(name, owner, now, until)),
    ...(readClock === undefined ? {} : { readClock: guard("read its clock", readClock) }),
    ...(findFault === undefined ? {} : { findFault: guard("look at its settings", findFault) }),
    listKeys: guard("list keys", () => store.listKeys()),
    insertKey: guard("insert a key", (key) => store.insertKey(key)),
    rewrapKey: guard("rewrap a key", (kid, expected, wrappedSeed) => store.rewrapKey(kid, expected, wrappedSeed)),
    deleteKey: guard("delete a key", (kid) => store.deleteKey(kid)),
    async close() {
      closed = true;
      await Promise.allSettled(running);
      try {
        await store.close();
      } catch (error) {
        throw toFault(error, "failed to close; sessions are untouched, and this instance is closed all the same");
      }
    },
  };
}

const toFault = (error: unknown, fact: string): SessionError =>
  error instanceof SessionError ? error : generalError("STORE_UNAVAILABLE", `the session store ${fact}`, error);

export const closedError = (): SessionError =>
  generalError("CLOSED", "this instance has been closed; make another with init or createSessions");
