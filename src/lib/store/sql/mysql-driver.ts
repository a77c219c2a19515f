import { diagnoseNetwork, errorCode } from "../network-errors.ts";
import {
  CLOSED_POOL,
  refuseReplica,
  type SqlConnection,
  type SqlDiagnosis,
  type SqlDriver,
  type SqlResult,
} from "./sql-driver.ts";
import type { SqlValue } from "./sql-statements.ts";

/** A connection of a pool of mysql2 (promise API) or mariadb. */
export interface MysqlConnection {
  execute(options: MysqlQuery, values: (Buffer | number | null)[]): Promise<unknown>;
  query(options: MysqlQuery): Promise<unknown>;
  release(): unknown;
  destroy(): unknown;
}

/** Of mariadb. */
interface EndedByPing {
  /** Ends the connection if no response arrives within this many ms. */
  ping(timeout: number): Promise<unknown>;
  release(): unknown;
  destroy(): unknown;
}

/** The used method of a pool of mysql2/promise or mariadb. */
export interface MysqlPool {
  getConnection(): Promise<MysqlConnection>;
}

/** Of mariadb; mysql2 never emits this event. */
interface Telling {
  on?(event: "error", listener: (error: unknown) => void): unknown;
}

/**
 * A text, and options that override settings of the app's pool which change the format of results.
 */
interface MysqlQuery {
  readonly sql: string;
  readonly rowsAsArray: true;
  readonly nestTables: false;
  readonly namedPlaceholders: false;
  readonly metaAsArray: false;
  /** Any value: the types of the two drivers share only null. */
  readonly typeCast: (field: unknown, next: () => unknown) => null;
}

const query = (sql: string): MysqlQuery => ({
  sql,
  rowsAsArray: true,
  nestTables: false,
  namedPlaceholders: false,
  metaAsArray: false,
  typeCast: (_, next) => next() as null,
});

/** @param end ends the pool that the store made */
export function createMysqlDriver(pool: () => Promise<MysqlPool>, end: () => Promise<void>): SqlDriver {
  let heard: MysqlPool | undefined;
  let reason: unknown;
  return {
    async connect(): Promise<SqlConnection> {
      const given = await pool();
      // By default a pool of mariadb retries for 10 s, and reports the reason meanwhile only by
      // this event.
      if (heard !== given) (given as Telling).on?.("error", (error) => void (reason = error));
      heard = given;
      const connection = await given.getConnection();
      reason = undefined;
      const execute = async (text: string): Promise<SqlResult> => toResult(await connection.query(query(text)));
      return {
        run: async (statement, values) =>
          refuseReplica(statement, toResult(await connection.execute(query(statement.text), values.map(toParameter)))),
        execute,
        async begin(causal = "") {
          // The same on every server: a read sees the data that was committed when it began, and
          // gaps are locked with the rows of a user.
          await execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
          await execute(`${causal}START TRANSACTION`);
        },
        // Otherwise completion_type might begin another transaction, or end the connection.
        commit: () => execute("COMMIT AND NO CHAIN NO RELEASE"),
        rollback: () => execute("ROLLBACK AND NO CHAIN NO RELEASE"),
        release: () => void connection.release(),
        destroy: () => destroy(connection),
      };
    },

    reason: () => reason,
    toParameter,
    diagnose,
    isRefusal,
    poolSize: () => (heard === undefined ? undefined : sizeOf(heard)),
    close: end,
  };
}

/**
 * `destroy` of mariadb ends a running statement by KILL on another connection, and does not catch
 * its failure, which would end the app's process. KILL fails if the server has ended the statement
 * already, or behind a proxy with its own connection ids.
 */
function destroy(connection: MysqlConnection): void {
  if (!isEndedByPing(connection)) return void connection.destroy();
  connection.ping(1).then(
    // No statement is running.
    () => connection.destroy(),
    () => connection.release(),
  );
}

const isEndedByPing = (connection: object): connection is EndedByPing =>
  "isValid" in connection && "ping" in connection;

