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
 * Runs statements on connections of a pool, with retries after conflicts, until a deadline, and
 * explains errors.
 */
export interface SqlRunner {
  /** Runs one statement, which is atomic by itself. */
  readonly run: SqlRun;
  /** Runs a transaction, and repeats it after a conflict. `causal` is that of `SqlTraits`. */
  readonly transaction: <T>(causal: string, work: (run: SqlRun) => Promise<T>) => Promise<T>;
  /** Runs any repeatable work on one connection. */
  readonly withConnection: <T>(work: (connection: SqlConnection) => Promise<T>) => Promise<T>;
}

export interface SqlRunnerOptions {
  /**
   * How long one operation may take in ms, with the wait for a connection and all attempts. Within
   * a call the operations share the time of the call.
   */
  readonly timeout: number;
  /** See `ConnectionQueueOptions`. */
  readonly queueLimit?: number | undefined;
  /** Called when a table is missing. */
  readonly onMissing?: () => void;
}

/** A connection for one attempt, and its progress. */
interface Attempt {
  connection: SqlConnection | undefined;
  /** Frees the slot of the queue. */
  leave: () => void;
  /** Whether the database may have committed, whatever its response is. */
  mayBeDone: boolean;
  /** No caller waits for it any more. */
  isOver: boolean;
}

type Work<T> = (connection: SqlConnection, attempt: Attempt) => Promise<T>;

export function createSqlRunner(driver: SqlDriver, { timeout, queueLimit, onMissing }: SqlRunnerOptions): SqlRunner {
  const queue = createConnectionQueue({ size: driver.poolSize, limit: queueLimit });

  function noConnection(): Error {
    const known = explain(driver.reason?.(), driver);
    return known instanceof SessionError ? known : timedOut("gave no connection", timeout);
  }

  const inSilence = (): Error => timedOut("gave no answer", timeout);

  /** Takes a connection for an attempt. `end` or `giveUp` return it. */
  async function connect(attempt: Attempt, deadline: number): Promise<SqlConnection> {
    attempt.leave = await queue.enter(deadline);
    const connecting = driver.connect();
    try {
      attempt.connection = await withDeadline(connecting, deadline, noConnection);
    } catch (error) {
      // A connection that arrives too late is returned.
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
    // A connection that did not respond, or broke, must not be used again.
    if (isServerError(error)) attempt.connection?.release();
    else attempt.connection?.destroy();
    attempt.leave();
  }

  /** The database sent an error, so the connection is still usable. */
  const isServerError = (error: unknown): boolean => {
    const kind = driver.diagnose(error)?.kind;
    return kind === "conflict" || kind === "no-table" || kind === "no-right";
  };

  /**
   * Ends a failed attempt, and waits for the next.
   * @throws the explained error if there is no next attempt
   */
  async function recover(attempt: Attempt, error: unknown, retry: Retry): Promise<void> {
    giveUp(attempt, error);
    const kind = driver.diagnose(error)?.kind;
    if (kind === "no-table") onMissing?.();
    if (kind !== "conflict" || !(await retry()))
      throw explainError(error, driver, !attempt.mayBeDone || driver.isRefusal(error));
  }

  /**
   * Takes a statement without a wrapper, because each more function adds to every query's stack.
   */
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
          // Before the commit a broken connection undoes everything.
          attempt.mayBeDone = true;
          await connection.commit();
          return result;
        } catch (error) {
          // After any other error the connection is dropped, which rolls back, too.
          if (isServerError(error)) await connection.rollback();
          throw error;
        }
      }),
  };
}

/** A random pause, so that two rivals do not meet again. */
const apart = (attempts: number): number => Math.random() * Math.min(2 ** attempts, 64);

const newAttempt = (): Attempt => ({
  connection: undefined,
  leave: () => undefined,
  mayBeDone: false,
  isOver: false,
});

/**
 * Stops an attempt that was given up from sending more statements. If the driver could not end the
 * connection, they would run outside of the transaction, which is over.
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

const timedOut = (fact: string, timeout: number): SessionError =>
  storeError(`the database ${fact} within ${timeout} ms`);

/** Adds the known cause to the message, and keeps the driver's error as `cause`. */
function explainError(error: unknown, driver: SqlDriver, isUntouched: boolean): unknown {
  const told = explain(error, driver);
  if (!isUntouched) return told;
  return markUntouched(told instanceof SessionError ? told : new DriverFailure(told));
}

/** Replaces an error by one that says what to do, if its meaning is known. */
export function explain(error: unknown, driver: Pick<SqlDriver, "diagnose">): unknown {
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
