/** The differences of the SQL dialects, apart from their statements. */

/** `galera` is MariaDB as a node of a Galera cluster. */
export type SqlDialect = "sqlite" | "postgres" | "mysql" | "mariadb" | "galera";

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
}

// A number, or in newer versions of MariaDB a word. `super_read_only` sets it as well.
const MYSQL_REPLICA = "CAST(@@global.read_only AS CHAR) NOT IN ('0', 'OFF')";
const MYSQL_CLOCK = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000";

/** SQLite's is that of this machine. */
const SQLITE_CLOCK = "CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)";

/** The time in ms since the epoch, in each dialect. */
export const clockOf = (dialect: SqlDialect): string => TRAITS[dialect].clock ?? SQLITE_CLOCK;

export const TRAITS: Readonly<Record<SqlDialect, SqlTraits>> = {
  sqlite: { clock: undefined, causal: "", isReplica: undefined, namesRemoved: "yes" },
  postgres: {
    clock: "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
    causal: "",
    isReplica: "pg_is_in_recovery()",
    namesRemoved: "yes",
  },
  mysql: { clock: MYSQL_CLOCK, causal: "", isReplica: MYSQL_REPLICA, namesRemoved: "no" },
  mariadb: { clock: MYSQL_CLOCK, causal: "", isReplica: MYSQL_REPLICA, namesRemoved: "yes" },
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
  },
};
