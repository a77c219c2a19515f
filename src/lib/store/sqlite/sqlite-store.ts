import { setImmediate as giveWay } from "node:timers/promises";
import type { KeyRecord } from "../../key/key-record.ts";
import type { SessionRecord, SessionSummary } from "../../session/record.ts";
import { asStep } from "../../session/store-error.ts";
import type { SessionStore } from "../../session/session-store.ts";
import {
  buildStatements,
  keyValues,
  listValues,
  refreshValues,
  sessionValues,
  type FixedStatement,
} from "../sql/sql-statements.ts";
import type { Journal, LogPage } from "../../revocation/log-store.ts";
import { createSqlEndings, type Ending } from "../sql/sql-endings.ts";
import { appendValues, auditQueryValues, auditValues, readAuditRow, readPage } from "../sql/sql-journal.ts";
import { rememberDevice, signInOnce } from "../sql/sql-sign-in.ts";
import { createTransactionStore } from "../sql/sql-transaction.ts";
import { createSqliteConnection, type SqliteConnectionOptions } from "./sqlite-connection.ts";
import { diagnoseFile } from "./sqlite-errors.ts";
import type { Lending } from "../store-access.ts";
import { SQLITE_PATIENCE } from "../default-store.ts";
import { inOwnTransaction, inTransaction, readCommitted, type SqliteDatabase } from "./sqlite-driver.ts";

export interface SqliteStoreOptions extends SqliteConnectionOptions {
  readonly secretFile: SessionStore["secretFile"];
}

type Name = Exclude<FixedStatement, "readClock">;

/**
 * Sessions in a SQLite file. Every operation is one statement, or one transaction that has the
 * write lock from its start.
 */
