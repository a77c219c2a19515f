import { currentCall } from "../call.ts";
import { type CodeOf, generalError, isErrorFromAuth, type SessionError } from "../errors.ts";
import { withoutData } from "./driver-error.ts";
import type { Journal } from "../revocation/log-store.ts";
import type { SessionStore } from "./session-store.ts";
import {
  createStoreObservers,
  type StoreObservers,
  type StoreOperation,
  type StoreOperations,
} from "./store-observers.ts";
import {
  DriverFailure,
  factOf,
  isPartly,
  isUnknown,
  isUntouched,
  markUnknown,
  markUntouched,
  storeError,
} from "./store-error.ts";

export { isUnknown };

/**
 * Wraps a store. Its errors become `STORE_UNAVAILABLE` with the original as the cause, and say
 * whether the operation may have been done. No operation begins after the deadline of its call.
 *
 * `close` waits for running operations, and later ones fail with `CLOSED`. The store itself may
 * still serve another instance.
 */
export function guardStore(store: SessionStore, observers: StoreObservers = createStoreObservers()): SessionStore {
  const running = new Set<unknown>();
  let closed = false;

  const guard =
    <N extends StoreOperation>(kind: "read" | "write", does: string, name: N) =>
    async (...args: Parameters<StoreOperations[N]>): Promise<Result<N>> => {
      if (closed) throw closedError();
      const failing = { kind, name: does };
      if (isTooLate()) throw toStoreError(noTimeLeft(), failing);
      const operate = store[name] as StoreOperations[N];
      let work: unknown;
      try {
        work = observers.isObserved() ? observe(name, operate, args, failing) : Reflect.apply(operate, store, args);
        running.add(work);
        return (await work) as Result<N>;
      } catch (error) {
        throw toStoreError(error, failing);
      } finally {
        running.delete(work);
      }
    };

  /** Observers get the error that the caller gets, which has a code and no data of the driver. */
  const observe = (name: StoreOperation, operate: Operate, args: readonly unknown[], failing: Failing): unknown =>
    observers.run(name, async () => {
      try {
        return (await Reflect.apply(operate, store, args)) as unknown;
      } catch (error) {
        throw toStoreError(error, failing);
      }
    });

  return {
    timeout: store.timeout,
    // It changes no session.
    prepare: guard("read", "open", "prepare"),
    createSession: guard("write", "create a session", "createSession"),
    findSession: guard("read", "find a session", "findSession"),
    commitRefresh: guard("write", "commit a refresh", "commitRefresh"),
    replaceClaims: guard("write", "replace claims", "replaceClaims"),
    replaceData: guard("write", "replace data", "replaceData"),
    replaceSignIn: guard("write", "replace a sign-in", "replaceSignIn"),
    replaceLabel: guard("write", "replace a label", "replaceLabel"),
    deleteSession: guard("write", "delete a session", "deleteSession"),
    deleteSessionAtVersion: guard("write", "delete a session", "deleteSessionAtVersion"),
    deleteSessionsOfUser: guard("write", "delete sessions", "deleteSessionsOfUser"),
    listSessionsOfUser: guard("read", "list sessions", "listSessionsOfUser"),
    rememberReplaced: guard("write", "remember a replaced session", "rememberReplaced"),
    rememberOnce: guard("write", "remember what is used once", "rememberOnce"),
    rememberDevice: guard("write", "remember a device", "rememberDevice"),
    forgetDevices: guard("write", "forget devices", "forgetDevices"),
    appendAudit: guard("write", "write the audit table", "appendAudit"),
    readAudit: guard("read", "read the audit table", "readAudit"),
    deleteOldAudit: guard("write", "remove old audit rows", "deleteOldAudit"),
    forgetAudit: guard("write", "forget audit rows", "forgetAudit"),
    ...(store.findAuditFault === undefined
      ? {}
      : { findAuditFault: guard("read", "look at the audit table", "findAuditFault") }),
    wasReplaced: guard("read", "look for a replaced session", "wasReplaced"),
    deleteExpiredSessions: guard("write", "sweep", "deleteExpiredSessions"),
    appendLog: guard("write", "write the log of revocations", "appendLog"),
    readLog: guard("read", "read the log of revocations", "readLog"),
    ...(store.announceLog === undefined ? {} : { announceLog: guard("write", "announce a revocation", "announceLog") }),
    // The default store has it only when it is prepared.
    within: (query) => store.within?.(query),
    // These do not ask, or last as long as the instance.
    ...(store.isProvisional === undefined
      ? {}
      : { isProvisional: (journal: Journal) => store.isProvisional?.(journal) === true }),
    ...(store.logFault === undefined ? {} : { logFault: () => store.logFault?.() }),
    ...(store.watchLog === undefined
      ? {}
      : { watchLog: (...given: Parameters<NonNullable<SessionStore["watchLog"]>>) => watchLog(store, given) }),
    takeLease: guard("write", "take a lease", "takeLease"),
    ...(store.readClock === undefined ? {} : { readClock: guard("read", "read its clock", "readClock") }),
    ...(store.findFault === undefined ? {} : { findFault: guard("read", "look at its settings", "findFault") }),
    listKeys: guard("read", "list keys", "listKeys"),
    insertKey: guard("write", "insert a key", "insertKey"),
    rewrapKey: guard("write", "rewrap a key", "rewrapKey"),
    deleteKey: guard("write", "delete a key", "deleteKey"),
    async close() {
      closed = true;
      await Promise.allSettled(running);
      try {
        await store.close();
      } catch (error) {
        if (isErrorFromAuth(error)) throw withHarmlessCause(error);
        throw generalError(
          "STORE_UNAVAILABLE",
          "the session store failed to close; sessions are untouched, and this instance is closed all the same",
          withoutData(error),
        );
      }
    },
  };
}

