import {
  diagnoseNetwork,
  errorCode,
  type SqlConnection,
  type SqlDiagnosis,
  type SqlDriver,
  type SqlResult,
} from "./sql-driver.ts";
import type { SqlStatement, SqlValue } from "./sql-statements.ts";

/** A client of a pool of pg. */
export interface PgClient {
  query(query: PgQuery): Promise<{ readonly rows: unknown[]; readonly rowCount: number | null }>;
  release(destroy?: boolean): unknown;
  on(event: "error", listener: () => void): unknown;
  off(event: "error", listener: () => void): unknown;
}

/** The one method of a `Pool` of pg that is called. */
export interface PgPool {
  connect(): Promise<PgClient>;
}

interface PgQuery {
  readonly text: string;
  readonly values?: SqlValue[];
  readonly name?: string;
  readonly rowMode: "array";
}

/** What is called of postgres.js: of the function that its default export returns, or of a connection that it reserves. */
export interface PostgresJs {
  unsafe(text: string, values?: SqlValue[], options?: { readonly prepare?: boolean }): PostgresJsQuery;
  reserve(): Promise<PostgresJsConnection>;
}

export interface PostgresJsConnection {
  unsafe: PostgresJs["unsafe"];
  release(): unknown;
}

export interface PostgresJsQuery {
  values(): PromiseLike<unknown[][] & { readonly count?: number | null }>;
}

export type PostgresPool = PgPool | PostgresJs;

export interface PostgresDriverOptions {
  /** Gives the pool; asked again when it failed. */
  readonly pool: () => Promise<PostgresPool>;
  /** Ends the pool, if it is ours. */
  readonly end: () => Promise<void>;
  /** Whether statements stay prepared under their names; not every pooler between app and database can do that. */
  readonly prepare: boolean;
}

export function createPostgresDriver({ pool, end, prepare }: PostgresDriverOptions): SqlDriver {
  return {
    // A sign-in that waited for its turn must see what was committed meanwhile.
    begin: ["BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"],

    async connect() {
      const given = await pool();
      return "unsafe" in given
        ? fromReserved(await given.reserve(), prepare)
        : fromClient(await given.connect(), prepare);
    },

    diagnose,
    close: end,
  };
}

function fromClient(client: PgClient, prepare: boolean): SqlConnection {
  const ask = async (query: Omit<PgQuery, "rowMode">): Promise<SqlResult> => {
    const { rows, rowCount } = await client.query({ ...query, rowMode: "array" });
    return { rows: rows as unknown[][], changes: rowCount ?? 0 };
  };
  // A connection that breaks while it is in use says so by an event, too, which would end the process if nobody listened.
  client.on("error", ignore);
  const giveBack = (): void => {
    client.off("error", ignore);
    client.release();
  };
  return {
    run: ({ name, text }, values) => ask({ text, values: values.map(toParameter), ...(prepare ? { name } : {}) }),
    execute: (text) => ask({ text }),
    release: giveBack,
    // Still listened to: it may yet say how it ended.
    destroy: () => void client.release(true),
  };
}

const ignore = (): void => undefined;

function fromReserved(connection: PostgresJsConnection, prepare: boolean): SqlConnection {
  const toResult = (rows: unknown[][] & { readonly count?: number | null }): SqlResult => ({
    rows,
    changes: rows.count ?? 0,
  });
  return {
    run: async ({ text }: SqlStatement, values) =>
      toResult(await connection.unsafe(text, values.map(toParameter), { prepare }).values()),
    execute: async (text) => toResult(await connection.unsafe(text).values()),
    release: () => void connection.release(),
    // It offers no way to end one connection; a dead one ends itself.
    destroy: () => void connection.release(),
  };
}

/** No text there can hold a NUL, and none of ours does, since JSON escapes it; a handle that somebody asks for may, and is then one that is not there. */
const toParameter = (value: SqlValue): SqlValue =>
  typeof value === "string" ? value.replaceAll("\0", "\ufffd") : value;

function diagnose(error: unknown): SqlDiagnosis | undefined {
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
      return { kind: "no-right" };
    case "28P01":
    case "28000":
      return fault("the database refused the user name or the password; check the connection's options");
    case "3D000":
      return fault("there is no database of this name on the server; create it, or check the option database");
    case "25006":
      return fault("the database is read-only, as replicas are; give the primary");
    case "53300":
      return fault("the database has no connection to spare; raise max_connections, or make the pools smaller");
    case "57P03":
      return fault("the database is starting up or shutting down; it serves again in a moment");
    case "26000":
    case "08P01":
      return fault(
        "a pooler between app and database keeps no prepared statements; write prepare: false, or let it keep them",
      );
    default:
      return diagnoseNetwork(error);
  }
}
