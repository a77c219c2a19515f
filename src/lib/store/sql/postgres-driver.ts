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

/** A client of a pool of pg. */
export interface PgClient {
  query(query: PgQuery): Promise<PgResult>;
  release(destroy?: boolean): unknown;
  on(event: "error", listener: () => void): unknown;
  off(event: "error", listener: () => void): unknown;
}

/** The one method of a `Pool` of pg that is called. */
export interface PgPool {
  connect(): Promise<PgClient>;
}

interface PgResult {
  readonly rows: unknown[];
  readonly rowCount: number | null;
}

interface PgQuery {
  readonly text: string;
  readonly values?: SqlValue[];
  readonly name?: string;
  readonly rowMode: "array";
  readonly types: { getTypeParser(): (text: string) => string };
}

/**
 * Every value as the text that it came in, whatever parsers the app has set for all of its queries.
 */
const TEXTS: Pick<PgQuery, "rowMode" | "types"> = {
  rowMode: "array",
  types: { getTypeParser: () => (text) => text },
};

/**
 * What is called of postgres.js: of the function that its default export returns, and of the one
 * that it hands to a transaction.
 */
export interface PostgresJs extends PostgresJsScope {
  begin(options: string, work: (scope: PostgresJsScope) => Promise<void>): Promise<unknown>;
}

export interface PostgresJsScope {
  unsafe(text: string, values?: SqlValue[], options?: { readonly prepare?: boolean }): PostgresJsQuery;
}

export interface PostgresJsQuery {
  /** Rows as arrays of bytes, which no type and no transformation of the app's has touched. */
  raw(): PromiseLike<unknown[][] & { readonly count?: number | null }>;
}

export type PostgresPool = PgPool | PostgresJs;

export interface PostgresDriverOptions {
  /** Gives the pool; asked again when it failed. */
  readonly pool: () => Promise<PostgresPool>;
  /** Ends the pool, if it is ours. */
  readonly end: () => Promise<void>;
  /**
   * Whether statements stay prepared under their names; not every pooler between app and database
   * can do that.
   */
  readonly prepare: boolean;
}

export function createPostgresDriver({ pool, end, prepare }: PostgresDriverOptions): SqlDriver {
  let seen: PostgresPool | undefined;
  const names = createNames(prepare);
  return {
    async connect() {
      const given = await pool();
      seen = given;
      return "unsafe" in given ? fromPostgresJs(given, names) : fromClient(await given.connect(), names);
    },

    diagnose: (error) => (names.isLost(error) ? { kind: "conflict" } : diagnose(error)),
    isRefusal,
    poolSize: () => (seen === undefined ? undefined : sizeOf(seen)),
    close: end,
  };
}

/** Both drivers show the settings of a pool. */
function sizeOf(pool: PostgresPool): number | undefined {
  const { max } = (pool as { readonly options?: { readonly max?: unknown } }).options ?? {};
  return typeof max === "number" && max > 0 ? max : undefined;
}

/** Whether statements are prepared under names, for as long as the pool is used. */
interface Names {
  readonly areUsed: () => boolean;
  /** A statement that fails for its name is the last that has one. @returns the error */
  readonly judge: (error: unknown, isNamed: boolean) => unknown;
  /** The statement failed for its name, so that nothing was done, and may be run again without. */
  readonly isLost: (error: unknown) => boolean;
}

/**
 * Behind a pooler that hands a connection to another client after each transaction, a name may be
 * there already or not at all. It shows under load only, after a start that passed.
 */
function createNames(wanted: boolean): Names {
  let areUsed = wanted;
  const lost = new WeakSet<object>();
  return {
    areUsed: () => areUsed,
    judge(error, isNamed) {
      if (isNamed && error instanceof Error && NAME_FAULTS.has(errorCode(error))) {
        areUsed = false;
        lost.add(error);
      }
      return error;
    },
    isLost: (error) => typeof error === "object" && error !== null && lost.has(error),
  };
}

