import { generalError } from "../../errors.ts";
import { newestOf, stepsToRun, tableNames, versionTable } from "../migrations.ts";
import { isUsable, type SchemaVersion, toSchemaVersion } from "../schema-version.ts";
import type { SqlDriver, SqlResult } from "../sql/sql-driver.ts";
import type { SqlRunner } from "../sql/sql-runner.ts";
import { causeOf, type SchemaOptions, schemaMissing } from "../sql/sql-schema.ts";
import { selectAllColumns } from "../sql/sql-statements.ts";

/**
 * Migrates the tables in one batch. Where they are there it takes one round trip, because Workers
 * start all the time.
 */
export async function prepareD1Schema(
  runner: SqlRunner,
  driver: Pick<SqlDriver, "diagnose">,
  { prefix, migrate, remake, source }: SchemaOptions,
): Promise<void> {
  const { create, read, note } = versionTable("sqlite", prefix);
  const migrations = source("sqlite", prefix);
  const newest = newestOf(migrations);
  const runAll = (texts: readonly string[]): Promise<SqlResult> =>
    runner.run({ name: "", text: "", batch: texts.map((text) => ({ text, values: [] })) }, []);

  /** Fails if a table or a column is missing. */
  const look = async (): Promise<SchemaVersion> =>
    toSchemaVersion((await runAll([read, ...selectAllColumns(prefix)])).rows[0]);
  const isReady = async (): Promise<boolean> => isUsable(await look(), newest);

  try {
    if (await isReady()) return;
  } catch (error) {
    const kind = driver.diagnose(causeOf(error))?.kind;
    // Columns of a later step are missing before it.
    if (kind !== "no-table" && kind !== "fault") throw error;
  }
  const tables = await readTables(runner);
  const found = tables.has(`${prefix}migration`) ? await readVersion(runner, read) : toSchemaVersion(undefined);
  const lost = found.version === 0 ? [] : tableNames(prefix).filter((name) => !tables.has(name));
  const state = { found: found.version, newest, isPartial: lost.length > 0 };
  const named = { dialect: "d1", prefix } as const;
  if (!migrate) throw schemaMissing(state, named, "and migrate is false");
  // Those of a newer version would lack columns; and an operator may be about to restore others.
  if (lost.length > 0 && (!remake || found.version > newest)) throw schemaMissing(state, named, "while the app runs");
  try {
    await runAll([create, ...stepsToRun(migrations, { done: found.version, lost, note })]);
  } catch (error) {
    // Another process may have been faster, and then this batch has done nothing.
    if (!(await isReady().catch(() => false))) throw error;
    return;
  }
  if (await isReady()) return;
  throw generalError("SCHEMA_MISSING", `the tables ${prefix}* could not be made`);
}

async function readTables(runner: SqlRunner): Promise<ReadonlySet<unknown>> {
  const text = "SELECT name FROM sqlite_master WHERE type = 'table'";
  return new Set((await runner.run({ name: "", text }, [])).rows.map(([name]) => name));
}

const readVersion = async (runner: SqlRunner, text: string): Promise<SchemaVersion> =>
  toSchemaVersion((await runner.run({ name: "", text }, [])).rows[0]);
