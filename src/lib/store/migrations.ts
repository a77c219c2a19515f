import { MIGRATION_STEPS } from "./migration-steps.ts";

/** Folders of `migrations/`; MariaDB and Galera take those of MySQL. */
export type MigrationDialect = keyof typeof MIGRATION_STEPS;

/** One step of a schema, from an immutable file `migrations/<dialect>/NNNN_name.sql`. */
export interface Migration {
  readonly version: number;
  /**
   * The oldest version that code may know to go on with the tables after this step, from the line
   * `-- oldest: N` of the file. Undefined: this one.
   */
  readonly oldest?: number | undefined;
  readonly sql: string;
}

/** The steps that some code knows. An argument in tests, which play newer and older code. */
export type MigrationSource = (dialect: MigrationDialect, prefix?: string) => readonly Migration[];

/**
 * What every table's name begins with, unless the app says otherwise. The files are written with
 * it.
 */
export const DEFAULT_PREFIX = "counterfoil_";

/** All steps of a dialect, in order, for tables whose names begin with `prefix`. */
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

/** The statements of a step. No string in the files holds a semicolon at the end of a line. */
export const statementsOf = ({ sql }: Migration): readonly string[] =>
  sql
    .replaceAll(/^--.*$/gm, "")
    .split(/;\s*$/m)
    .map((text) => text.trim())
    .filter((text) => text !== "");

/** The tables that the steps make. */
export const tableNames = (prefix: string): readonly string[] =>
  ["session", "key", "lease", "replaced", "revocation", "device", "audit"].map((name) => `${prefix}${name}`);

/** Whether a statement makes, changes or fills one of these tables. */
export const isAbout = (text: string, tables: readonly string[]): boolean =>
  tables.some((table) => new RegExp(`\\b${table}\\b`).test(text));

const VERSION_TYPES: Readonly<Record<MigrationDialect, string>> = {
  sqlite: "INTEGER NOT NULL PRIMARY KEY) STRICT",
  mysql: "INT NOT NULL PRIMARY KEY) ENGINE = InnoDB",
  postgres: "INTEGER NOT NULL PRIMARY KEY)",
};

/** The statements that keep the version of a schema. */
export const versionTable = (
  dialect: MigrationDialect,
  prefix: string,
): { readonly create: string; readonly read: string; readonly note: (migration: Migration) => string } => ({
  create: `CREATE TABLE IF NOT EXISTS ${prefix}migration (version ${VERSION_TYPES[dialect]}`,
  // All columns, since the second is not there before the step that adds it.
  read: `SELECT * FROM ${prefix}migration ORDER BY version DESC LIMIT 1`,
  note({ version, oldest }) {
    const [columns, values] =
      oldest === undefined ? ["version", version] : ["version, oldest", `${version}, ${oldest}`];
    return dialect === "mysql"
      ? `INSERT IGNORE INTO ${prefix}migration (${columns}) VALUES (${values})`
      : `INSERT INTO ${prefix}migration (${columns}) VALUES (${values}) ON CONFLICT DO NOTHING`;
  },
});

/** The newest version of some steps. */
export const newestOf = (migrations: readonly Migration[]): number => migrations.at(-1)?.version ?? 0;

/**
 * Everything that brings a schema from version `from` (0: nothing is there) to the newest, for an
 * operator to read and run.
 */
export function schemaScript(
  dialect: MigrationDialect,
  prefix: string = DEFAULT_PREFIX,
  from: number = 0,
  source: MigrationSource = readMigrations,
): string {
  const { create, note } = versionTable(dialect, prefix);
  const steps = source(dialect, prefix)
    .filter(({ version }) => version > from)
    .map((migration) => `${migration.sql.trim()}\n\n${note(migration)};`);
  const script = [`${create};`, ...steps];
  // MySQL commits each statement that makes a table by itself, so there each may be run again;
  // elsewhere it is all or nothing.
  return `${(dialect === "mysql" ? script : ["BEGIN;", ...script, "COMMIT;"]).join("\n\n")}\n`;
}
