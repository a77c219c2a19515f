/** In what the SQL dialects differ, beside the texts of their statements. */

/** `galera` is MariaDB as a node of a Galera cluster. */
export type SqlDialect = "sqlite" | "postgres" | "mysql" | "mariadb" | "galera";

export interface SqlTraits {
  /**
   * What time it is, in ms since the epoch, whatever the time zone; none where the database is of
   * this machine.
   */
  readonly clock: string | undefined;
  /**
   * In front of a statement that must see what any other node has confirmed: a read, a removal, the
   * begin of a transaction.
   */
  readonly causal: string;
  /** Whether the server is a replica, as far as it can tell; none where there are none. */
  readonly isReplica: string | undefined;
  /**
   * Whether a removal can name the rows that it removes: never, always, or in a transaction only.
   */
  readonly namesRemoved: "no" | "yes" | "in a transaction";
}

// A number, and in newer versions of MariaDB a word. `super_read_only` sets it as well.
const MYSQL_REPLICA = "CAST(@@global.read_only AS CHAR) NOT IN ('0', 'OFF')";
const MYSQL_CLOCK = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000";

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
    // The node first applies what the cluster had committed; it changes this statement only, not
    // the app's connection. 1 stands for reads and the begin of a transaction, 2 for UPDATE and
    // DELETE.
    causal: "SET STATEMENT wsrep_sync_wait = 3 FOR ",
    isReplica: MYSQL_REPLICA,
    // A node that has to make room for another repeats the commit, and then answers as to a
    // statement without rows (OK instead of EOF): clients wait for the end of the rows for ever. A
    // COMMIT has no rows.
    namesRemoved: "in a transaction",
  },
};
