/**
 * Sessions in SQLite, with `node:sqlite` or better-sqlite3. It is the default store.
 *
 * @module
 */
import { closeSync, existsSync, openSync } from "node:fs";
import { resolve } from "node:path";
import type { SessionStore } from "./lib/session/session-store.ts";
import { storeError } from "./lib/session/store-error.ts";
import type { SqliteDatabase } from "./lib/store/sqlite/sqlite-driver.ts";
import { secretBeside } from "./lib/store/default-store.ts";
import { warnOfMemory } from "./lib/store/memory-notice.ts";
import { createSqliteStore } from "./lib/store/sqlite/sqlite-store.ts";
import { readWhole, UNSET } from "./lib/options/config-reader.ts";
import { readOptions } from "./lib/options/option-table.ts";
import { SQLITE_OPTIONS } from "./lib/store/store-option-tables.ts";
import { refusePrefix } from "./lib/store/table-prefix.ts";

/** Options of {@link sqlite}. */
export interface SqliteOptions {
  /**
   * Path of the database file, which is created if it is missing. The store opens it with
   * `node:sqlite`, and `close()` closes it. Several processes may share it. `":memory:"` keeps
   * sessions in memory only. Default `"./counterfoil.db"`.
   */
  readonly path?: string;
  /**
   * A connection of the app, from `node:sqlite` or better-sqlite3, instead of `path`. It stays
   * open, and its settings stay as they are. While the app has a transaction open on it, sign-ins,
   * refreshes and revocations become part of that transaction, and a rollback undoes them. No
   * signing key can be made meanwhile, so call `ready()` before the first transaction.
   */
  readonly database?: SqliteDatabase;
  /**
   * When a commit counts as done. `"full"`: when it is on the disk. `"normal"`: before that, which
   * is several times faster; a power cut may lose the last moments, and a user who refreshed in
   * them has to sign in again. Default `"full"`.
   */
  readonly synchronous?: "full" | "normal";
  /**
   * Prefix of the table names: up to 31 lower-case letters, digits and `_`. Default
   * `"counterfoil_"`.
   */
  readonly tablePrefix?: string;
}

/**
 * Keeps sessions in a SQLite file. This is the default store.
 *
 * @throws ConfigError for options that are unknown, of the wrong type, or contradict each other
 * @example
 * ```ts
 * import { init } from "counterfoil";
 * import { sqlite } from "counterfoil/sqlite";
 *
 * await init({ store: sqlite({ path: "/var/lib/shop/sessions.db" }) });
 * ```
 */
export function sqlite(options: SqliteOptions = {}): SessionStore {
  const { path, database, ...settings } = readWhole(options, "sqlite", (section) => {
    const given = section.value("database", "a connection of node:sqlite or better-sqlite3", isDatabase);
    const { given: named, value } = readOptions(section, SQLITE_OPTIONS, {
      file: refusePath,
      tablePrefix: refusePrefix,
    });
    const file = named("path");
    if (given !== undefined && file !== undefined)
      section.fault("path", "CONTRADICTION", "names a file, and database is one that is open; leave one of them out");
    for (const name of ["path", "database"]) {
      if (section.isUnset(name) && given === undefined && file === undefined)
        section.fault(name, "MISSING", `${UNSET} To use ./counterfoil.db, leave it out`);
    }
    return {
      path: file === ":memory:" ? file : resolve(value("path")),
      database: given,
      synchronous: value("synchronous"),
      prefix: value("tablePrefix"),
    } as const;
  });
  if (database !== undefined) {
    const open = async (): Promise<SqliteDatabase> => database;
    return createSqliteStore({
      ...settings,
      path: undefined,
      open,
      isOwn: false,
      durable: true,
      secretFile: undefined,
    });
  }
  const inMemory = path === ":memory:";
  const open = (): Promise<SqliteDatabase> => openFile(path, inMemory);
  if (inMemory) warnOfMemory(`sqlite({ path: "${path}" })`, false);
  const secretFile = inMemory ? null : secretBeside(path);
  return createSqliteStore({
    ...settings,
    path: inMemory ? undefined : path,
    open,
    isOwn: true,
    durable: !inMemory,
    secretFile,
  });
}

async function openFile(path: string, inMemory: boolean): Promise<SqliteDatabase> {
  const { DatabaseSync } = await importDriver();
  try {
    // Created for its owner only, like the secret beside it; SQLite gives its other files the same
    // mode. An existing file is not opened here: closing it would release the locks of all
    // connections of this process (POSIX), and another process would then remove their -wal.
    if (!inMemory && !existsSync(path)) closeSync(openSync(path, "a", 0o600));
    return new DatabaseSync(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw storeError(`cannot open the database file ${path}: ${reason}`, cause);
  }
}

async function importDriver(): Promise<typeof import("node:sqlite")> {
  try {
    // Loaded on use: in some Node versions the import prints a warning, which does not concern
    // users of other stores.
    return await import("node:sqlite");
  } catch (cause) {
    throw storeError(`this is Node ${process.version}, which has no node:sqlite; use Node 22.13 or newer`, cause);
  }
}

const isDatabase = (value: unknown): value is SqliteDatabase =>
  typeof value === "object" && value !== null && "prepare" in value && "exec" in value;

function refusePath(path: string): string | undefined {
  if (path === "") return "is empty; write the path of a file";
  if (path.trim() === "") return "has nothing but blanks; write the path of a file";
  if (path.includes("\0")) return "has a NUL character, which no name of a file can have; write the path of a file";
  return path.startsWith("file:") ? "is a URI; write the path of a file" : undefined;
}

export type { SessionStore } from "./lib/session/session-store.ts";
export type { SqliteDatabase, SqliteStatement } from "./lib/store/sqlite/sqlite-driver.ts";
