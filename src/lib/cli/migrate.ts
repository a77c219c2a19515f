import { DEFAULT_PREFIX, type MigrationDialect, newestOf, readMigrations, schemaScript } from "../store/migrations.ts";
import { refusePrefix } from "../store/table-prefix.ts";
import { type Command, defineCommand, type Outcome } from "./command.ts";
import { UsageError } from "./command-error.ts";
import { drizzleSchema } from "./drizzle-schema.ts";

const DIALECTS: Readonly<Record<string, MigrationDialect | "d1">> = {
  sqlite: "sqlite",
  d1: "d1",
  mysql: "mysql",
  mariadb: "mysql",
  postgres: "postgres",
};
const NAMES = Object.keys(DIALECTS);

/** Prints the statements that make the tables, or the tables for Drizzle. */
export const migrate: Command = defineCommand({
  usage: `counterfoil migrate --print <${NAMES.join("|")}> [--prefix ${DEFAULT_PREFIX}] [--from 0] [--json]
  Prints the statements that make the tables, for an operator to read and run where the app itself may not.
counterfoil migrate --print drizzle --dialect <${NAMES.join("|")}> [--prefix ${DEFAULT_PREFIX}] [--json]
  Prints the tables as TypeScript for Drizzle, for queries of your own.
  --prefix  what the names of the tables begin with, as the option tablePrefix says
  --from    the version that is there: SELECT max(version) FROM ${DEFAULT_PREFIX}migration; 0 where nothing is`,
  options: { print: "flag", prefix: "text", from: "text", dialect: "text" },
  positionals: 2,
  run({ print, prefix = DEFAULT_PREFIX, from, dialect }, [what, ...more]) {
    if (print !== true)
      throw new UsageError("migrate only prints so far: the app makes its tables itself at the start; add --print");
    const wrong = refusePrefix(prefix);
    if (wrong !== undefined) throw new UsageError(`--prefix ${wrong}`);
    if (what === "drizzle" && more.length === 0) return printDrizzle({ prefix, from, dialect });
    if (dialect !== undefined)
      throw new UsageError("--dialect belongs to --print drizzle; of statements, write --print <database>");
    const kind = readDialect(more.length > 0 ? undefined : what, "");
    return printScript(kind, prefix, from ?? "0");
  },
});

/** @param option what stands before the name */
function readDialect(name: string | undefined, option: string): MigrationDialect | "d1" {
  if (name === "redis") throw new UsageError("Redis has no tables, so there is nothing to make");
  const kind = name !== undefined && Object.hasOwn(DIALECTS, name) ? DIALECTS[name] : undefined;
  if (kind === undefined) throw new UsageError(`name one database: ${option}${NAMES.join(", ")}`);
  return kind;
}

/** D1 has the steps of SQLite. */
const familyOf = (dialect: MigrationDialect | "d1"): MigrationDialect => (dialect === "d1" ? "sqlite" : dialect);

function printScript(dialect: MigrationDialect | "d1", prefix: string, from: string): Outcome {
  if (!/^\d{1,4}$/.test(from)) throw new UsageError("--from takes a version, as in --from 1");
  const version = newestOf(readMigrations(familyOf(dialect)));
  if (Number(from) > version)
    throw new UsageError(
      `--from ${from} is newer than this package, which knows version ${version}; update the package`,
    );
  const text = schemaScript(dialect, prefix, Number(from));
  return { text, json: { dialect, from: Number(from), version, sql: text } };
}

interface DrizzleOptions {
  readonly prefix: string;
  readonly from: string | undefined;
  readonly dialect: string | undefined;
}

function printDrizzle({ prefix, from, dialect }: DrizzleOptions): Outcome {
  if (from !== undefined) throw new UsageError("--from is for statements; leave it out with --print drizzle");
  const kind = familyOf(readDialect(dialect, "--dialect "));
  const text = drizzleSchema(kind, prefix);
  return { text, json: { dialect: kind, version: newestOf(readMigrations(kind)), source: text } };
}
