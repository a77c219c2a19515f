import { restartCall } from "../call.ts";
import { generalError, type SessionError } from "../errors.ts";
import type { NewLogEntry } from "../revocation/log-store.ts";
import type { SessionContext } from "./context.ts";
import type { EventHub } from "./events.ts";
import { guardTransaction } from "./guarded-transaction.ts";
import { endedEntries, type Journals } from "./journals.ts";
import { checkKnown } from "./known-options.ts";
import type { SessionStore, TransactionQuery } from "./session-store.ts";

/** Options of `in`. */
export interface TransactionOptions {
  /** Runs a statement on the connection that has the transaction. */
  readonly query: TransactionQuery;
}

/** A transaction of the app, as sessions see it. */
export interface AppTransaction {
  /** Runs one of its operations. */
  readonly run: <T>(work: (context: SessionContext) => Promise<T>) => Promise<T>;
  /** Tells of everything, after the commit. */
  readonly done: () => Promise<void>;
}

/**
 * Joins a transaction that the app has begun. Until `done` nobody is told of anything: neither
 * listeners nor this process's feed, because the app may roll back.
 */
export function joinTransaction(context: SessionContext, options: TransactionOptions): AppTransaction {
  checkKnown(options ?? null, "in", ["query"]);
  if (typeof options.query !== "function")
    throw generalError("ARGUMENT_INVALID", "in has no query; give { query } that runs a statement of the transaction");
  checkOpen(context);

  /** What listeners and this process have to know, in its order. */
  const untold: (() => void)[] = [];
  /**
   * What other processes have to know. A late commit may lie behind their position in the log.
   * These are the very sessions, never a user: an epoch of now would end those that began
   * meanwhile.
   */
  const unlogged: NewLogEntry[] = [];
  let running = 0;
  let isFailed = false;
  let isOver = false;
  let finishing: Promise<void> | undefined;

  const journals: Journals = {
    ...context.journals,
    during: (work, _, audit) => work(context.journals.next(audit)),
    doubt: () => undefined,
    append: async (entry) => void unlogged.push(entry),
    ended(handles) {
      unlogged.push(...endedEntries(handles));
      untold.push(() => context.journals.ended(handles));
    },
    changed(handle, claimsVersion) {
      unlogged.push({ kind: "claims", handle, claimsVersion });
      untold.push(() => context.journals.changed(handle, claimsVersion));
    },
  };
  const emit: EventHub["emit"] = (name, event) => void untold.push(() => context.events.emit(name, event));
  const inner: SessionContext = {
    ...context,
    store: joinStore(context, options.query, () => (isFailed = true)),
    journals,
    events: { ...context.events, emit },
    upkeep: { ...context.upkeep, begin: async () => undefined },
    ready: () => checkOpen(context),
    isInTransaction: true,
  };

  async function finish(): Promise<void> {
    for (const tell of untold.splice(0)) tell();
    await context.calls.run(async () => {
      for (let [entry] = unlogged; entry !== undefined; [entry] = unlogged) {
        await context.journals.append(entry);
        unlogged.shift();
        restartCall();
      }
      await context.upkeep.begin();
    });
  }

  return {
    async run(work) {
      if (isOver) throw misused("done() was called, so its transaction is over; call sessions.in for each transaction");
      if (isFailed) throw misused(FAILED);
      running += 1;
      try {
        return await work(inner);
      } finally {
        running -= 1;
      }
    },

    async done() {
      if (isFailed) throw misused(FAILED);
      if (running > 0) throw misused("done() was called while an operation is running; await it, then commit");
      isOver = true;
      // After a failure the next call continues where this one stopped.
      finishing ??= finish().finally(() => (finishing = undefined));
      return finishing;
    },
  };
}

const FAILED =
  "an operation has failed in this transaction; roll it back, and run it again with another sessions.in. Where a savepoint was rolled back, call sessions.in for each savepoint";

const misused = (detail: string): SessionError => generalError("ARGUMENT_INVALID", detail);

/** Opening the store would take another connection than the app's. */
function checkOpen(context: SessionContext): undefined {
  context.calls.check();
  if (context.isOpen()) return undefined;
  throw generalError(
    "NOT_INITIALISED",
    "the store is not open yet, and cannot be opened within a transaction; await sessions.ready() before it",
  );
}

function joinStore(context: SessionContext, query: TransactionQuery, failed: () => void): SessionStore {
  const { store, observers } = context;
  const joined = store.within?.(query);
  if (joined !== undefined) return guardTransaction(joined, { whole: store, observers, failed });
  throw generalError(
    "STORE_UNSUITABLE",
    "in works with the stores of SQL databases (sqlite, mysql, postgres), which can share a transaction with the app; end sessions after the commit instead",
  );
}
