import { diagnoseNetwork, errorCode } from "../network-errors.ts";
import {
  CLOSED_POOL,
  refuseReplica,
  type SqlConnection,
  type SqlDiagnosis,
  type SqlDriver,
  type SqlResult,
} from "./sql-driver.ts";
import {
  guardNewClients,
  type PgClient,
  type PgQuery,
  type PgResult,
  type PostgresJs,
  type PostgresJsScope,
  type PostgresPool,
} from "./postgres-pool.ts";
import { listen, type ListenPool } from "./postgres-listen.ts";
import type { SqlValue } from "./sql-statements.ts";

/** Every value as text, even if the app has set parsers for all queries. */
const TEXTS: Pick<PgQuery, "rowMode" | "types"> = {
  rowMode: "array",
  types: { getTypeParser: () => (text) => text },
};

export interface PostgresDriverOptions {
  /** Provides the pool. Called again after a failure. */
  readonly pool: () => Promise<PostgresPool>;
  /** Ends the pool that the store made. */
  readonly end: () => Promise<void>;
  /**
   * Whether to prepare statements by name, which not every pooler between app and database
   * supports.
   */
  readonly prepare: boolean;
  /** Makes a pool of one connection for messages, for another address if one is given. */
  readonly listenPool?: (url: string | undefined) => Promise<ListenPool>;
}

export function createPostgresDriver({ pool, end, prepare, listenPool }: PostgresDriverOptions): SqlDriver {
  let seen: PostgresPool | undefined;
  const names = createNames(prepare);
  return {
    async connect() {
      const given = await pool();
      seen = given;
      if ("unsafe" in given) return fromPostgresJs(given, names);
      guardNewClients(given);
      return fromClient(await given.connect(), names);
    },

    ...(listenPool === undefined
      ? {}
      : {
          listen: async (channel: string, wake: () => void, url: string | undefined) =>
            listen(await listenPool(url), channel, wake),
        }),

    toParameter,
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

/** Whether statements are prepared by name. This can change while the pool is used. */
interface Names {
  readonly areUsed: () => boolean;
  /** After an error because of a name, no later statement has one. @returns the error */
  readonly judge: (error: unknown, isNamed: boolean) => unknown;
  /**
   * Whether the statement failed because of its name. Nothing was done, so it can be repeated
   * without one.
   */
  readonly isLost: (error: unknown) => boolean;
}

/**
 * A pooler that shares connections per transaction may know a name already or not at all. That
 * shows only under load, after a successful start.
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

/** The prepared statement does not exist, or exists already. */
const NAME_FAULTS: ReadonlySet<string> = new Set(["26000", "42P05"]);

/** A sign-in that waited for its lock must see the data that was committed meanwhile. */
const ISOLATION = "ISOLATION LEVEL READ COMMITTED READ WRITE";

function fromClient(client: PgClient, names: Names): SqlConnection {
  const execute = async (text: string): Promise<SqlResult> => toResult(await client.query({ ...TEXTS, text }));
  // A connection that breaks during use emits an event, too, which would end the process without a
  // listener.
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
    // The listener stays, because the connection may still emit an error.
    destroy: () => void client.release(true),
  };
}

const toResult = ({ rows, rowCount }: PgResult): SqlResult => ({ rows: rows as unknown[][], changes: rowCount ?? 0 });

const ignore = (): void => undefined;

/**
 * A pool behind the interface of a connection: each statement gets a connection, a transaction its
 * own. `reserve` cannot be used: a reserved connection that breaks returns to the live ones, and
 * its next use ends the process.
 */
function fromPostgresJs(pool: PostgresJs, names: Names): SqlConnection {
  let scope: PostgresJsScope = pool;
  let commit = (): void => undefined;
  let undo = (): void => undefined;
  let ended: Promise<unknown> | undefined;
  // Any statement on a broken connection would end the process. Its transaction is over.
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
            // Otherwise the transaction and its connection would stay open.
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
    // postgres.js cannot end a connection. A late one rolls its transaction back when it responds.
    destroy() {
      isGivenUp = true;
      if (!isBroken) undo();
    },
  };
}

const UNDONE: Error = new Error("the transaction is rolled back");

/** Of Node and of postgres.js, whose pool connects at the first statement. */
const UNCONNECTED: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  "CONNECT_TIMEOUT",
  "CONNECTION_ENDED",
]);

/** A connection ends, or the outcome is unknown. The statement may have been done. */
const UNCERTAIN = /^(?:08|57P0[125]|40003)/;

function isRefusal(error: unknown): boolean {
  const code = errorCode(error);
  // Only errors of the server have a severity.
  const isOfServer = error instanceof Error && "severity" in error;
  return isOfServer ? !UNCERTAIN.test(code) : UNCONNECTED.has(code);
}

const isClosedPool = (error: unknown): boolean =>
  errorCode(error) === "CONNECTION_ENDED" ||
  (error instanceof Error && error.message.startsWith("Cannot use a pool after calling end"));

const isFromServer = (error: unknown): boolean => error instanceof Error && error.name === "PostgresError";

/**
 * PostgreSQL stores no NUL, and our texts have none, because JSON escapes it. A requested handle
 * may have one, and must then not be found.
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
      // By the routine in the server's code, because its messages are localized.
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
      // The server's own error names a routine: the prepared name belongs to another statement.
      return errorCode(error, "routine") === "" ? diagnosePooler(error) : fault(NO_NAMES);
    default:
      return diagnoseNetwork(error);
  }
}

/** PgBouncer has one code for all its errors. */
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