/** There is no prepared statement of this name, or there is one already. */
const NAME_FAULTS: ReadonlySet<string> = new Set(["26000", "42P05"]);

/** A sign-in that waited for its turn must see what was committed meanwhile. */
const ISOLATION = "ISOLATION LEVEL READ COMMITTED READ WRITE";

function fromClient(client: PgClient, names: Names): SqlConnection {
  const execute = async (text: string): Promise<SqlResult> => toResult(await client.query({ ...TEXTS, text }));
  // A connection that breaks while it is in use says so by an event, too, which would end the
  // process if nobody listened.
  client.on("error", ignore);
  const giveBack = (): void => {
    client.off("error", ignore);
    client.release();
  };
  return {
    async run(statement, values) {
      const isNamed = names.areUsed();
      const { name, text } = statement;
      const asked = { ...TEXTS, text, values: values.map(toParameter), ...(isNamed ? { name } : {}) };
      let result: SqlResult;
      try {
        result = toResult(await client.query(asked));
      } catch (error) {
        throw names.judge(error, isNamed);
      }
      return refuseReplica(statement, result);
    },
    execute,
    begin: () => execute(`BEGIN ${ISOLATION}`),
    commit: () => execute("COMMIT"),
    rollback: () => execute("ROLLBACK"),
    release: giveBack,
    // Still listened to: it may yet say how it ended.
    destroy: () => void client.release(true),
  };
}

const toResult = ({ rows, rowCount }: PgResult): SqlResult => ({ rows: rows as unknown[][], changes: rowCount ?? 0 });

const ignore = (): void => undefined;

/**
 * Not one connection, but a pool that gives each statement one, and a transaction one of its own.
 * The connections that it lends (`reserve`) are no use: one that breaks meanwhile goes back to
 * those that live, and the next who gets it ends the process.
 */
function fromPostgresJs(pool: PostgresJs, names: Names): SqlConnection {
  let scope: PostgresJsScope = pool;
  let commit = (): void => undefined;
  let undo = (): void => undefined;
  let ended: Promise<unknown> | undefined;
  // To say anything on a connection that broke would end the process; a transaction on it is over.
  let isBroken = false;
  let isGivenUp = false;

  const noteBroken = (error: unknown): unknown => {
    isBroken ||= !isFromServer(error);
    return error;
  };

  return {
    async run(statement, values) {
      const prepare = names.areUsed();
      let result: SqlResult;
      try {
        const rows = await scope.unsafe(statement.text, values.map(toParameter), { prepare }).raw();
        result = { rows, changes: rows.count ?? 0 };
      } catch (error) {
        throw names.judge(noteBroken(error), prepare);
      }
      return refuseReplica(statement, result);
    },
    async execute(text) {
      try {
        const rows = await scope.unsafe(text).raw();
        return { rows, changes: rows.count ?? 0 };
      } catch (error) {
        throw noteBroken(error);
      }
    },
    begin: () =>
      new Promise<void>((begun, failed) => {
        const work = (own: PostgresJsScope): Promise<void> =>
          new Promise((resolve, reject) => {
            scope = own;
            commit = resolve;
            undo = () => reject(UNDONE);
            // Else it would stay open, and the connection with it.
            if (isGivenUp) undo();
            begun();
          });
        ended = pool.begin(ISOLATION, work);
        ended.catch(failed);
      }),
    async commit() {
      commit();
      await ended;
    },
    async rollback() {
      if (isBroken) return;
      undo();
      await ended?.catch((error: unknown) => {
        if (error !== UNDONE) throw error;
      });
    },
    release: () => undefined,
    // It offers no way to end a connection; one that is late undoes what was begun on it when it
    // answers.
    destroy() {
      isGivenUp = true;
      if (!isBroken) undo();
    },
  };
}

const UNDONE: Error = new Error("the transaction is rolled back");

/** Of Node and of postgres.js, whose pool connects when it is asked something. */
const UNCONNECTED: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  "CONNECT_TIMEOUT",
  "CONNECTION_ENDED",
]);

