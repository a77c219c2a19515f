import { parseArgs } from "node:util";
import { DEFAULT_PREFIX, type MigrationDialect, readMigrations, schemaScript } from "../store/migrations.ts";
import { refusePrefix } from "../store/table-prefix.ts";
import { UsageError } from "./usage-error.ts";

const DIALECTS: Readonly<Record<string, MigrationDialect>> = {
  sqlite: "sqlite",
  mysql: "mysql",
  mariadb: "mysql",
  postgres: "postgres",
};

export const MIGRATE_USAGE: string = `counterfoil migrate --print <${Object.keys(DIALECTS).join("|")}> [--prefix ${DEFAULT_PREFIX}] [--from 0]
  Prints the statements that make the tables, for an operator to read and run where the app itself may not.
  --prefix  what the names of the tables begin with, as the option tablePrefix says
  --from    the version that is there: SELECT max(version) FROM ${DEFAULT_PREFIX}migration; 0 where nothing is`;

/** Returns the text to print. @throws UsageError */
export function migrate(args: readonly string[]): string {
  const { values, positionals } = parseMigrateArgs(args);
  const [dialect, ...more] = positionals;
  if (values.print !== true)
    throw new UsageError("migrate only prints so far: the app makes its tables itself at the start; add --print");
  if (dialect === "redis") throw new UsageError("Redis has no tables, so there is nothing to make");
  if (dialect === undefined || !Object.hasOwn(DIALECTS, dialect) || more.length > 0)
    throw new UsageError(`name one database: ${Object.keys(DIALECTS).join(", ")}`);
  const prefix = values.prefix ?? DEFAULT_PREFIX;
  const wrong = refusePrefix(prefix);
  if (wrong !== undefined) throw new UsageError(`--prefix ${wrong}`);
  const from = values.from ?? "0";
  if (!/^\d{1,4}$/.test(from)) throw new UsageError("--from takes a version, as in --from 1");
  const kind = DIALECTS[dialect] ?? "sqlite";
  const newest = readMigrations(kind).at(-1)?.version ?? 0;
  if (Number(from) > newest)
    throw new UsageError(
      `--from ${from} is newer than this package, which knows version ${newest}; update the package`,
    );
  return schemaScript(kind, prefix, Number(from));
}

interface MigrateArgs {
  readonly values: { readonly print?: boolean; readonly prefix?: string; readonly from?: string };
  readonly positionals: readonly string[];
}

function parseMigrateArgs(args: readonly string[]): MigrateArgs {
  try {
    const options = { print: { type: "boolean" }, prefix: { type: "string" }, from: { type: "string" } } as const;
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
