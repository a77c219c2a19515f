import { MIGRATION_STEPS } from "./migration-steps.ts";

/** The folders of `migrations/`. MariaDB and Galera use that of MySQL. */
export type MigrationDialect = keyof typeof MIGRATION_STEPS;

/** One step of a schema, from an immutable file `migrations/<dialect>/NNNN_name.sql`. */
export interface Migration {
  readonly version: number;
  /**
   * The oldest version of the code that can use the tables after this step, from the line
   * `-- oldest: N` of the file. Undefined: this version.
   */
  readonly oldest?: number | undefined;
  readonly sql: string;
}

/** Provides the known steps. Tests pass another source to play newer and older code. */
export type MigrationSource = (dialect: MigrationDialect, prefix?: string) => readonly Migration[];

/** The default prefix of table names. The files are written with it. */
export const DEFAULT_PREFIX = "counterfoil_";

/** Reads all steps of a dialect, in order, for tables with `prefix`. */
export function readMigrations(dialect: MigrationDialect, prefix: string = DEFAULT_PREFIX): readonly Migration[] {
  return Object.entries(MIGRATION_STEPS[dialect]).map(([file, sql]) => {
    const oldest = /^-- oldest: (\d+)$/m.exec(sql)?.[1];
    return {
      version: Number(file.slice(0, 4)),
      oldest: oldest === undefined ? undefined : Number(oldest),
      sql: sql.replaceAll(DEFAULT_PREFIX, prefix),
    };
  });
}

/** Splits a step into statements. No string in the files has a semicolon at the end of a line. */
export const statementsOf = ({ sql }: Migration): readonly string[] =>
  sql
    .replaceAll(/^--.*$/gm, "")
    .split(/;\s*$/m)
    .map((text) => text.trim())
    .filter((text) => text !== "");

/** The tables that the steps create. */
export const tableNames = (prefix: string): readonly string[] =>
  ["session", "key", "lease", "replaced", "revocation", "device", "audit"].map((name) => `${prefix}${name}`);

/** Whether a statement creates, changes or fills one of these tables. */
export const isAbout = (text: string, tables: readonly string[]): boolean =>
  tables.some((table) => new RegExp(`\\b${table}\\b`).test(text));

const VERSION_TYPES: Readonly<Record<MigrationDialect, string>> = {
  sqlite: "INTEGER NOT NULL PRIMARY KEY) STRICT",
  mysql: "INT NOT NULL PRIMARY KEY) ENGINE = InnoDB",
  postgres: "INTEGER NOT NULL PRIMARY KEY)",
};

/** The statements for the version of a schema. */
export const versionTable = (
  dialect: MigrationDialect,
  prefix: string,
): { readonly create: string; readonly read: string; readonly note: (migration: Migration) => string } => ({
  create: `CREATE TABLE IF NOT EXISTS ${prefix}migration (version ${VERSION_TYPES[dialect]}`,
  // All columns, because an earlier step may not have added the second one yet.
  read: `SELECT * FROM ${prefix}migration ORDER BY version DESC LIMIT 1`,
  note({ version, oldest }) {
    const [columns, values] =
      oldest === undefined ? ["version", version] : ["version, oldest", `${version}, ${oldest}`];
    return dialect === "mysql"
      ? `INSERT IGNORE INTO ${prefix}migration (${columns}) VALUES (${values})`
      : `INSERT INTO ${prefix}migration (${columns}) VALUES (${values}) ON CONFLICT DO NOTHING`;
  },
});

/**
 * The statements that bring tables from version `done` to the newest, and make those in `lost`
 * anew.
 *
 * @param note stores that a step is done
 */
export const stepsToRun = (
  migrations: readonly Migration[],
  {
    done,
    lost,
    note,
  }: { readonly done: number; readonly lost: readonly string[]; readonly note: (migration: Migration) => string },
): readonly string[] =>
  migrations.flatMap((migration) => {
    const isNew = migration.version > done;
    const texts = statementsOf(migration).filter((text) => isNew || isAbout(text, lost));
    return isNew ? [...texts, note(migration)] : texts;
  });

/** The newest version of the given steps. */
export const newestOf = (migrations: readonly Migration[]): number => migrations.at(-1)?.version ?? 0;

/**
 * The script that migrates a schema from version `from` (0: no tables) to the newest, for an
 * operator to run.
 */
export function schemaScript(
  dialect: MigrationDialect | "d1",
  prefix: string = DEFAULT_PREFIX,
  from: number = 0,
  source: MigrationSource = readMigrations,
): string {
  const family = dialect === "d1" ? "sqlite" : dialect;
  const { create, note } = versionTable(family, prefix);
  const steps = source(family, prefix)
    .filter(({ version }) => version > from)
    .map((migration) => `${migration.sql.trim()}\n\n${note(migration)};`);
  const script = [`${create};`, ...steps];
  // MySQL commits each CREATE TABLE by itself, so the statements are repeatable there. D1 refuses
  // the words, and runs a file as a whole. Other databases use a transaction.
  const isBare = dialect === "mysql" || dialect === "d1";
  return `${(isBare ? script : ["BEGIN;", ...script, "COMMIT;"]).join("\n\n")}\n`;
}