export function createSqliteStore(options: SqliteStoreOptions): SessionStore {
  const { prefix, secretFile } = options;
  // The first ones have a number in their text. The last one locks rows, which the file lock covers
  // here.
  const all = buildStatements("sqlite", prefix);
  const {
    deleteExpired,
    deleteOfUser: _________,
    listOfUser,
    oldestOfUser: __________,
    surplusOfUser: ___________,
    sweepDevices,
    forgetAudit,
    deleteOldAudit,
    ...others
  } = all;
  const { lockHandlesOfUser: _, signIn: __, auditOfUser: ___, journal: log, changes: ____, ...unlocked } = others;
  const { deleteHandles: _____, lockHandles: ______, readClock: _______, lastToSweep: ________, ...fixed } = unlocked;
  const endings = createSqlEndings(all, { isOneStatement: false, isLogged: true, namesRemoved: "yes" });
  // The lock of the file serializes sign-ins.
  const signInSteps = { all, endings, chunks: [MOST_AT_ONCE], isSerial: true, isJoined: false };
  const connection = createSqliteConnection<Name>(options, fixed);
  const withStatements = connection.run;

  /** Ids of operations that became part of a transaction of the app, until they are asked for. */
  const joined = new Set<string>();
  const noteJoined = (journal: Journal | undefined): void => void (journal !== undefined && joined.add(journal.id));

  /** Takes the steps of an ending in one transaction. */
  const end = <T>(journal: Journal | undefined, steps: () => Ending<T>): Promise<T> =>
    withStatements((_statements, database) =>
      inTransaction(
        database,
        () => takeSteps(database, steps()),
        () => noteJoined(journal),
      ),
    );

  const changed = (result: { readonly changes: number | bigint }): boolean => Number(result.changes) > 0;

  const store: SessionStore & Lending = {
    kind: "SQLite",
    secretFile,
    timeout: SQLITE_PATIENCE,

    prepare: connection.prepare,

    async createSession(record, limit, replaces, journal) {
      if (limit === undefined && replaces === undefined && journal?.begun.audit === undefined) {
        await withStatements((statements) => statements.insert.run(...sessionValues(record)));
        return { created: true, ended: [], replaced: false };
      }
      const ended: string[] = [];
      for (;;) {
        const once = end(journal?.ended, () => signInOnce(signInSteps, { record, replaces, journal }, limit));
        const { isDone, ...outcome } = await asStep(ended.length === 0, once);
        ended.push(...outcome.ended);
        if (isDone) return { ...outcome, ended };
        // SQLite blocks this process while it works.
        await giveWay();
      }
    },

    findSession: (handle) => withStatements(({ find }) => (find.get(handle) ?? undefined) as SessionRecord | undefined),

    commitRefresh: (handle, version, write) =>
      withStatements(({ commitRefresh }) => changed(commitRefresh.run(...refreshValues(write), handle, version))),

    replaceClaims: (handle, version, claims, journal) =>
      end(journal, () => endings.replaceClaims({ handle, version, claims }, journal)),

    replaceData: (handle, version, data) =>
      withStatements(({ replaceData }) => changed(replaceData.run(data, handle, version))),

    replaceLabel: (handle, version, label) =>
      withStatements(({ replaceLabel }) => changed(replaceLabel.run(label, handle, version))),

    replaceSignIn: (handle, version, { authTime, amr }) =>
      withStatements(({ replaceSignIn }) => changed(replaceSignIn.run(authTime, amr, handle, version))),

    deleteSession: (handle, journal) => end(journal, () => endings.endOne({ handle }, journal)),

    deleteSessionAtVersion: (handle, version, journal) =>
      end(journal, () => endings.endOne({ handle, version }, journal)),

    deleteSessionsOfUser: (userKey, except = "", limit, journal) =>
      end(journal, () => endings.endOfUser({ userKey, except, limit }, journal)),

    appendLog: (entry, written) =>
      withStatements((_statements, database) => {
        database.prepare(log.append.text).run(...appendValues(entry, written));
      }),

    within: (query) =>
      createTransactionStore({
        all,
        endings,
        dialect: "sqlite",
        toParameter: (value) => value,
        diagnose: diagnoseFile,
        query,
      }),

    async watchLog(wake) {
      const version = (): Promise<unknown> =>
        withStatements((_statements, database) =>
          Object.values(database.prepare("PRAGMA data_version").get() as object).at(0),
        );
      let seen = await version();
      let isLooking = false;
      async function look(): Promise<void> {
        const now = await version().catch(() => seen);
        if (now !== seen) wake();
        seen = now;
      }
      // It changes with each commit of another connection.
      const timer = setInterval(() => {
        if (isLooking) return;
        isLooking = true;
        void look().finally(() => (isLooking = false));
      }, LOOK_EVERY).unref();
      return async () => clearInterval(timer);
    },

    readLog: (since, limit) =>
      withStatements((_statements, database) => {
        const read = (): LogPage => {
          const rows = database.prepare(log.read(limit).text).all(since) as object[];
          return readPage(rows.map(Object.values), "sqlite");
        };
        // No transaction of the app is on a connection of our own.
        return options.isOwn ? read() : readCommitted(database, read);
      }),

    isProvisional: ({ id }) => joined.delete(id),

    listSessionsOfUser: (userKey, now, { limit, after }) =>
      withStatements((_statements, database) => {
        const rows = database.prepare(listOfUser(limit).text).all(...listValues(userKey, now, after));
        return rows as SessionSummary[];
      }),

    rememberReplaced: (handle, until) =>
      withStatements(({ rememberReplaced }) => void rememberReplaced.run(handle, until)),

    rememberOnce: (once, until) => withStatements(({ rememberOnce }) => changed(rememberOnce.run(once, until))),

    rememberDevice: (userKey, device, now, until) =>
      end(undefined, () => rememberDevice(all, { userKey, device, now, until, attempts: 1 })),

    forgetDevices: (userKey) => withStatements(({ forgetDevices }) => Number(forgetDevices.run(userKey).changes)),

    appendAudit: (row, id) =>
      withStatements((_statements, database) => {
        database.prepare(log.auditRow.text).run(...auditValues(row, id));
      }),

    readAudit: (query) =>
      withStatements((_statements, database) => {
        const read = query.userKey === undefined ? log.readAudit : log.readAuditOfUser;
        const rows = database.prepare(read(query.limit).text).all(...auditQueryValues(query)) as object[];
        return rows.map((row) => readAuditRow(Object.values(row)));
      }),

    deleteOldAudit: (age, limit) =>
      withStatements((_statements, database) => Number(database.prepare(deleteOldAudit(limit).text).run(age).changes)),

    forgetAudit: (userKey, limit) =>
      withStatements((_statements, database) => Number(database.prepare(forgetAudit(limit).text).run(userKey).changes)),

    wasReplaced: (handle, now) => withStatements(({ wasReplaced }) => wasReplaced.all(handle, now).length > 0),

    deleteExpiredSessions: (now, limit) =>
      withStatements(({ forgetReplaced }, database) => {
        const removed = Number(database.prepare(deleteExpired(limit).text).run(0, now).changes);
        if (removed < limit) {
          forgetReplaced.run(now);
          database.prepare(sweepDevices(MOST_AT_ONCE).text).run(now);
          database.prepare(log.forget.text).run();
        }
        return removed;
      }),

    takeLease: (name, owner, now, until) =>
      withStatements(({ takeLease }) => changed(takeLease.run(owner, until, name, owner, now))),

    async listKeys() {
      // Each process asks once a minute.
      await connection.look();
      return withStatements(({ listKeys }) => listKeys.all() as KeyRecord[]);
    },

    insertKey: (key) =>
      withStatements(({ insertKey }, database) =>
        inOwnTransaction(database, () => changed(insertKey.run(...keyValues(key)))),
      ),

    rewrapKey: (kid, expected, wrappedSeed) =>
      withStatements(({ rewrapKey }) => changed(rewrapKey.run(wrappedSeed, kid, expected))),

    deleteKey: (kid) => withStatements(({ deleteKey }) => void deleteKey.run(kid)),

    watch: connection.watch,

    close: connection.close,
    access: { kind: "sqlite", path: options.isOwn ? options.path : undefined, prefix },
  };
  return store;
}

/** How often another connection's changes are looked for, in ms. */
const LOOK_EVERY = 50;

/** Takes each step with the answer of the one before. */
function takeSteps<T>(database: SqliteDatabase, steps: Ending<T>): T {
  for (let next = steps.next(); ;) {
    if (next.done === true) return next.value;
    const { statement, values, hasRows } = next.value;
    const prepared = database.prepare(statement.text);
    if (hasRows) {
      const rows = (prepared.all(...values) as object[]).map(Object.values);
      next = steps.next({ rows, changes: rows.length });
    } else {
      next = steps.next({ rows: [], changes: Number(prepared.run(...values).changes) });
    }
  }
}

/** The most sessions that one transaction ends: its deletions touch pages all over the file. */
const MOST_AT_ONCE = 100;
