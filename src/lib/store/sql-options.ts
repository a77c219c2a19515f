import type { Duration } from "../options/duration.ts";

/** Options of every store in a SQL database. */
export interface SqlOptions {
  /**
   * Address of the database, for a pool that the store makes and `close()` ends; or give its parts.
   */
  readonly url?: string | undefined;
  /** Default: the driver's, `localhost`. */
  readonly host?: string | undefined;
  /** Default: the driver's, 3306 or 5432. */
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly database?: string | undefined;
  /** TLS: true, or the driver's options as an object. Default: none. */
  readonly ssl?: boolean | object | undefined;
  /** Most connections of the pool that the store makes, 1 to 1000. Default 10. */
  readonly poolSize?: number | undefined;
  /**
   * Prefix of the table names: up to 31 lower-case letters, digits and `_`. Default
   * `"counterfoil_"`.
   */
  readonly tablePrefix?: string | undefined;
  /**
   * Whether missing tables are created at the start. False: an operator creates them with the
   * output of `npx counterfoil migrate --print`. Once the tables exist, the user needs no right to
   * create any. Default true.
   */
  readonly migrate?: boolean | undefined;
  /**
   * How long one call may wait for the database, `"100ms"` to `"5m"`. The wait for a connection and
   * all operations of the call count. Then it fails with `STORE_UNAVAILABLE`. Default `"10s"`.
   */
  readonly timeout?: Duration | undefined;
  /**
   * How many calls may wait for a connection, 0 to 100,000. One more fails at once with
   * `STORE_BUSY`. Default: as many as can begin within half of `timeout` at the current pace, but
   * at least four for each connection of the pool.
   */
  readonly queueLimit?: number | undefined;
}
