import {
  type MigrationDialect,
  type MigrationSource,
  readMigrations,
  statementsOf,
  versionTable,
} from "../store/migrations.ts";

/** A column as the migrations make it. */
export interface Column {
  readonly name: string;
  /** The type in upper case, for instance `BIGINT`. */
  readonly type: string;
  /** For instance 64 of `VARBINARY(64)`. */
  readonly length: number | undefined;
  readonly isRequired: boolean;
  readonly isPrimaryKey: boolean;
  readonly isUnique: boolean;
}

interface Index {
  readonly name: string;
  readonly columns: readonly string[];
}

/** A table as the migrations make it. */
export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** The columns of a primary key of several columns; else empty. */
  readonly primaryKey: readonly string[];
  readonly indexes: readonly Index[];
}

/** Statements that change no table. */
const WITHOUT_TABLES = /^(?:INSERT|SELECT|PREPARE|EXECUTE|DEALLOCATE|SET @\w+ = NULL)\b/;

/**
 * Reads the tables from the statements of the migrations.
 *
 * @throws Error for a statement that it does not know, so that no change is missed
 */
export function migratedTables(
  dialect: MigrationDialect,
  prefix?: string,
  source: MigrationSource = readMigrations,
): readonly Table[] {
  const tables = new Map<string, Table>();
  const steps = source(dialect, prefix).flatMap(statementsOf);
  for (const statement of [versionTable(dialect, prefix ?? "counterfoil_").create, ...steps]) apply(statement, tables);
  return [...tables.values()];
}

function apply(statement: string, tables: Map<string, Table>): void {
  const text = insideStep(statement);
  const [, created, body] = /^CREATE TABLE (?:IF NOT EXISTS )?(\w+)\s*\((.*)\)[^()]*$/s.exec(text) ?? [];
  if (created !== undefined && body !== undefined) {
    tables.set(created, partsOf(body).reduce(withPart, { name: created, columns: [], primaryKey: [], indexes: [] }));
    return;
  }
  const [, altered = "", changes] = /^ALTER TABLE (\w+)\s+(.*)$/s.exec(text) ?? [];
  const [, index = "", indexed = "", columns] = /^CREATE INDEX (\w+) ON (\w+) \(([^()]*)\)$/s.exec(text) ?? [];
  const table = tables.get(changes === undefined ? indexed : altered);
  if (table !== undefined && changes !== undefined) {
    tables.set(altered, partsOf(changes).map(addedColumn).reduce(withPart, table));
  } else if (table !== undefined && columns !== undefined) {
    tables.set(indexed, withPart(table, `INDEX ${index} (${columns})`));
  } else if (!WITHOUT_TABLES.test(text)) {
    throw new Error(`a migration has a statement that is not known here: ${text.slice(0, 80)}`);
  }
}

/** MySQL runs some statements from a string, only if they have not been run. */
const insideStep = (statement: string): string =>
  /^SET @\w+ = \(SELECT IF\(COUNT\(\*\) = 0, '([^']*)', 'DO 0'\)/.exec(statement)?.[1] ?? statement;

/** Splits at commas outside of parentheses. */
const partsOf = (body: string): readonly string[] =>
  body.split(/,(?![^()]*\))/).map((part) => part.trim().replaceAll(/\s+/g, " "));

function addedColumn(change: string): string {
  const [, column] = /^ADD COLUMN (.*)$/.exec(change) ?? [];
  if (column === undefined) throw new Error(`a migration changes a table in a way that is not known here: ${change}`);
  return column;
}

function withPart(table: Table, part: string): Table {
  const [, primaryKey] = /^PRIMARY KEY \((.*)\)$/.exec(part) ?? [];
  if (primaryKey !== undefined) return { ...table, primaryKey: namesIn(primaryKey) };
  const [, name, columns] = /^INDEX (\w+) \((.*)\)$/.exec(part) ?? [];
  if (name !== undefined && columns !== undefined)
    return { ...table, indexes: [...table.indexes, { name, columns: namesIn(columns) }] };
  return { ...table, columns: [...table.columns, toColumn(part)] };
}

const namesIn = (list: string): readonly string[] => list.split(",").map((name) => name.trim());

function toColumn(text: string): Column {
  const [, name, type, length, rest = ""] =
    /^(\w+) ([A-Z]+)(?:\((\d+)\))?((?: COLLATE "C"| NOT NULL| PRIMARY KEY| UNIQUE)*)$/.exec(text) ?? [];
  if (name === undefined || type === undefined)
    throw new Error(`a migration has a column that is not known here: ${text}`);
  return {
    name,
    type,
    length: length === undefined ? undefined : Number(length),
    isRequired: rest.includes("NOT NULL"),
    isPrimaryKey: rest.includes("PRIMARY KEY"),
    isUnique: rest.includes("UNIQUE"),
  };
}
