import { errorCode } from "../network-errors.ts";
import { generalError, type SessionError } from "../../errors.ts";
import {
  type MigrationDialect,
  type MigrationSource,
  newestOf,
  statementsOf,
  stepsToRun,
  tableNames,
  versionTable,
} from "../migrations.ts";
import { isUsable, type SchemaVersion, toSchemaVersion } from "../schema-version.ts";
import { type SqlConnection, type SqlDriver } from "./sql-driver.ts";
import type { SqlRunner } from "./sql-runner.ts";
import { selectAllColumns } from "./sql-statements.ts";

export interface SchemaOptions {
  readonly dialect: MigrationDialect;
  readonly prefix: string;
  /** Whether to create missing tables. */
  readonly migrate: boolean;
  /**
   * Whether to recreate a table that once existed. Not while the app runs: an operator may be about
   * to restore it with its sessions.
   */
  readonly remake: boolean;
  readonly source: MigrationSource;
  /** Precedes a read that must see the confirmed writes of all nodes, see `SqlTraits`. */
  readonly causal: string;
}

/** Migrates the tables to the version of this library. Several processes may call it at once. */
export async function prepareSchema(runner: SqlRunner, driver: SqlDriver, options: SchemaOptions): Promise<void> {
  const look = (): Promise<unknown> =>
    runner.withConnection(async (connection) => {
      for (const text of selectAllColumns(options.prefix)) await connection.execute(text);
    });
  const bringUpAndLook = async (isPartial: boolean): Promise<void> => {
    await bringUp(runner, driver, options, isPartial);
    // An unrelated table with our name must fail now, not at the first sign-in.
    await look();
  };
  try {
    await bringUpAndLook(false).catch((error: unknown) => {
      const isPartial = driver.diagnose(causeOf(error))?.kind === "no-table" && options.remake;
      // A missing column may be added in a moment, if another process is recreating a table.
      if (!isPartial && !isForeign(error)) throw error;
      return bringUpAndLook(isPartial);
    });
  } catch (error) {
    if (!isForeign(error)) throw error;
    // An error of a migration may name only a column.
    const telling: unknown = await look().then(
      () => error,
      (second: unknown) => second,
    );
    throw foreignTable(isForeign(telling) ? telling : error, options);
  }
}

/** @param isPartial whether a table is missing although the stored version includes it */
async function bringUp(
  runner: SqlRunner,
  driver: SqlDriver,
  options: SchemaOptions,
  isPartial: boolean,
): Promise<void> {
  const newest = newestOf(options.source(options.dialect));
  const schema = await runner.withConnection((connection) => readVersion(connection, driver, options));
  const found = schema.version;
  // A missing table of a newer schema is not created here, because it would lack columns.
  if (isUsable(schema, newest) && (!isPartial || found > newest)) return;
  const state = { found, newest, isPartial };
  if (!options.migrate) throw schemaMissing(state, options, "and migrate is false");
  try {
    await (options.dialect === "postgres"
      ? migratePostgres(runner, driver, options, isPartial)
      : migrateMysql(runner, driver, options, isPartial));
  } catch (error) {
    if (driver.diagnose(causeOf(error))?.kind !== "no-right") throw error;
    throw schemaMissing(state, options, "and this database user may not make tables", causeOf(error));
  }
}

async function readVersion(
  connection: SqlConnection,
  driver: SqlDriver,
  { dialect, prefix, causal }: SchemaOptions,
): Promise<SchemaVersion> {
  try {
    const { rows } = await connection.execute(causal + versionTable(dialect, prefix).read);
    return toSchemaVersion(rows[0]);
  } catch (error) {
    if (driver.diagnose(error)?.kind === "no-table") return toSchemaVersion(undefined);
    throw error;
  }
}

