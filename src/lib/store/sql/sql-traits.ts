/** The differences of the SQL dialects, apart from their statements. */

import type { MigrationDialect } from "../migrations.ts";

/** `galera` is MariaDB as a node of a Galera cluster, `d1` is SQLite on a server of Cloudflare. */
export type SqlDialect = "sqlite" | "d1" | "postgres" | "mysql" | "mariadb" | "galera";

export interface SqlTraits {
  /** The time in ms since the epoch, in any time zone; none if the database is on this machine. */
  readonly clock: string | undefined;
  /**
   * Precedes a statement that must see the confirmed writes of all nodes: a read, a removal, the
   * begin of a transaction.
   */
  readonly causal: string;
  /** Whether the server is a replica, if it can tell; none if the dialect has no replicas. */
  readonly isReplica: string | undefined;
  /** Whether a removal can return the removed rows: never, always, or only in a transaction. */
  readonly namesRemoved: "no" | "yes" | "in a transaction";
  /**
   * Whether one call of the database can change rows and write beside them: a statement of
   * PostgreSQL, a batch of D1.
   */
  readonly isOneStatement: boolean;
}

// A number, or in newer versions of MariaDB a word. `super_read_only` sets it as well.
const MYSQL_REPLICA = "CAST(@@global.read_only AS CHAR) NOT IN ('0', 'OFF')";
const MYSQL_CLOCK = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000";

/** Without a server SQLite's is that of this machine. */
const SQLITE_CLOCK = "CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)";

/** Whose statements a dialect has, apart from its traits. */
export function familyOf(dialect: SqlDialect): MigrationDialect {
  if (dialect === "d1") return "sqlite";
  return dialect === "sqlite" || dialect === "postgres" ? dialect : "mysql";
}

/** The time in ms since the epoch, in each dialect. */
export const clockOf = (dialect: SqlDialect): string => TRAITS[dialect].clock ?? SQLITE_CLOCK;

export const TRAITS: Readonly<Record<SqlDialect, SqlTraits>> = {
  sqlite: { clock: undefined, causal: "", isReplica: undefined, namesRemoved: "yes", isOneStatement: false },
  d1: { clock: SQLITE_CLOCK, causal: "", isReplica: undefined, namesRemoved: "yes", isOneStatement: true },
  postgres: {
    clock: "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
    causal: "",
    isReplica: "pg_is_in_recovery()",
    namesRemoved: "yes",
    isOneStatement: true,
  },
  mysql: { clock: MYSQL_CLOCK, causal: "", isReplica: MYSQL_REPLICA, namesRemoved: "no", isOneStatement: false },
  mariadb: { clock: MYSQL_CLOCK, causal: "", isReplica: MYSQL_REPLICA, namesRemoved: "yes", isOneStatement: false },
  galera: {
    clock: MYSQL_CLOCK,
    // The node first applies the writes that the cluster has committed. It affects this statement
    // only, not the app's connection. 1 covers reads and the begin of a transaction, 2 covers
    // UPDATE and DELETE.
    causal: "SET STATEMENT wsrep_sync_wait = 3 FOR ",
    isReplica: MYSQL_REPLICA,
    // A node that gives way to another repeats the commit, and then responds as to a statement
    // without rows (OK instead of EOF), so clients wait for the end of the rows without end. A
    // COMMIT has no rows.
    namesRemoved: "in a transaction",
    isOneStatement: false,
  },
};
