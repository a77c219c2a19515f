import { setImmediate as giveWay, setTimeout as delay } from "node:timers/promises";
import { deadlineWithin } from "../call.ts";
import type { KeyRecord } from "../key/key-record.ts";
import type { SessionRecord, SessionSummary } from "../session/record.ts";
import { readMigrations, schemaTooNew, versionTable } from "./migrations.ts";
import { markUntouched } from "./store-fault.ts";
import type { CreateOutcome, SessionLimit, SessionStore } from "./session-store.ts";
import {
  buildStatements,
  keyValues,
  listValues,
  refreshValues,
  sessionValues,
  type FixedStatement,
  type SqlStatement,
} from "./sql-statements.ts";
import {
  inTransaction,
  isBusy,
  isFileFault,
  probeRows,
  type SqliteDatabase,
  type SqliteStatement,
} from "./sqlite-driver.ts";

export interface SqliteStoreOptions {
  /** Gives the connection; asked again after a fault when it is ours. */
  readonly open: () => Promise<SqliteDatabase>;
  /** Whether the connection is ours: then it is closed by `close`, and opened anew after a fault. */
  readonly owned: boolean;
  /** Whether another connection would find the same sessions. */
  readonly durable: boolean;
  readonly synchronous: "full" | "normal";
  /** What the names of the tables begin with. */
  readonly prefix: string;
  readonly secretFile: SessionStore["secretFile"];
}

interface Connection {
  readonly database: SqliteDatabase;
  readonly statements: Readonly<Record<Exclude<FixedStatement, "readClock">, SqliteStatement>>;
}

interface NewSession {
  readonly record: SessionRecord;
  readonly limit: SessionLimit | undefined;
  readonly replaces: string | undefined;
}

// SQLite itself would wait without giving way to anything else in the process, so it does not: patience is had between attempts.
const BUSY_TIMEOUT = 0;
const PATIENCE = 5000;

/** Sessions in a SQLite file. Every operation is one statement, or one transaction that holds the write lock from its start. */
export function createSqliteStore(options: SqliteStoreOptions): SessionStore {
  const { open, owned, durable, synchronous, prefix, secretFile } = options;
  // The first have a number in their text; the last locks rows, which here are locked with the
  // whole file.
  const { deleteExpired, deleteOfUser, listOfUser, oldestOfUser, surplusOfUser, ...others } = buildStatements(
    "sqlite",
    prefix,
  );
  const { lockHandlesOfUser: _, insertAndTrim: __, replaceAndTrim: ___, ...unlocked } = others;
  const { deleteHandles: ____, lockHandles: _____, readClock: ______, ...fixed } = unlocked;
  let connecting: Promise<Connection> | undefined;

  function connect(): Promise<Connection> {
    connecting ??= openConnection().catch((error: unknown) => {
      connecting = undefined;
      throw markUntouched(error);
    });
    return connecting;
  }

  async function openConnection(): Promise<Connection> {
    const database = await open();
    try {
      if (owned) database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
      await patiently(() => probeRows(database));
      if (owned) {
        await patiently(() => database.exec("PRAGMA journal_mode = WAL"));
        database.exec(`PRAGMA synchronous = ${synchronous}`);
      }
      await patiently(() => migrate(database, prefix));
      const prepared = Object.entries(fixed).map(([name, { text }]) => [name, database.prepare(text)]);
      return { database, statements: Object.fromEntries(prepared) as Connection["statements"] };
    } catch (error) {
      if (owned) database.close();
      throw error;
    }
  }

  async function withStatements<T>(
    work: (statements: Connection["statements"], database: SqliteDatabase) => T,
  ): Promise<T> {
    const opened = connect();
    const { statements, database } = await opened;
    try {
      return await patiently(() => work(statements, database));
    } catch (error) {
      // A file that was broken, read-only or gone may be whole again by the next call.
      if (owned && durable && isFileFault(error) && connecting === opened) await disconnect();
      // No answer can get lost within a process: what failed was undone.
      throw markUntouched(error);
    }
  }

  async function disconnect(): Promise<void> {
    const opened = connecting;
    connecting = undefined;
    const connection = await opened?.catch(() => undefined);
    if (owned) connection?.database.close();
  }

  /** Handles of the sessions that end to make room, or only some of them, when they are very many. */
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

    prepare: () => withStatements(() => undefined),

    async createSession(record, limit, replaces) {
      if (limit === undefined && replaces === undefined) {
        await withStatements((statements) => statements.insert.run(...sessionValues(record)));
        return { created: true, ended: [], replaced: false };
      }
      const ended: string[] = [];
      for (;;) {
        const { isDone, ...outcome } = await createOnce({ record, limit, replaces });
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
        forgetReplaced.run(now);
        return Number(database.prepare(deleteExpired(limit).text).run(now).changes);
      }),

    takeLease: (name, owner, now, until) =>
      withStatements(({ takeLease }) => changed(takeLease.run(owner, until, name, owner, now))),

    listKeys: () => withStatements(({ listKeys }) => listKeys.all() as KeyRecord[]),

    insertKey: (key) => withStatements(({ insertKey }) => changed(insertKey.run(...keyValues(key)))),

    rewrapKey: (kid, expected, wrappedSeed) =>
      withStatements(({ rewrapKey }) => changed(rewrapKey.run(wrappedSeed, kid, expected))),

    deleteKey: (kid) => withStatements(({ deleteKey }) => void deleteKey.run(kid)),

    close: disconnect,
  };
}

/** Sessions that one transaction ends at most. */
const MOST_AT_ONCE = 200;

const REFUSED: CreateOutcome = { created: false, ended: [], replaced: false };

function migrate(database: SqliteDatabase, prefix: string): void {
  const migrations = readMigrations("sqlite", prefix);
  const { create, note } = versionTable("sqlite", prefix);
  const newest = migrations.at(-1)?.version ?? 0;
  const current = readVersion(database, prefix);
  if (current === newest) return;
  if (current > newest) throw schemaTooNew(current, newest);
  inTransaction(database, () => {
    database.exec(create);
    // Asked again under the lock: another process may have been faster.
    const done = readVersion(database, prefix);
    for (const { version, sql } of migrations) {
      if (version <= done) continue;
      database.exec(sql);
      database.exec(note(version));
    }
  });
}

function readVersion(database: SqliteDatabase, prefix: string): number {
  const table = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ?")
    .get(`${prefix}migration`);
  if (table === undefined || table === null) return 0;
  return (database.prepare(versionTable("sqlite", prefix).read).get() as { version: number }).version;
}

/**
 * Tries again while another connection holds the lock. Switching to WAL fails at once when another process starts on the same
 * file, whatever the busy timeout.
 */
async function patiently<T>(work: () => T): Promise<T> {
  const deadline = deadlineWithin(PATIENCE);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      await delay(Math.min(2 * attempt, 20));
    }
  }
}