interface Sized {
  /** Of mysql2. */
  readonly pool?: { readonly config?: { readonly connectionLimit?: unknown } };
  /** Contains the limit of a pool of mariadb, which no property tells. */
  toString(): string;
}

function sizeOf(pool: Sized): number | undefined {
  const told = pool.pool?.config?.connectionLimit ?? /\blimit=(\d+)/.exec(pool.toString())?.[1];
  return Number(told) > 0 ? Number(told) : undefined;
}

/** Bytes, so that the connection's character set does not matter. */
const toParameter = (value: SqlValue): Buffer | number | null =>
  typeof value === "string" ? Buffer.from(value) : value;

/**
 * mysql2 returns a pair of result and columns; mariadb returns the result, which has its columns if
 * it has rows.
 */
function toResult(answer: unknown): SqlResult {
  const result: unknown = Array.isArray(answer) && !("meta" in answer) ? answer[0] : answer;
  if (Array.isArray(result)) return { rows: result as unknown[][], changes: result.length };
  return { rows: [], changes: Number((result as { readonly affectedRows?: number | bigint }).affectedRows ?? 0) };
}

const isClosedPool = (error: unknown): boolean =>
  errorCode(error, "errno") === "45027" || (error instanceof Error && error.message === "Pool is closed.");

const CONFLICTS: ReadonlySet<string> = new Set([
  "1213", // deadlock; in a Galera cluster also: another node was faster
  "1205", // lock wait timeout: only the statement was undone, and its transaction is rolled back by the caller
  "1020", // the record has changed since it was read (innodb_snapshot_isolation)
  "1060", // another process has just added the column of a migration
  "1180", // error during commit, in a Galera cluster
  "1317", // the query was killed; a node of a Galera cluster does that where another node changes a table
]);

/**
 * Whether the server sent the error. The drivers' own numbers are all greater than those of
 * servers.
 */
function isRefusal(error: unknown): boolean {
  const errno = Number(errorCode(error, "errno"));
  const isOfServer = (errno >= 1000 && errno < 2000) || (errno >= 3000 && errno < 5000);
  // During a shutdown or a commit, the statement may have been done.
  return isOfServer && errno !== 1053 && errno !== 1180;
}

function diagnose(error: unknown): SqlDiagnosis | undefined {
  if (isClosedPool(error)) return CLOSED_POOL;
  const errno = errorCode(error, "errno");
  if (CONFLICTS.has(errno)) return { kind: "conflict" };
  const fault = (message: string): SqlDiagnosis => ({ kind: "fault", message });
  switch (errno) {
    case "1146":
      return { kind: "no-table" };
    case "1142":
    case "1227":
      return { kind: "no-right" };
    case "1044":
      return fault(
        "there is no database of this name, or the user may not use it; check the option database, or grant rights on it",
      );
    case "1045":
    case "1698":
      return fault("the database refused the user name or the password; check the connection's options");
    case "1046":
      return fault("no database is named; write it behind the host in url, or as the option database");
    case "1049":
      return fault("there is no database of this name on the server; create it, or check the option database");
    case "1290":
    case "1792":
    case "1836":
      return fault("the database is read-only, as replicas are; give the primary");
    case "1153":
      return fault(
        "a session is larger than the server takes in one statement; keep less in its data, or raise max_allowed_packet",
      );
    case "1047":
      return fault("this node has lost its cluster (wsrep is not ready); it serves again when it has rejoined");
    case "1040":
    case "1203":
    case "1226":
      return fault("the database has no connection to spare; raise max_connections, or make the pools smaller");
    case "45016":
      return fault("the pool works with callbacks; give one of the package mariadb, not of mariadb/callback");
    case "45028":
    case "45060":
    case "45061":
      // A pool of mariadb found no connection. Its cause says why.
      return error instanceof Error && error.cause !== undefined ? diagnose(error.cause) : undefined;
    default:
      return diagnoseNetwork(error);
  }
}
