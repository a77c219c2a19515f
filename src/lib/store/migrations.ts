import { generalError, type SessionError } from "../errors.ts";
import { MIGRATION_STEPS } from "./migration-steps.ts";

/** Folders of `migrations/`; MariaDB and Galera take those of MySQL. */
export type MigrationDialect = keyof typeof MIGRATION_STEPS;

/** One step of a schema, from an immutable file `migrations/<dialect>/NNNN_name.sql`. */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/** What every table's name begins with, unless the app says otherwise. The files are written with it. */
export const DEFAULT_PREFIX = "counterfoil_";

/** All steps of a dialect, in order, for tables whose names begin with `prefix`. */
export function readMigrations(dialect: MigrationDialect, prefix: string = DEFAULT_PREFIX): readonly Migration[] {
  return Object.entries(MIGRATION_STEPS[dialect]).map(([file, sql]) => ({
    version: Number(file.slice(0, 4)),
    sql: sql.replaceAll(DEFAULT_PREFIX, prefix),
  }));
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
  ["session", "key", "lease", "replaced"].map((name) => `${prefix}${name}`);

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
): { readonly create: string; readonly read: string; readonly note: (version: number) => string } => ({
  create: `CREATE TABLE IF NOT EXISTS ${prefix}migration (version ${VERSION_TYPES[dialect]}`,
  read: `SELECT coalesce(max(version), 0) AS version FROM ${prefix}migration`,
  note: (version) =>
    dialect === "mysql"
      ? `INSERT IGNORE INTO ${prefix}migration (version) VALUES (${version})`
      : `INSERT INTO ${prefix}migration (version) VALUES (${version}) ON CONFLICT DO NOTHING`,
});

/** Everything that brings a schema from version `from` (0: nothing is there) to the newest, for an operator to read and run. */
export function schemaScript(dialect: MigrationDialect, prefix: string = DEFAULT_PREFIX, from: number = 0): string {
  const { create, note } = versionTable(dialect, prefix);
  const steps = readMigrations(dialect, prefix)
    .filter(({ version }) => version > from)
    .map(({ version, sql }) => `${sql.trim()}\n\n${note(version)};`);
  const script = [`${create};`, ...steps];
  // MySQL commits each statement that makes a table by itself, so there each may be run again; elsewhere it is all or nothing.
  return `${(dialect === "mysql" ? script : ["BEGIN;", ...script, "COMMIT;"]).join("\n\n")}\n`;
}

export const schemaTooNew = (found: number, known: number): SessionError =>
  generalError(
    "SCHEMA_TOO_NEW",
    `the database has schema version ${found}, and this version of counterfoil knows ${known}; update the package`,
  );