/** Migrates in one transaction, one process after another. */
async function migratePostgres(
  runner: SqlRunner,
  driver: SqlDriver,
  options: SchemaOptions,
  isPartial: boolean,
): Promise<void> {
  const { create, note } = versionTable("postgres", options.prefix);
  await runner.withConnection(async (connection) => {
    await connection.begin();
    try {
      await connection.execute(`SELECT pg_advisory_xact_lock(hashtext('counterfoil schema ${options.prefix}'))`);
      await connection.execute(create);
      const migrations = options.source("postgres", options.prefix);
      // Read again under the lock: another process may have been faster, and be newer.
      const done = await readVersion(connection, driver, options);
      isUsable(done, newestOf(migrations));
      const lost = isPartial ? await readLostTables(connection, options.prefix) : [];
      for (const text of stepsToRun(migrations, { done: done.version, lost, note })) await connection.execute(text);
      await connection.commit();
    } catch (error) {
      // Fails if the connection broke, which ends the transaction anyway.
      await connection.rollback().catch(() => undefined);
      throw error;
    }
  });
}

/** Read under the lock, because another process may have recreated them. */
async function readLostTables(connection: SqlConnection, prefix: string): Promise<readonly string[]> {
  const names = tableNames(prefix).map((name) => `('${name}')`);
  const { rows } = await connection.execute(
    `SELECT name FROM (VALUES ${names.join(", ")}) AS ours (name) WHERE to_regclass(name) IS NULL`,
  );
  return rows.map(([name]) => String(name));
}

/**
 * MySQL commits each statement by itself, so all are repeatable, and the version is stored last.
 * The statements of a step share a connection and its session variables.
 */
async function migrateMysql(
  runner: SqlRunner,
  driver: SqlDriver,
  options: SchemaOptions,
  isPartial: boolean,
): Promise<void> {
  const { create, note } = versionTable("mysql", options.prefix);
  const run = (text: string): Promise<unknown> => runner.run({ name: "", text }, []);
  await run(create);
  // Before the first table, so that other processes complete the rest, also after a crash.
  if (isPartial) await run(`DELETE FROM ${options.prefix}migration`);
  const migrations = options.source("mysql", options.prefix);
  const done = await runner.withConnection((connection) => readVersion(connection, driver, options));
  isUsable(done, newestOf(migrations));
  for (const migration of migrations) {
    if (migration.version <= done.version) continue;
    await runner.withConnection(async (connection) => {
      for (const text of statementsOf(migration)) await connection.execute(text);
    });
    await run(note(migration));
  }
}

/** The table exists, a column is missing or has another type, or a view has the table's name. */
const FOREIGN: ReadonlySet<string> = new Set(["42P07", "42703", "42804", "42809"]);
const FOREIGN_MYSQL: ReadonlySet<string> = new Set(["1054", "1347"]);

const isForeign = (error: unknown): boolean =>
  FOREIGN.has(errorCode(causeOf(error))) || FOREIGN_MYSQL.has(errorCode(causeOf(error), "errno"));

/** The table that the error names. The version table is read alone, so its error names none. */
function foreignTable(error: unknown, { prefix }: SchemaOptions): SessionError {
  const named = new RegExp(`\\b(?:${tableNames(prefix).join("|")})\\b`).exec(String(causeOf(error)))?.[0];
  return generalError(
    "SCHEMA_MISSING",
    `the table ${named ?? `${prefix}migration`} in this database is not one of counterfoil's, or not whole; choose another tablePrefix, or give that table another name`,
    causeOf(error),
  );
}

export const causeOf = (error: unknown): unknown =>
  error instanceof Error && error.cause !== undefined ? error.cause : error;

export function schemaMissing(
  { found, newest, isPartial }: { readonly found: number; readonly newest: number; readonly isPartial: boolean },
  { dialect, prefix }: { readonly dialect: MigrationDialect | "d1"; readonly prefix: string },
  why: string,
  cause?: unknown,
): SessionError {
  const state = found === 0 ? "are not there" : `have version ${found}, and version ${newest} is needed`;
  const run = "run once, as a user who may,";
  return generalError(
    "SCHEMA_MISSING",
    `${isPartial ? `one or more of the tables ${tableNames(prefix).join(", ")} have been removed, ${why}; ${run} the statements that name them, of those that this prints` : `the tables ${prefix}* ${state}, ${why}; ${run} what this prints`}: npx counterfoil migrate --print ${dialect}${prefix === "counterfoil_" ? "" : ` --prefix ${prefix}`}`,
    cause,
  );
}
