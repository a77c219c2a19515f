import type { MigrationDialect, MigrationSource } from "../store/migrations.ts";
import { type Column, migratedTables, type Table } from "./migrated-tables.ts";

/** What Drizzle calls the things of a database. */
interface Traits {
  readonly module: string;
  readonly table: string;
  /** The function of Drizzle for a type, and its options. */
  readonly types: Readonly<Record<string, { readonly make: string; readonly options?: string }>>;
  /** A type that Drizzle lacks: the name of its function, and the function. */
  readonly ownType?: { readonly make: string; readonly source: string };
}

/** Times in ms exceed 32 bits and are exact as numbers. */
const NUMBER = '{ mode: "number" }';

const LONGBLOB = `/** JSON as its bytes in UTF-8. */
const longblob = customType<{ data: string; driverData: Buffer }>({
  dataType: () => "longblob",
  fromDriver: (value) => value.toString("utf8"),
  toDriver: (value) => Buffer.from(value, "utf8"),
});
`;

const TRAITS: Readonly<Record<MigrationDialect, Traits>> = {
  sqlite: {
    module: "drizzle-orm/sqlite-core",
    table: "sqliteTable",
    types: { TEXT: { make: "text" }, INTEGER: { make: "integer" } },
  },
  postgres: {
    module: "drizzle-orm/pg-core",
    table: "pgTable",
    types: {
      TEXT: { make: "text" },
      BIGINT: { make: "bigint", options: NUMBER },
      INTEGER: { make: "integer" },
      SMALLINT: { make: "smallint" },
    },
  },
  mysql: {
    module: "drizzle-orm/mysql-core",
    table: "mysqlTable",
    types: {
      VARBINARY: { make: "varbinary" },
      LONGBLOB: { make: "longblob" },
      BIGINT: { make: "bigint", options: NUMBER },
      INT: { make: "int" },
      SMALLINT: { make: "smallint" },
    },
    ownType: { make: "longblob", source: LONGBLOB },
  },
};

/**
 * Prints the tables as TypeScript for Drizzle, from the migrations themselves.
 *
 * @param source other migrations, for tests
 */
export function drizzleSchema(dialect: MigrationDialect, prefix: string, source?: MigrationSource): string {
  const traits = TRAITS[dialect];
  const tables = migratedTables(dialect, prefix, source);
  const body = tables.map((table) => tableSource(table, traits)).join("\n");
  const own = traits.ownType === undefined ? "" : `${traits.ownType.source}\n`;
  return `/**
 * The tables of counterfoil for Drizzle, for queries of your own. Only the library writes them.
 *
 * The library makes the tables at its first start, or you do with the output of:
 *   counterfoil migrate --print ${dialect}
 * Keep drizzle-kit away from them, because they need more than it knows:
 *   tablesFilter: ["!${prefix}*"]
 *
 * Printed by:
 *   counterfoil migrate --print drizzle --dialect ${dialect} --prefix ${prefix}
 */
import { ${importedBy(tables, traits).join(", ")} } from "${traits.module}";

${own}${body}`;
}

/** The functions of Drizzle that the text calls. */
function importedBy(tables: readonly Table[], { table, types, ownType }: Traits): readonly string[] {
  const made = tables.flatMap(({ columns }) => columns.map(({ type }) => types[type]?.make ?? ""));
  const names = [
    table,
    ...made.filter((make) => make !== ownType?.make),
    ...(ownType === undefined ? [] : ["customType"]),
    ...(tables.some(({ primaryKey }) => primaryKey.length > 0) ? ["primaryKey"] : []),
    ...(tables.some(({ indexes }) => indexes.length > 0) ? ["index"] : []),
  ];
  return [...new Set(names)].toSorted();
}

function tableSource({ name, columns, primaryKey, indexes }: Table, traits: Traits): string {
  const lines = columns.map((column) => `  ${toCamelCase(column.name)}: ${columnSource(column, traits)},`);
  const on = (list: readonly string[]): string => list.map((column) => `table.${toCamelCase(column)}`).join(", ");
  const extras = [
    ...(primaryKey.length === 0 ? [] : [`primaryKey({ columns: [${on(primaryKey)}] })`]),
    ...indexes.map((index) => `index("${index.name}").on(${on(index.columns)})`),
  ];
  const more = extras.length === 0 ? "" : `, (table) => [\n${extras.map((extra) => `  ${extra},\n`).join("")}]`;
  return `export const ${toCamelCase(name)} = ${traits.table}("${name}", {\n${lines.join("\n")}\n}${more});\n`;
}

function columnSource({ name, type, length, isRequired, isPrimaryKey, isUnique }: Column, { types }: Traits): string {
  const known = types[type];
  if (known === undefined) throw new Error(`a migration has the type ${type}, which is not known here`);
  const options = length === undefined ? known.options : `{ length: ${length} }`;
  return [
    `${known.make}("${name}"${options === undefined ? "" : `, ${options}`})`,
    ...(isRequired ? [".notNull()"] : []),
    ...(isPrimaryKey ? [".primaryKey()"] : []),
    ...(isUnique ? [".unique()"] : []),
  ].join("");
}

const toCamelCase = (name: string): string =>
  name.replaceAll(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()).replaceAll(/_+$/g, "");
