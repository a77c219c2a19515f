/**
 * The schema that `counterfoil migrate --print drizzle` prints, run with functions that note how
 * they are called, is the schema of a real database.
 */
import { DatabaseSync } from "node:sqlite";
import { transformSync } from "esbuild";
import mysql from "mysql2/promise";
import { describe, expect, onTestFinished, test } from "vitest";
import { drizzleSchema } from "../../src/lib/cli/drizzle-schema.ts";
import { schemaScript, statementsOf, type MigrationDialect } from "../../src/lib/store/migrations.ts";
import { counterfoil } from "../fixtures/command.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { sharedMariaDb, sharedPostgres } from "../servers/shared.ts";
import { openStore } from "./open-store.ts";

/** A column as the schema says it: `"bigint not null"` and the like. */
interface TableShape {
  readonly name: string;
  readonly columns: Readonly<Record<string, string>>;
  /** The columns of the primary key, of columns that are unique, and of each index by its name. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
}

interface NotedColumn {
  readonly name: string;
  readonly type: string;
  required: boolean;
  primary: boolean;
  single: boolean;
  notNull(): NotedColumn;
  primaryKey(): NotedColumn;
  unique(): NotedColumn;
}

interface NotedTable {
  readonly name: string;
  readonly columns: Readonly<Record<string, NotedColumn>>;
  readonly extras: readonly { readonly name: string; readonly columns: readonly NotedColumn[] }[];
}

const noted = (type: string): NotedColumn & { name: string } => ({
  name: "",
  type,
  required: false,
  primary: false,
  single: false,
  notNull() {
    this.required = true;
    return this;
  },
  primaryKey() {
    this.primary = true;
    return this;
  },
  unique() {
    this.single = true;
    return this;
  },
});

/** What stands in for Drizzle: each function notes its arguments. */
const builders: Readonly<Record<string, unknown>> = new Proxy(
  {},
  {
    get(_, name: string) {
      if (name === "customType")
        return (config: { dataType(): string }) => (column: string) =>
          Object.assign(noted(config.dataType()), { name: column });
      if (name === "index")
        return (index: string) => ({ on: (...columns: NotedColumn[]) => ({ name: index, columns }) });
      if (name === "primaryKey")
        return ({ columns }: { columns: readonly NotedColumn[] }) => ({ name: "PRIMARY", columns });
      if (name.endsWith("Table"))
        return (table: string, columns: NotedTable["columns"], extras?: (own: unknown) => NotedTable["extras"]) => ({
          name: table,
          columns,
          extras: extras?.(columns) ?? [],
        });
      return (column: string, options?: { length?: number; mode?: string }) =>
        Object.assign(noted(options?.length === undefined ? name : `${name}(${options.length})`), { name: column });
    },
  },
);

function run(source: string): { readonly module: string; readonly tables: readonly NotedTable[] } {
  const { code } = transformSync(source, { loader: "ts", format: "cjs" });
  const exported: { exports: Record<string, NotedTable> } = { exports: {} };
  let module = "";
  const load = (name: string): unknown => {
    module = name;
    return builders;
  };
  // oxlint-disable-next-line typescript/no-implied-eval -- it is the code under test
  new Function("module", "require", "Buffer", code)(exported, load, Buffer);
  return { module, tables: Object.values(exported.exports) };
}

const shapeOf = ({ name, columns, extras }: NotedTable): TableShape => {
  const all = Object.values(columns);
  const primary = all.filter((column) => column.primary).map((column) => column.name);
  return {
    name,
    columns: Object.fromEntries(
      all.map((column) => [column.name, `${column.type}${column.required ? " not null" : ""}`]),
    ),
    keys: Object.fromEntries([
      ...(primary.length > 0 ? [["PRIMARY", primary] as const] : []),
      ...all.filter((column) => column.single).map((column) => [`UNIQUE ${column.name}`, [column.name]] as const),
      ...extras.map((extra) => [extra.name, extra.columns.map((column) => column.name)] as const),
    ]),
  };
};

const byName = (one: { readonly name: string }, other: { readonly name: string }): number =>
  one.name < other.name ? -1 : 1;

async function printed(dialect: string, prefix: string): Promise<readonly TableShape[]> {
  const args = ["migrate", "--print", "drizzle", "--dialect", dialect, "--prefix", prefix];
  const { status, stdout, stderr } = await counterfoil(args);
  expect([status, stderr]).toEqual([0, ""]);
  const { module, tables } = run(stdout);
  const modules: Readonly<Record<string, string>> = { sqlite: "sqlite", postgres: "pg", mysql: "mysql" };
  expect(module).toBe(`drizzle-orm/${modules[dialect]}-core`);
  expect(tables.length).toBeGreaterThanOrEqual(8);
  return tables.map(shapeOf).toSorted(byName);
}

/** Rows of columns, and of the columns of indexes, as a database tells them. */
function toShapes(
  columns: readonly {
    readonly table: string;
    readonly column: string;
    readonly type: string;
    readonly required: boolean;
  }[],
  keys: readonly { readonly table: string; readonly key: string; readonly column: string }[],
): readonly TableShape[] {
  return [...new Set(columns.map(({ table }) => table))]
    .map((name) => ({
      name,
      columns: Object.fromEntries(
        columns
          .filter(({ table }) => table === name)
          .map(({ column, type, required }) => [column, `${type}${required ? " not null" : ""}`]),
      ),
      keys: Object.fromEntries(
        [...new Set(keys.filter(({ table }) => table === name).map(({ key }) => key))].map((key) => [
          key,
          keys.filter((row) => row.table === name && row.key === key).map(({ column }) => column),
        ]),
      ),
    }))
    .toSorted(byName);
}

test("SQLite: the printed tables are those of a database", async () => {
  const database = new DatabaseSync(":memory:");
  onTestFinished(() => database.close());
  database.exec(schemaScript("sqlite", "shop_"));
  const columns = database
    .prepare(
      `SELECT m.name AS "table", c.name AS "column", lower(c.type) AS type, c."notnull" AS required
       FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY c.cid`,
    )
    .all() as { table: string; column: string; type: string; required: number }[];
  const keys = database
    .prepare(
      `SELECT m.name AS "table", CASE l.origin WHEN 'pk' THEN 'PRIMARY' WHEN 'u' THEN 'UNIQUE ' || i.name ELSE l.name END AS key, i.name AS "column"
       FROM sqlite_schema m JOIN pragma_index_list(m.name) l JOIN pragma_index_info(l.name) i
       WHERE m.type = 'table' ORDER BY i.seqno`,
    )
    .all() as { table: string; key: string; column: string }[];
  // An INTEGER PRIMARY KEY is the row's own number, and has no index.
  keys.push({ table: "shop_migration", key: "PRIMARY", column: "version" });
  const shapes = toShapes(
    columns.map((row) => ({ ...row, required: row.required === 1 })),
    keys,
  );
  expect(await printed("sqlite", "shop_")).toEqual(shapes);
});

describeWithServer("postgres", "PostgreSQL", () => {
  test("the printed tables are those of a database", async () => {
    const server = await sharedPostgres();
    const database = await server.createDatabase();
    const store = await openStore({ by: "pg", url: server.url(database) });
    await store.prepare();
    await store.close();
    const columns = await server.admin(
      `SELECT table_name AS "table", column_name AS "column", data_type AS type, is_nullable = 'NO' AS required
       FROM information_schema.columns WHERE table_name LIKE 'counterfoil\\_%' ORDER BY ordinal_position`,
      database,
    );
    const keys = await server.admin(
      `SELECT t.relname AS "table", CASE WHEN x.indisprimary THEN 'PRIMARY' WHEN x.indisunique THEN 'UNIQUE ' || a.attname ELSE i.relname END AS key, a.attname AS "column"
       FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
       JOIN unnest(x.indkey) WITH ORDINALITY k(attnum, seq) ON true
       JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
       WHERE t.relname LIKE 'counterfoil\\_%' ORDER BY k.seq`,
      database,
    );
    const shapes = toShapes(columns as never, keys as never);
    expect(await printed("postgres", "counterfoil_")).toEqual(shapes);
  });
});

describeWithServer("mariadb", "MariaDB", () => {
  test("the printed tables are those of a database", async () => {
    const server = await sharedMariaDb();
    const database = await server.createDatabase();
    const url = server.url(database);
    const store = await openStore({ by: "mysql2", url });
    await store.prepare();
    await store.close();
    const connection = await mysql.createConnection(url);
    onTestFinished(() => connection.end());
    const [columns] = await connection.query(
      `SELECT table_name AS \`table\`, column_name AS \`column\`, column_type AS type, is_nullable = 'NO' AS required
       FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY ordinal_position`,
    );
    const [keys] = await connection.query(
      `SELECT table_name AS \`table\`, IF(non_unique = 0 AND index_name <> 'PRIMARY', CONCAT('UNIQUE ', column_name), index_name) AS \`key\`, column_name AS \`column\`
       FROM information_schema.statistics WHERE table_schema = DATABASE()
       ORDER BY seq_in_index`,
    );
    const shapes = toShapes(
      (columns as { table: string; column: string; type: string; required: number }[]).map((row) => ({
        ...row,
        // A number that Drizzle does not print.
        type: row.type.replace(/^(bigint|int|smallint)\(\d+\)$/, "$1"),
        required: row.required === 1,
      })),
      keys as never,
    );
    expect(await printed("mysql", "counterfoil_")).toEqual(shapes);
  });
});

describe.each(["sqlite", "mysql", "postgres"] as const)("a migration of tomorrow (%s)", (dialect: MigrationDialect) => {
  const print = (sql: string): string => drizzleSchema(dialect, "x_", () => [{ version: 1, sql }]);

  test("adds what it adds", () => {
    const type = { sqlite: "TEXT", mysql: "VARBINARY(9)", postgres: 'TEXT COLLATE "C"' }[dialect];
    const sql = `CREATE TABLE x_new (\n  one ${type} NOT NULL PRIMARY KEY\n);\n\nALTER TABLE x_new ADD COLUMN two ${type};\n`;
    expect(statementsOf({ version: 1, sql })).toHaveLength(2);
    const { tables } = run(print(sql));
    const name = { sqlite: "text", mysql: "varbinary(9)", postgres: "text" }[dialect];
    expect(tables.map(shapeOf).at(-1)).toEqual({
      name: "x_new",
      columns: { one: `${name} not null`, two: name },
      keys: { PRIMARY: ["one"] },
    });
  });

  test.each([
    ["ALTER TABLE x_migration DROP COLUMN version;", "changes a table in a way that is not known here"],
    ["DROP TABLE x_migration;", "a statement that is not known here"],
    ["CREATE TABLE x_new (\n  one POINT NOT NULL\n);", "the type POINT, which is not known here"],
    ["CREATE TABLE x_new (\n  one TEXT DEFAULT 'x'\n);", "a column that is not known here"],
  ])("is not passed over if it is of another kind: %s", (sql, message) => {
    expect(() => print(sql)).toThrow(message);
  });
});
