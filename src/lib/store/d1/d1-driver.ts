import { storeError } from "../../session/store-error.ts";
import type { SqlConnection, SqlDiagnosis, SqlDriver, SqlResult } from "../sql/sql-driver.ts";
import type { BatchedStatement, SqlValue } from "../sql/sql-text.ts";

/** A statement of D1, which `bind` completes. */
export interface D1Statement {
  bind(...values: SqlValue[]): D1Statement;
  all(): Promise<D1Result>;
}

export interface D1Result {
  readonly results: readonly object[];
  readonly meta: { readonly changes?: number };
}

/** The used part of the binding of a D1 database (`D1Database`). */
export interface D1DatabaseBinding {
  prepare(sql: string): D1Statement;
  batch(statements: never[]): Promise<unknown>;
}

/** D1 as a driver: each statement or batch is atomic, and there is no transaction. */
export function createD1Driver(database: D1DatabaseBinding): SqlDriver {
  async function runAll(statements: readonly BatchedStatement[], values: readonly SqlValue[]): Promise<SqlResult> {
    const bound = statements.map(({ text, values: indices }) =>
      database.prepare(text).bind(...indices.map((index) => values[index] ?? null)),
    );
    const [first] = bound;
    const results =
      first !== undefined && bound.length === 1
        ? [await first.all()]
        : ((await database.batch(bound as never[])) as readonly D1Result[]);
    return {
      rows: results.flatMap((result) => result.results.map(Object.values)),
      changes: results.at(-1)?.meta.changes ?? 0,
    };
  }

  const connection: SqlConnection = {
    run: ({ text, batch }, values) => runAll(batch ?? [{ text, values: [...values.keys()] }], values),
    execute: (text) => runAll([{ text, values: [] }], []),
    begin: noTransaction,
    commit: noTransaction,
    rollback: noTransaction,
    release: () => undefined,
    destroy: () => undefined,
  };

  return {
    connect: async () => connection,
    toParameter: (value) => value,
    diagnose,
    // SQLite's own code stands in the message if the statement has reached it, and failed there.
    isRefusal: (error) => /\bSQLITE_[A-Z]+/.test(messageOf(error)),
    poolSize: () => undefined,
    close: async () => undefined,
  };
}

async function noTransaction(): Promise<never> {
  throw storeError("D1 has no transactions");
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function diagnose(error: unknown): SqlDiagnosis | undefined {
  const message = messageOf(error);
  if (/\bno such table: /.test(message)) return { kind: "no-table" };
  if (/\b(?:no such column: |has no column named )/.test(message))
    return {
      kind: "fault",
      message:
        "a table in this D1 database is not one of counterfoil's, or not whole; choose another tablePrefix, or give that table another name",
    };
  return undefined;
}
