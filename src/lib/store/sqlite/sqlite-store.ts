import type { SessionLimit } from "../../policy.ts";
import { setImmediate as giveWay } from "node:timers/promises";
import type { KeyRecord } from "../../key/key-record.ts";
import type { SessionRecord, SessionSummary } from "../../session/record.ts";
import { asStep } from "../../session/store-fault.ts";
import type { CreateOutcome, SessionStore } from "../../session/session-store.ts";
import {
  buildStatements,
  keyValues,
  listValues,
  refreshValues,
  sessionValues,
  type FixedStatement,
  type SqlStatement,
} from "../sql/sql-statements.ts";
import { createSqliteConnection, PATIENCE, type SqliteConnectionOptions } from "./sqlite-connection.ts";
import { inOwnTransaction, inTransaction, type SqliteDatabase } from "./sqlite-driver.ts";

export interface SqliteStoreOptions extends SqliteConnectionOptions {
  readonly secretFile: SessionStore["secretFile"];
}

type Name = Exclude<FixedStatement, "readClock">;

interface NewSession {
  readonly record: SessionRecord;
  readonly limit: SessionLimit | undefined;
  readonly replaces: string | undefined;
}

/** Sessions in a SQLite file. Every operation is one statement, or one transaction that holds the write lock from its start. */
export function createSqliteStore(options: SqliteStoreOptions): SessionStore {
  const { prefix, secretFile } = options;
  // The first have a number in their text; the last locks rows, which here are locked with the
  // whole file.
  const { deleteExpired, deleteOfUser, listOfUser, oldestOfUser, surplusOfUser, ...others } = buildStatements(
    "sqlite",
    prefix,
  );
  const { lockHandlesOfUser: _, insertAndTrim: __, replaceAndTrim: ___, ...unlocked } = others;
  const { deleteHandles: ____, lockHandles: _____, readClock: ______, lastToSweep: _______, ...fixed } = unlocked;
  const connection = createSqliteConnection<Name>(options, fixed);
  const withStatements = connection.run;

  /**
   * Handles of the sessions that end to make room, or only some of them, when they are very many.
   */
  function chooseEnded(
    database: SqliteDatabase,
    { record: { userKey, createdAt, handle }, limit, replaces = handle }: NewSession,
  ): { readonly ended: readonly string[]; readonly isAll: boolean } | "refused" {
    const ask = ({ text }: SqlStatement): string[] =>
      (database.prepare(text).all(userKey, createdAt, replaces) as { handle: string }[]).map((row) => row.handle);
    if (limit === undefined) return { ended: [], isAll: true };
    const most = limit.onLimit === "trim" ? limit.atOnce : MOST_AT_ONCE;
    const surplus = ask(surplusOfUser(limit.max, most + 1));
    if (limit.onLimit === "refuse" && surplus.length > 0) return "refused";
    // More than that may be far more, and then they are not the oldest.
    const isAll = surplus.length <= most;
    return { ended: isAll ? surplus : ask(oldestOfUser(most)), isAll: isAll || limit.onLimit === "trim" };
  }

  const createOnce = ({ record, limit, replaces }: NewSession): Promise<CreateOutcome & { readonly isDone: boolean }> =>
    withStatements((statements, database) =>
      inTransaction(database, () => {
        const chosen = chooseEnded(database, { record, limit, replaces });
        if (chosen === "refused") return { ...REFUSED, isDone: true };
        for (const handle of chosen.ended) statements.delete.run(handle);
        if (!chosen.isAll) return { created: false, ended: chosen.ended, replaced: false, isDone: false };
        const replaced = replaces !== undefined && changed(statements.delete.run(replaces));
        statements.insert.run(...sessionValues(record));
        return { created: true, ended: chosen.ended, replaced, isDone: true };
      }),
    );

  const changed = (result: { readonly changes: number | bigint }): boolean => Number(result.changes) > 0;

  return {
    secretFile,
    timeout: PATIENCE,

    prepare: connection.prepare,

    async createSession(record, limit, replaces) {
      if (limit === undefined && replaces === undefined) {
        await withStatements((statements) => statements.insert.run(...sessionValues(record)));
        return { created: true, ended: [], replaced: false };
      }
      const ended: string[] = [];
      for (;;) {
        const once = createOnce({ record, limit, replaces });
        const { isDone, ...outcome } = await asStep(ended.length === 0, once);
        ended.push(...outcome.ended);
        if (isDone) return { ...outcome, ended };
        // This process does nothing else while SQLite works.
        await giveWay();
      }
    },

    findSession: (handle) => withStatements(({ find }) => (find.get(handle) ?? undefined) as SessionRecord | undefined),

    commitRefresh: (handle, version, write) =>
      withStatements(({ commitRefresh }) => changed(commitRefresh.run(...refreshValues(write), handle, version))),

    replaceClaims: (handle, version, claims) =>
      withStatements(({ replaceClaims }) => changed(replaceClaims.run(claims, handle, version))),

    replaceData: (handle, version, data) =>
      withStatements(({ replaceData }) => changed(replaceData.run(data, handle, version))),

    deleteSession: (handle) => withStatements((statements) => changed(statements.delete.run(handle))),

    deleteSessionAtVersion: (handle, version) =>
      withStatements(({ deleteAtVersion }) => changed(deleteAtVersion.run(handle, version))),

    deleteSessionsOfUser: (userKey, except, limit) =>
      withStatements((_statements, database) => {
        const rows = database.prepare(deleteOfUser(limit).text).all(userKey, except ?? "");
        return (rows as { handle: string }[]).map((row) => row.handle);
      }),

    listSessionsOfUser: (userKey, now, { limit, after }) =>
      withStatements((_statements, database) => {
        const rows = database.prepare(listOfUser(limit).text).all(...listValues(userKey, now, after));
        return rows as SessionSummary[];
      }),

    rememberReplaced: (handle, until) =>
      withStatements(({ rememberReplaced }) => void rememberReplaced.run(handle, until)),

    rememberOnce: (once, until) => withStatements(({ rememberOnce }) => changed(rememberOnce.run(once, until))),

    wasReplaced: (handle, now) => withStatements(({ wasReplaced }) => wasReplaced.all(handle, now).length > 0),

    deleteExpiredSessions: (now, limit) =>
      withStatements(({ forgetReplaced }, database) => {
        const removed = Number(database.prepare(deleteExpired(limit).text).run(0, now).changes);
        if (removed < limit) forgetReplaced.run(now);
        return removed;
      }),

    takeLease: (name, owner, now, until) =>
      withStatements(({ takeLease }) => changed(takeLease.run(owner, until, name, owner, now))),

    async listKeys() {
      // Each process asks for them once a minute.
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
  };
}

/** Sessions that one transaction ends at most: its deletions touch pages all over the file. */
const MOST_AT_ONCE = 100;

const REFUSED: CreateOutcome = { created: false, ended: [], replaced: false };
