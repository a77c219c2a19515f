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
 * @throws TypeError when both `path` and `database` are given, or `path` is empty or a URI
 * @example
 * ```ts
 * import { init } from "counterfoil";
 * import { sqlite } from "counterfoil/sqlite";
 *
 * await init({ store: sqlite({ path: "/var/lib/shop/sessions.db" }) });
 * ```
 */
export function sqlite(options: SqliteOptions = {}): SessionStore {
  const { path = "./counterfoil.db", database, synchronous = "full" } = options;
  if (database !== undefined && options.path !== undefined)
    throw new TypeError("sqlite: give path or database, not both");
  if (database !== undefined)
    return createSqliteStore({
      open: async () => database,
      owned: false,
      durable: true,
      synchronous,
      secretFile: undefined,
    });
  if (path === "" || path.startsWith("file:"))
    throw new TypeError("sqlite: path is empty or a URI; write the path of a file");
  const inMemory = path === ":memory:";
  const open = async (): Promise<SqliteDatabase> => {
    // Loaded when it is used: in some Node versions the mere import prints a warning, which is nothing to users of other stores.
    const { DatabaseSync } = await import("node:sqlite");
    return new DatabaseSync(path);
  };
  return createSqliteStore({
    open,
    owned: true,
    durable: !inMemory,
    synchronous,
    secretFile: inMemory ? null : `${path}.secret`,
  });
}

export type { SessionStore } from "./lib/store/session-store.ts";
export type { SqliteDatabase, SqliteStatement } from "./lib/store/sqlite-driver.ts";
