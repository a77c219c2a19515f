import { generalError, SessionError } from "../errors.ts";
import type { SessionStore } from "./session-store.ts";

/** A store whose faults, whatever they are, have become `STORE_UNAVAILABLE` with the fault as the cause. */
export function guardStore(store: SessionStore): SessionStore {
  const guard =
    <A extends unknown[], R>(name: string, operation: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      try {
        return await operation.apply(store, args);
      } catch (error) {
        if (error instanceof SessionError) throw error;
        throw generalError(
          "STORE_UNAVAILABLE",
          `the session store failed to ${name}; sessions are untouched, and it is asked again by the next call`,
          error,
        );
      }
    };

  return {
    prepare: guard("open", store.prepare),
    createSession: guard("create a session", store.createSession),
    findSession: guard("find a session", store.findSession),
    commitRefresh: guard("commit a refresh", store.commitRefresh),
    replaceClaims: guard("replace claims", store.replaceClaims),
    replaceData: guard("replace data", store.replaceData),
    deleteSession: guard("delete a session", store.deleteSession),
    deleteSessionAtVersion: guard("delete a session", store.deleteSessionAtVersion),
    deleteSessionsOfUser: guard("delete sessions", store.deleteSessionsOfUser),
    listSessionsOfUser: guard("list sessions", store.listSessionsOfUser),
    deleteExpiredSessions: guard("sweep", store.deleteExpiredSessions),
    listKeys: guard("list keys", store.listKeys),
    insertKey: guard("insert a key", store.insertKey),
    rewrapKey: guard("rewrap a key", store.rewrapKey),
    deleteKey: guard("delete a key", store.deleteKey),
    close: guard("close", store.close),
  };
}
