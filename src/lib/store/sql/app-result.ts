/** Reads the result of a statement on the app's own connection, whose driver may be any. */
import { generalError, type SessionError } from "../../errors.ts";
import type { SqlResult } from "./sql-driver.ts";

/**
 * @param returnsRows whether rows are expected, else a number of changes
 * @throws SessionError `ARGUMENT_INVALID`
 */
export function readAppResult(answer: unknown, returnsRows: boolean): SqlResult {
  const result = withoutColumns(answer);
  if (returnsRows) {
    const rows = rowsOf(result)?.map(toRow);
    if (rows === undefined || !rows.every(isRow)) throw unknownShape("rows", answer);
    return { rows, changes: rows.length };
  }
  const changes = changesOf(result);
  if (changes === undefined) throw unknownShape("a number of changed rows", answer);
  return { rows: [], changes };
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** mysql2, and mariadb by an option, return a pair of result and columns. Rows are no columns. */
function withoutColumns(answer: unknown): unknown {
  if (!Array.isArray(answer) || answer.length !== 2) return answer;
  const [result, columns]: unknown[] = answer;
  if (!Array.isArray(result)) return changesOf(result) === undefined ? answer : result;
  const areColumns = Array.isArray(columns) && columns.every((each) => isObject(each) && "name" in each);
  return areColumns ? (result as unknown) : answer;
}

/** Arrays: postgres.js, mysql2, mariadb, SQLite, Prisma. With `rows`: pg, Kysely, libSQL. */
function rowsOf(result: unknown): readonly unknown[] | undefined {
  if (Array.isArray(result)) return result;
  return isObject(result) && "rows" in result && Array.isArray(result.rows) ? result.rows : undefined;
}

/** Drivers keep the order of the columns, also in objects. */
const toRow = (row: unknown): unknown => (Array.isArray(row) || !isObject(row) ? row : Object.values(row));
const isRow = (row: unknown): row is readonly unknown[] => Array.isArray(row);

const COUNTS = [
  "rowCount", // pg
  "count", // postgres.js
  "affectedRows", // mysql2, mariadb
  "changes", // SQLite
  "numAffectedRows", // Kysely
  "rowsAffected", // libSQL
] as const;

function changesOf(result: unknown): number | undefined {
  // Prisma
  if (typeof result === "number" || typeof result === "bigint") return Number(result);
  if (!isObject(result)) return undefined;
  for (const name of COUNTS) {
    const count: unknown = Reflect.get(result, name);
    if (typeof count === "number" || typeof count === "bigint") return Number(count);
  }
  return undefined;
}

function unknownShape(wanted: string, answer: unknown): SessionError {
  return generalError(
    "ARGUMENT_INVALID",
    `query of sessions.in returned ${describe(answer)}, in which ${wanted} cannot be found; return what the driver returns, as docs/guide/transactions.md shows, and roll the transaction back`,
  );
}

/** Names of fields, never values. */
function describe(answer: unknown): string {
  if (Array.isArray(answer)) return `an array of ${answer.length}`;
  if (!isObject(answer)) return answer === null ? "null" : `a value of type ${typeof answer}`;
  const names = Object.keys(answer).slice(0, 5);
  return names.length === 0 ? "an object without fields" : `an object with ${names.join(", ")}`;
}
