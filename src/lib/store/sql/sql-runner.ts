import { generalError, SessionError } from "../../errors.ts";
import { deadlineWithin } from "../../call.ts";
import { withDeadline } from "../../with-deadline.ts";
import { createRetry, type Retry } from "../retries.ts";
import { createConnectionQueue } from "./connection-queue.ts";
import { DriverFailure, markUntouched, storeError } from "../../session/store-error.ts";
import type { SqlConnection, SqlDriver, SqlResult } from "./sql-driver.ts";
import type { SqlStatement, SqlValue } from "./sql-statements.ts";

export type SqlRun = (statement: SqlStatement, values: readonly SqlValue[]) => Promise<SqlResult>;

/**
 * Runs statements on connections of a pool: tries again after a conflict, gives up after a while,
 * and says what is at fault.
 */
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

export interface SqlRunnerOptions {
  /**
   * How long one operation may take, waiting for a connection and all attempts included; ms. Within
   * a call the operations share the time of the call.
   */
  readonly timeout: number;
  /** See `ConnectionQueueOptions`. */
  readonly queueLimit?: number | undefined;
  /** Called when a table is not there. */
  readonly onMissing?: () => void;
}

/** A connection for one attempt, and how far that has come. */
interface Attempt {
  connection: SqlConnection | undefined;
  /** A place at the pool is given back by this. */
  leave: () => void;
  /**
   * Whether the database may have done for good what it was asked, whatever it answers or fails to.
   */
  mayBeDone: boolean;
  /** Nobody waits for it any more. */
  isOver: boolean;
}

type Work<T> = (connection: SqlConnection, attempt: Attempt) => Promise<T>;

export function createSqlRunner(driver: SqlDriver, { timeout, queueLimit, onMissing }: SqlRunnerOptions): SqlRunner {
  const queue = createConnectionQueue({ size: driver.poolSize, limit: queueLimit });

  function noConnection(): Error {
    const known = diagnose(driver.reason?.(), driver);
    return known instanceof SessionError ? known : noResponse("gave no connection", timeout);
  }

  const inSilence = (): Error => noResponse("gave no answer", timeout);

  /** Takes a connection for an attempt, by which it is given back: by `end` or by `giveUp`. */
  async function connect(attempt: Attempt, deadline: number): Promise<SqlConnection> {
    attempt.leave = await queue.enter(deadline);
    const connecting = driver.connect();
    try {
      attempt.connection = await withDeadline(connecting, deadline, noConnection);
    } catch (error) {
      // One that comes too late goes back.
      void connecting.then((late) => late.release()).catch(() => undefined);
      throw error;
    }
    return attempt.connection;
  }

  function end(attempt: Attempt): void {
    attempt.connection?.release();
    attempt.leave();
  }

  function giveUp(attempt: Attempt, error: unknown): void {
    attempt.isOver = true;
    // One that did not answer, or that broke, must not serve anybody else.
    if (isServerError(error)) attempt.connection?.release();
    else attempt.connection?.destroy();
    attempt.leave();
  }

  /** The database said no; the connection is as good as before. */
  const isServerError = (error: unknown): boolean => {
    const kind = driver.diagnose(error)?.kind;
    return kind === "conflict" || kind === "no-table" || kind === "no-right";
  };

  /**
   * Ends a failed attempt, and waits until the next.
   * @throws what has become of it, where there is none
   */
  async function recover(attempt: Attempt, error: unknown, retry: Retry): Promise<void> {
    giveUp(attempt, error);
    const kind = driver.diagnose(error)?.kind;
    if (kind === "no-table") onMissing?.();
    if (kind !== "conflict" || !(await retry()))
      throw explainError(error, driver, !attempt.mayBeDone || driver.isRefusal(error));
  }

  /** Takes a statement as it is, as each function more would stand in every query's stack. */
  function run<T>(work: Work<T>): Promise<T>;
  function run(work: SqlStatement, values: readonly SqlValue[]): Promise<SqlResult>;
  async function run(work: SqlStatement | Work<unknown>, values: readonly SqlValue[] = []): Promise<unknown> {
    const deadline = deadlineWithin(timeout);
    const retry = createRetry(deadline, apart);
    for (;;) {
      const attempt = newAttempt();
      try {
        const connection = await connect(attempt, deadline);
        const isStatement = typeof work !== "function";
        attempt.mayBeDone = isStatement;
        const working = isStatement ? connection.run(work, values) : work(untilOver(connection, attempt), attempt);
        const result = await withDeadline<unknown>(working, deadline, inSilence);
        end(attempt);
        return result;
      } catch (error) {
        await recover(attempt, error, retry);
      }
    }
  }

  return {
    withConnection: run,

    run,

    transaction: (causal, work) =>
      run(async (connection, attempt) => {
        await connection.begin(causal);
        try {
          const result = await work(connection.run);
          // Before that nothing lasts: a database undoes what a broken connection had begun.
          attempt.mayBeDone = true;
          await connection.commit();
          return result;
        } catch (error) {
          // Any other error costs the connection, which undoes as much.
          if (isServerError(error)) await connection.rollback();
          throw error;
        }
      }),
  };
}

/** Rivals that met once must not meet again. */
const apart = (attempts: number): number => Math.random() * Math.min(2 ** attempts, 64);

const newAttempt = (): Attempt => ({
  connection: undefined,
  leave: () => undefined,
  mayBeDone: false,
  isOver: false,
});

/**
 * What was given up asks nothing more when its last answer comes after all. A driver may have no
 * way to end the connection, and then the next statement would be done without the transaction,
 * which is over.
 */
function untilOver(connection: SqlConnection, attempt: Attempt): SqlConnection {
  const unlessOver =
    <A extends unknown[], R>(ask: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (attempt.isOver) throw new Error("the attempt has been given up");
      return ask(...args);
    };
  return {
    ...connection,
    run: unlessOver(connection.run),
    execute: unlessOver(connection.execute),
    begin: unlessOver(connection.begin),
    commit: unlessOver(connection.commit),
    rollback: unlessOver(connection.rollback),
  };
}

const noResponse = (fact: string, timeout: number): SessionError =>
  storeError(`the database ${fact} within ${timeout} ms`);

/** With what is known about a fault in the message, and the driver's own error as the cause. */
function explainError(error: unknown, driver: SqlDriver, isUntouched: boolean): unknown {
  const told = diagnose(error, driver);
  if (!isUntouched) return told;
  return markUntouched(told instanceof SessionError ? told : new DriverFailure(told));
}

function diagnose(error: unknown, driver: SqlDriver): unknown {
  const diagnosis = error instanceof SessionError ? undefined : driver.diagnose(error);
  switch (diagnosis?.kind) {
    case "fault":
      return storeError(diagnosis.message, error);
    case "no-table":
      return generalError(
        "SCHEMA_MISSING",
        "tables of counterfoil are not in this database; put them back, or restart the app, which makes what is missing anew (migrate: true), or run what npx counterfoil migrate --print prints",
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
