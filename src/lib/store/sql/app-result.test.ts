import { describe, expect, test } from "vitest";
import { readAppResult } from "./app-result.ts";

const ROWS = [
  ["one", 1],
  ["two", null],
];
const OBJECTS = ROWS.map(([handle, c1]) => ({ handle, c1 }));
const COLUMNS = [{ name: "handle" }, { name: "c1" }];

describe("rows", () => {
  test.each<[string, unknown]>([
    ["pg", { command: "SELECT", rowCount: 2, rows: OBJECTS, fields: COLUMNS }],
    ["pg, rows as arrays", { command: "SELECT", rowCount: 2, rows: ROWS }],
    ["postgres.js", Object.assign([...OBJECTS], { count: 2, command: "SELECT", columns: COLUMNS })],
    ["mysql2", [OBJECTS, COLUMNS]],
    ["mysql2, rows as arrays", [ROWS, COLUMNS]],
    ["mariadb", Object.assign([...OBJECTS], { meta: COLUMNS })],
    ["SQLite", OBJECTS],
    ["SQLite, rows as arrays: two rows are no pair", ROWS],
    ["SQLite, rows without a prototype", OBJECTS.map((row) => Object.assign(Object.create(null) as object, row))],
    ["Kysely", { rows: OBJECTS, numAffectedRows: undefined }],
  ])("%s", (_, answer) => {
    expect(readAppResult(answer, true)).toEqual({ rows: ROWS, changes: 2 });
  });

  test.each<[string, unknown]>([
    ["pg", { rows: [], rowCount: 0 }],
    ["mysql2", [[], COLUMNS]],
    ["SQLite", []],
  ])("none: %s", (_, answer) => {
    expect(readAppResult(answer, true)).toEqual({ rows: [], changes: 0 });
  });

  test("one column: two rows as arrays are no pair either, also of bytes", () => {
    const bytes = [[Buffer.from("a")], [Buffer.from("b")]];
    expect(readAppResult(bytes, true).rows).toEqual(bytes);
    expect(readAppResult([["a"], ["b"]], true).rows).toEqual([["a"], ["b"]]);
    expect(readAppResult([[["a"]], [{ name: "handle" }]], true).rows).toEqual([["a"]]);
  });
});

test.each<[string, unknown]>([
  ["pg", { command: "DELETE", rowCount: 3, rows: [] }],
  ["postgres.js", Object.assign([], { count: 3, command: "DELETE" })],
  ["mysql2", [{ affectedRows: 3, insertId: 0 }, undefined]],
  ["mariadb", { affectedRows: 3, insertId: 0n }],
  ["mariadb, columns apart", [{ affectedRows: 3, insertId: 0n }, []]],
  ["SQLite", { changes: 3, lastInsertRowid: 1 }],
  ["SQLite, numbers as BigInt", { changes: 3n, lastInsertRowid: 1n }],
  ["Kysely", { rows: [], numAffectedRows: 3n }],
  ["Prisma", 3],
  ["libSQL", { rows: [], columns: [], rowsAffected: 3 }],
])("changes: %s", (_, answer) => {
  expect(readAppResult(answer, false)).toEqual({ rows: [], changes: 3 });
});

describe("an unknown shape is named, without its values", () => {
  test.each<[unknown, boolean, string]>([
    [undefined, true, "a value of type undefined, in which rows"],
    [null, true, "null, in which rows"],
    [{}, true, "an object without fields, in which rows"],
    [{ records: ["secret"] }, true, "an object with records, in which rows"],
    [["secret"], true, "an array of 1, in which rows"],
    [{ changes: 1 }, true, "an object with changes, in which rows"],
    [{ rows: ["secret"] }, true, "an object with rows, in which rows"],
    [[], false, "an array of 0, in which a number of changed rows"],
    [{ rows: [] }, false, "an object with rows, in which a number of changed rows"],
    ["3", false, "a value of type string, in which a number of changed rows"],
    [{ rowCount: null }, false, "an object with rowCount, in which a number of changed rows"],
  ])("%j", (answer, returnsRows, told) => {
    const read = (): unknown => readAppResult(answer, returnsRows);
    expect(read).toThrow(expect.objectContaining({ code: "ARGUMENT_INVALID" }) as Error);
    expect(read).toThrow(`query of sessions.in returned ${told} cannot be found`);
    expect(read).not.toThrow("secret");
  });
});