/** Says that a connection ends, or that the outcome is unknown; may come when all is done. */
const UNCERTAIN = /^(?:08|57P0[125]|40003)/;

function isRefusal(error: unknown): boolean {
  const code = errorCode(error);
  // Errors of the server alone have a severity.
  const isOfServer = error instanceof Error && "severity" in error;
  return isOfServer ? !UNCERTAIN.test(code) : UNCONNECTED.has(code);
}

const isClosedPool = (error: unknown): boolean =>
  errorCode(error) === "CONNECTION_ENDED" ||
  (error instanceof Error && error.message.startsWith("Cannot use a pool after calling end"));

const isFromServer = (error: unknown): boolean => error instanceof Error && error.name === "PostgresError";

/**
 * No text there can hold a NUL, and none of ours does, since JSON escapes it; a handle that
 * somebody asks for may, and is then one that is not there.
 */
const toParameter = (value: SqlValue): SqlValue =>
  typeof value === "string" ? value.replaceAll("\0", "\ufffd") : value;

function diagnose(error: unknown): SqlDiagnosis | undefined {
  if (isClosedPool(error)) return CLOSED_POOL;
  const fault = (message: string): SqlDiagnosis => ({ kind: "fault", message });
  // SQLSTATE (PostgreSQL's manual, appendix A).
  switch (errorCode(error)) {
    case "40001":
    case "40P01":
    case "55P03":
      return { kind: "conflict" };
    case "42P01":
      return { kind: "no-table" };
    case "42501":
      // By the place in the server's code, since its messages are in its own language.
      return errorCode(error, "routine") === "ExecWithCheckOptions"
        ? fault(
            "row level security keeps the user from the tables of counterfoil; turn it off for them, or use a user with BYPASSRLS",
          )
        : { kind: "no-right" };
    case "28P01":
    case "28000":
      return fault(REFUSED);
    case "3D000":
      return fault("there is no database of this name on the server; create it, or check the option database");
    case "3F000":
      return fault(
        "no schema of the connection's search_path is there, so tables cannot be made; create it, or correct search_path",
      );
    case "25006":
      return fault("the database is read-only, as replicas are; give the primary");
    case "53300":
      return fault("the database has no connection to spare; raise max_connections, or make the pools smaller");
    case "57P03":
      return fault("the database is starting up or shutting down; it serves again in a moment");
    case "26000":
    case "42P05":
      return fault(NO_NAMES);
    case "08P01":
      // The server's own has a place in its code: a name that means another statement by now.
      return errorCode(error, "routine") === "" ? diagnosePooler(error) : fault(NO_NAMES);
    default:
      return diagnoseNetwork(error);
  }
}

/** PgBouncer has one code for all that it says. */
function diagnosePooler(error: unknown): SqlDiagnosis | undefined {
  const message = error instanceof Error ? error.message : "";
  const found = POOLER_FACTS.find(([says]) => says.test(message));
  return found === undefined ? undefined : { kind: "fault", message: found[1] };
}

const REFUSED = "the database refused the user name or the password; check the connection's options";
const NO_NAMES =
  "a pooler between app and database keeps no prepared statements; write prepare: false, or let it keep them";
const STATEMENT_POOLING =
  "the pooler pools statements (PgBouncer: pool_mode = statement), and sign-ins need transactions; set pool_mode = transaction or session";

const POOLER_FACTS: readonly (readonly [RegExp, string])[] = [
  [/transaction blocks not allowed/, STATEMENT_POOLING],
  [/prepared statement/, NO_NAMES],
  [/no such database/, "the pooler knows no database of this name; add it there, or check the option database"],
  [/no such user|authentication failed/, REFUSED],
  [
    /no more connections allowed|query_wait_timeout/,
    "the pooler has no connection to spare; raise its limits (PgBouncer: max_client_conn, default_pool_size), or make the pools smaller",
  ],
  [
    /server login|server_login_retry/,
    "the pooler cannot sign in to the database; see its log, and whether the database is running",
  ],
];
