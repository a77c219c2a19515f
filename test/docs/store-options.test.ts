/**
 * What is written about the options of stores, by hand, in docs/options.md and in the comments of
 * their interfaces, against the tables that they are read by.
 */
import { describe, expect, test } from "vitest";
import type { OptionTable } from "../../src/lib/options/option-table.ts";
import {
  D1_OPTIONS,
  POSTGRES_OPTIONS,
  REDIS_OPTIONS,
  REPLICA_OPTIONS,
  SERVER_OPTIONS,
  SQL_OPTIONS,
  SQLITE_OPTIONS,
} from "../../src/lib/store/store-option-tables.ts";
import { defaultOf, namedIn, part, readComments, rowsOf, write } from "./described-options.ts";

interface Described {
  readonly name: string;
  readonly table: OptionTable;
  /** Its part of docs/options.md. */
  readonly from: string;
  readonly to: string;
  readonly files: readonly string[];
}

/** Described together with `url`, and by their drivers. */
const PARTS: readonly string[] = ["host", "port", "user", "username", "password", "database"];

const STORES: readonly Described[] = [
  {
    name: "sqlite",
    table: { ...SQLITE_OPTIONS },
    from: "`sqlite(options)` of",
    to: "`mysql(options)` of",
    files: ["src/sqlite.ts"],
  },
  {
    name: "mysql, postgres",
    table: { ...SERVER_OPTIONS, ...SQL_OPTIONS, ...POSTGRES_OPTIONS },
    from: "`mysql(options)` of",
    to: "`d1(database, options)` of",
    files: ["src/lib/store/sql-options.ts", "src/mysql.ts", "src/postgres.ts"],
  },
  {
    name: "d1",
    table: { ...D1_OPTIONS },
    from: "`d1(database, options)` of",
    to: "`redis(options)` of",
    files: ["src/d1.ts"],
  },
  {
    name: "redis",
    table: { ...SERVER_OPTIONS, ...REDIS_OPTIONS, replicas: { kind: "other" } },
    from: "`redis(options)` of",
    to: "`memory(options)` of",
    files: ["src/redis.ts"],
  },
];

const plain = (text: string): string => text.replaceAll("`", "").replaceAll(/(?<=\d),(?=\d{3})/g, "");

describe.each(STORES)("$name", ({ name, table, from, to, files }) => {
  const rows = new Map(rowsOf(part(from, to)).map(([option = "", ...cells]) => [option, cells]));
  const comments = new Map(files.flatMap((file) => [...readComments(file)]));
  const options = Object.entries(table).filter(([option]) => name === "sqlite" || !PARTS.includes(option));

  test("docs/options.md has a row for each option, and no other", () => {
    expect([...rows.keys()].toSorted()).toEqual(options.map(([option]) => option).toSorted());
  });

  test("there is a comment for each option", () => {
    for (const [option] of options) expect(comments.get(option), option).toBeDefined();
  });

  test.each(options)("%s: the default", (option, spec) => {
    const value = defaultOf(spec);
    const [cell = ""] = rows.get(option) ?? [];
    if (value === undefined) expect(cell).not.toMatch(/^`(".*"|\d+|true|false)`/);
    else {
      expect(cell).toBe(`\`${write(value)}\``);
      expect(plain(comments.get(option) ?? "")).toContain(`Default ${write(value)}.`);
    }
  });

  test.each(options.filter(([, spec]) => namedIn(spec).length > 0))("%s: what may be written", (option, spec) => {
    for (const words of namedIn(spec).map(plain)) {
      expect(plain((rows.get(option) ?? []).join(" "))).toContain(words);
      expect(plain(comments.get(option) ?? "")).toContain(words);
    }
  });
});

test("redis: what may be written for the replicas, and the default", () => {
  const row = plain(part("| `replicas` |", "`memory(options)` of"));
  const comment = plain(readComments("src/redis.ts").get("within") ?? "");
  for (const words of Object.values(REPLICA_OPTIONS).flatMap(namedIn)) expect(row).toContain(words);
  for (const words of namedIn(REPLICA_OPTIONS.within)) expect(comment).toContain(words);
  expect(row).toContain(`(${write(REPLICA_OPTIONS.within.default)})`);
  expect(comment).toContain(`Default ${write(REPLICA_OPTIONS.within.default)}.`);
});
