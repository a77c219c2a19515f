import { closeSync, openSync } from "node:fs";
import type { SessionStore } from "./lib/store/session-store.ts";
import type { SqliteDatabase } from "./lib/store/sqlite-driver.ts";
import { createSqliteStore } from "./lib/store/sqlite-store.ts";

/** Options of {@link sqlite}. */
export interface SqliteOptions {
  /**
   * Path of the database file, made when it is missing; `":memory:"` keeps nothing. It is opened with `node:sqlite`, and closed by `close()`.
   * Several processes may share the file. Default `"./counterfoil.db"`.
   */
  readonly path?: string;
  /**
   * A connection of the app's own, from `node:sqlite` or better-sqlite3, instead of `path`. It stays open, and its settings stay as they are.
   * What happens within a transaction of the app's own is undone along with it.
   */
  readonly database?: SqliteDatabase;
  /**
   * When a commit counts as done. `full`: on the disk. `normal`: several times faster; a power cut may lose the last moments, and whoever
   * refreshed in them must sign in again. Default `"full"`.
   */
  readonly synchronous?: "full" | "normal";
}

/**
 * Keeps sessions in a SQLite file, the embedded default.
 *
 * @throws TypeError for an option that is unknown, of the wrong type, or contradicts another
 * @example
 * ```ts
 * import { init } from "counterfoil";
 * import { sqlite } from "counterfoil/sqlite";
 *
 * await init({ store: sqlite({ path: "/var/lib/shop/sessions.db" }) });
 * ```
 */
export function sqlite(options: SqliteOptions = {}): SessionStore {
  checkOptions(options);
  const { path = "./counterfoil.db", database, synchronous = "full" } = options;
  if (database !== undefined) {
    const open = async (): Promise<SqliteDatabase> => database;
    return createSqliteStore({ open, owned: false, durable: true, synchronous, secretFile: undefined });
  }
  const inMemory = path === ":memory:";
  const open = (): Promise<SqliteDatabase> => openFile(path, inMemory);
  const secretFile = inMemory ? null : `${path}.secret`;
  return createSqliteStore({ open, owned: true, durable: !inMemory, synchronous, secretFile });
}

async function openFile(path: string, inMemory: boolean): Promise<SqliteDatabase> {
  const { DatabaseSync } = await importDriver();
  try {
    // Made for its owner only, like the secret beside it; SQLite gives the files that it adds the same mode.
    if (!inMemory) closeSync(openSync(path, "a", 0o600));
    return new DatabaseSync(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`cannot open the database file ${path}: ${reason}`, { cause });
  }
}

async function importDriver(): Promise<typeof import("node:sqlite")> {
  try {
    // Loaded when it is used: in some Node versions the mere import prints a warning, which is nothing to users of other stores.
    return await import("node:sqlite");
  } catch (cause) {
    throw new Error(`this is Node ${process.version}, which has no node:sqlite; use Node 22.13 or newer`, { cause });
  }
}

function checkOptions(options: unknown): asserts options is SqliteOptions {
  const refuse = (fact: string): never => {
    throw new TypeError(`sqlite: ${fact}`);
  };
  if (typeof options !== "object" || options === null)
    return refuse('write an object, for instance sqlite({ path: "./app.db" })');
  const known = ["path", "database", "synchronous"];
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) refuse(`there is no option ${unknown}; known are ${known.join(", ")}`);
  const { path, database, synchronous } = options as Readonly<Record<string, unknown>>;
  if (database !== undefined && path !== undefined) refuse("give path or database, not both");
  if (path !== undefined && (typeof path !== "string" || path === "" || path.startsWith("file:"))) {
    refuse("path is empty, a URI or no string; write the path of a file");
  }
  if (synchronous !== undefined && synchronous !== "full" && synchronous !== "normal") {
    refuse('synchronous is neither "full" nor "normal"');
  }
  const isDatabase = typeof database === "object" && database !== null && "prepare" in database && "exec" in database;
  if (database !== undefined && !isDatabase) refuse("database is no connection of node:sqlite or better-sqlite3");
}

export type { SessionStore } from "./lib/store/session-store.ts";
export type { SqliteDatabase, SqliteStatement } from "./lib/store/sqlite-driver.ts";
