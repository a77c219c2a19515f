import { currentCall } from "../call.ts";
import { type CodeOf, generalError, SessionError } from "../errors.ts";
import { withoutData } from "./driver-error.ts";
import type { SessionStore } from "./session-store.ts";
import {
  DriverFailure,
  factOf,
  isPartly,
  isUnknown,
  isUntouched,
  markUnknown,
  markUntouched,
  storeFault,
} from "./store-fault.ts";

export { isUnknown };

/**
 * A store whose faults, whatever they are, have become `STORE_UNAVAILABLE` with the fault as the
 * cause, and say whether it may have been done all the same. No operation begins when the time of
 * its call is over. Closing it waits for the operations under way, and those that come later fail
 * with `CLOSED`; the store itself may go on serving another instance.
 */
export function guardStore(store: SessionStore): SessionStore {
  const readClock = store.readClock?.bind(store);
  const findFault = store.findFault?.bind(store);
  const running = new Set<Promise<unknown>>();
  let closed = false;

  const guard =
    <A extends unknown[], R>(kind: "read" | "write", name: string, operation: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (closed) throw closedError();
      const failing = { kind, name };
      if (isTooLate()) throw toFault(noTimeLeft(), failing);
      // Called in here, so that what it throws before it returns a promise is a fault like any other.
      const work = (async () => operation(...args))();
      running.add(work);
      try {
        return await work;
      } catch (error) {
        throw toFault(error, failing);
      } finally {
        running.delete(work);
      }
    };

  return {
    timeout: store.timeout,
    // It changes no session.
    prepare: guard("read", "open", () => store.prepare()),
    createSession: guard("write", "create a session", (record, limit, replaces) =>
      store.createSession(record, limit, replaces),
    ),
    findSession: guard("read", "find a session", (handle) => store.findSession(handle)),
    commitRefresh: guard("write", "commit a refresh", (handle, version, write) =>
      store.commitRefresh(handle, version, write),
    ),
    replaceClaims: guard("write", "replace claims", (handle, version, claims) =>
      store.replaceClaims(handle, version, claims),
    ),
    replaceData: guard("write", "replace data", (handle, version, data) => store.replaceData(handle, version, data)),
    deleteSession: guard("write", "delete a session", (handle) => store.deleteSession(handle)),
    deleteSessionAtVersion: guard("write", "delete a session", (handle, version) =>
      store.deleteSessionAtVersion(handle, version),
    ),
    deleteSessionsOfUser: guard("write", "delete sessions", (userKey, except, limit) =>
      store.deleteSessionsOfUser(userKey, except, limit),
    ),
    listSessionsOfUser: guard("read", "list sessions", (userKey, now, page) =>
      store.listSessionsOfUser(userKey, now, page),
    ),
    rememberReplaced: guard("write", "remember a replaced session", (handle, until) =>
      store.rememberReplaced(handle, until),
    ),
    rememberOnce: guard("write", "remember what is used once", (once, until) => store.rememberOnce(once, until)),
    wasReplaced: guard("read", "look for a replaced session", (handle, now) => store.wasReplaced(handle, now)),
    deleteExpiredSessions: guard("write", "sweep", (now, limit) => store.deleteExpiredSessions(now, limit)),
    takeLease: guard("write", "take a lease", (name, owner, now, until) => store.takeLease(name, owner, now, until)),
    ...(readClock === undefined ? {} : { readClock: guard("read", "read its clock", readClock) }),
    ...(findFault === undefined ? {} : { findFault: guard("read", "look at its settings", findFault) }),
    listKeys: guard("read", "list keys", () => store.listKeys()),
    insertKey: guard("write", "insert a key", (key) => store.insertKey(key)),
    rewrapKey: guard("write", "rewrap a key", (kid, expected, wrappedSeed) =>
      store.rewrapKey(kid, expected, wrappedSeed),
    ),
    deleteKey: guard("write", "delete a key", (kid) => store.deleteKey(kid)),
    async close() {
      closed = true;
      await Promise.allSettled(running);
      try {
        await store.close();
      } catch (error) {
        if (error instanceof SessionError) throw withHarmlessCause(error);
        throw generalError(
          "STORE_UNAVAILABLE",
          "the session store failed to close; sessions are untouched, and this instance is closed all the same",
          withoutData(error),
        );
      }
    },
  };
}

interface Failing {
  readonly kind: "read" | "write";
  readonly name: string;
}

function isTooLate(): boolean {
  const call = currentCall();
  return call !== undefined && performance.now() >= call.deadline;
}

const noTimeLeft = (): SessionError =>
  markUntouched(storeFault("the database has taken all the time that a call may take"));

/** The one place that says what has become of an operation that failed. */
function toFault(error: unknown, { kind, name }: Failing): SessionError {
  const fact = error instanceof SessionError ? factOf(error) : `the session store failed to ${name}`;
  // What is no fault of the database says all that there is to say.
  if (fact === undefined) return withHarmlessCause(error as SessionError);
  const isSure = kind === "read" || isUntouched(error);
  const outcome = isPartly(error) && isSure ? PARTLY : isSure ? UNTOUCHED : UNKNOWN;
  const cause = withoutData(error instanceof SessionError || error instanceof DriverFailure ? error.cause : error);
  const told = tell(
    fact,
    outcome,
    error instanceof SessionError ? (error.code as CodeOf<"GENERAL_ERROR">) : "STORE_UNAVAILABLE",
    cause,
  );
  return outcome === UNTOUCHED ? told : markUnknown(told);
}

const UNTOUCHED = "sessions are untouched, and it is asked again by the next call";
const UNKNOWN = "it is not known whether it was done; look again before you rely on either";
const PARTLY = "what was done of it before stays done, and the same call made again does the rest";

/** What errors have told, without the outcome. */
const toldFacts = new WeakMap<object, string>();

function tell(fact: string, outcome: string, code: CodeOf<"GENERAL_ERROR">, cause: unknown): SessionError {
  const told = generalError(code, `${fact}; ${outcome}`, cause);
  toldFacts.set(told, fact);
  return told;
}

/**
 * Of an error of a guarded store: an operation that belongs to the same call had succeeded before.
 */
export function tellPartlyDone(error: unknown): unknown {
  if (!(error instanceof SessionError) || isUnknown(error)) return error;
  const fact = toldFacts.get(error);
  return fact === undefined ? error : tell(fact, PARTLY, error.code as CodeOf<"GENERAL_ERROR">, error.cause);
}

/** The same error, which others may know by its identity. */
function withHarmlessCause(error: SessionError): SessionError {
  if (error.cause !== undefined) error.cause = withoutData(error.cause);
  return error;
}

export const closedError = (): SessionError =>
  generalError("CLOSED", "this instance has been closed; make another with init or createSessions");
