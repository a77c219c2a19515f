import { setTimeout as delay } from "node:timers/promises";
import { generalError, SessionError } from "../errors.ts";
import { inTime } from "./in-time.ts";
import type { SqlConnection, SqlDriver, SqlResult } from "./sql-driver.ts";
import type { SqlStatement, SqlValue } from "./sql-statements.ts";

export type SqlRun = (statement: SqlStatement, values: readonly SqlValue[]) => Promise<SqlResult>;

/** Runs statements on connections of a pool: tries again after a conflict, gives up after a while, and says what is at fault. */
export interface SqlRunner {
  /** One statement, which is atomic by itself. */
  readonly run: SqlRun;
  /**
   * Several in a transaction; all of them run again when another transaction had to go first.
   * `causal` is that of `SqlTraits`.
   */
  readonly transaction: <T>(causal: string, work: (run: SqlRun) => Promise<T>) => Promise<T>;
  /** Any use of one connection that may be made again, as it is after a conflict. */
  readonly withConnection: <T>(work: (connection: SqlConnection) => Promise<T>) => Promise<T>;
}

/** @param timeout how long one operation may take, waiting for a connection and all attempts included; ms */
export function createSqlRunner(driver: SqlDriver, timeout: number): SqlRunner {
  const fromNow = (): number => performance.now() + timeout;

  function noConnection(): Error {
    const known = explain(driver.reason?.(), driver);
    return known instanceof SessionError ? known : noAnswer("gave no connection", timeout);
  }

  async function withConnection<T>(work: (connection: SqlConnection) => Promise<T>, deadline: number): Promise<T> {
    const connecting = driver.connect();
    let connection: SqlConnection | undefined;
    try {
      connection = await inTime(connecting, deadline, noConnection);
      const result = await inTime(work(connection), deadline, () => noAnswer("gave no answer", timeout));
      connection.release();
      return result;
    } catch (error) {
      // One that comes too late goes back; one that did not answer, or that broke, must not serve anybody else.
      if (connection === undefined) void connecting.then((late) => late.release()).catch(() => undefined);
      else if (isAnswer(error)) connection.release();
      else connection.destroy();
      throw error;
    }
  }

  /** The database said no; the connection is as good as before. */
  const isAnswer = (error: unknown): boolean => {
    const kind = driver.diagnose(error)?.kind;
    return kind === "conflict" || kind === "no-table" || kind === "no-right";
  };

  async function retrying<T>(attempt: (deadline: number) => Promise<T>): Promise<T> {
    const deadline = fromNow();
    for (let turn = 1; ; turn += 1) {
      try {
        return await attempt(deadline);
      } catch (error) {
        const diagnosis = driver.diagnose(error);
        if (diagnosis?.kind !== "conflict" || performance.now() > deadline) throw explain(error, driver);
        // Rivals that met once must not meet again.
        await delay(Math.random() * Math.min(2 ** turn, 64));
      }
    }
  }

  return {
    withConnection: (work) => retrying((deadline) => withConnection(work, deadline)),

    run: (statement, values) =>
      retrying((deadline) => withConnection((connection) => connection.run(statement, values), deadline)),

    transaction: (causal, work) =>
      retrying((deadline) =>
        withConnection(async (connection) => {
          await connection.begin(causal);
          try {
            const result = await work(connection.run);
            await connection.commit();
            return result;
          } catch (error) {
            // Any other error costs the connection, which undoes as much.
            if (isAnswer(error)) await connection.rollback();
            throw error;
          }
        }, deadline),
      ),
  };
}

const noAnswer = (fact: string, timeout: number): SessionError =>
  generalError(
    "STORE_UNAVAILABLE",
    `the database ${fact} within ${timeout} ms; sessions are untouched, and it is asked again by the next call`,
  );

/** With what is known about a fault in the message, and the driver's own error as the cause. */
export function explain(error: unknown, driver: SqlDriver): unknown {
  const diagnosis = error instanceof SessionError ? undefined : driver.diagnose(error);
  switch (diagnosis?.kind) {
    case "fault":
      return generalError("STORE_UNAVAILABLE", `${diagnosis.message}; sessions are untouched`, error);
    case "no-table":
      return generalError(
        "SCHEMA_MISSING",
        "the tables of counterfoil are not in this database; let it make them (migrate: true), or run what npx counterfoil migrate --print prints",
        error,
      );
    case "no-right":
      return generalError(
        "STORE_UNSUITABLE",
        "the database user lacks a right on the tables of counterfoil; grant SELECT, INSERT, UPDATE and DELETE, and CREATE where it is to make them (on MySQL and MariaDB also ALTER and INDEX)",
        error,
      );
    default:
      return error;
  }
}