type Operate = StoreOperations[StoreOperation];
type Result<N extends StoreOperation> = Awaited<ReturnType<StoreOperations[N]>>;
async function watchLog(
  store: SessionStore,
  given: Parameters<NonNullable<SessionStore["watchLog"]>>,
): Promise<() => Promise<void>> {
  try {
    return (await store.watchLog?.(...given)) ?? (async () => undefined);
  } catch (error) {
    throw toStoreError(error, { kind: "read", name: "watch the log of revocations" });
  }
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
  markUntouched(storeError("the database has taken all the time that a call may take"));

/** All errors of failed operations are made here. */
function toStoreError(error: unknown, { kind, name }: Failing): SessionError {
  const fact = isErrorFromAuth(error) ? factOf(error) : `the session store failed to ${name}`;
  // Errors that do not come from the database are complete already.
  if (fact === undefined) return withHarmlessCause(error as SessionError);
  const isSure = kind === "read" || isUntouched(error);
  const outcome = isPartly(error) && isSure ? PARTLY : isSure ? UNTOUCHED : UNKNOWN;
  const cause = withoutData(isErrorFromAuth(error) || error instanceof DriverFailure ? error.cause : error);
  const reported = withOutcome(
    fact,
    outcome,
    isErrorFromAuth(error) ? (error.code as CodeOf<"GENERAL_ERROR">) : "STORE_UNAVAILABLE",
    cause,
  );
  return outcome === UNTOUCHED ? reported : markUnknown(reported);
}

const UNTOUCHED = "sessions are untouched, and it is asked again by the next call";
const UNKNOWN = "it is not known whether it was done; look again before you rely on either";
const PARTLY = "what was done of it before stays done, and the same call made again does the rest";

/** The text of reported errors, without the outcome. */
const reportedFacts = new WeakMap<object, string>();

function withOutcome(fact: string, outcome: string, code: CodeOf<"GENERAL_ERROR">, cause: unknown): SessionError {
  const reported = generalError(code, `${fact}; ${outcome}`, cause);
  reportedFacts.set(reported, fact);
  return reported;
}

/** Marks an error of a guarded store: an earlier operation of the same call had succeeded. */
export function asPartlyDone(error: unknown): unknown {
  if (!isErrorFromAuth(error) || isUnknown(error)) return error;
  const fact = reportedFacts.get(error);
  return fact === undefined ? error : withOutcome(fact, PARTLY, error.code as CodeOf<"GENERAL_ERROR">, error.cause);
}

/** Changes the error in place, because callers may compare its identity. */
function withHarmlessCause(error: SessionError): SessionError {
  if (error.cause !== undefined) error.cause = withoutData(error.cause);
  return error;
}

export const closedError = (): SessionError =>
  generalError("CLOSED", "this instance has been closed; make another with init or createSessions");
