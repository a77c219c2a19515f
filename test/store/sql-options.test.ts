/**
 * Options of `mysql` and `postgres` are checked when they are called: sessions that land in another
 * database than was meant are as good as lost.
 */
import mariadbCallbacks from "mariadb/callback";
import mysql2 from "mysql2";
import { createPool } from "mysql2/promise";
import pg from "pg";
import connectPostgresJs from "postgres";
import { ConfigError } from "counterfoil";
import { mysql } from "counterfoil/mysql";
import { postgres } from "counterfoil/postgres";
import { afterAll, describe, expect, test } from "vitest";
import { caught } from "./fixtures.ts";
import { watch } from "./sql-drivers.ts";

const PASSWORD = "a passphrase that nobody may read";
const place = { host: "127.0.0.1", port: 1, user: "u", password: PASSWORD, database: "d" };

// None of them is ever asked for a connection.
const mysqlPool = createPool(place);
const pgPool = new pg.Pool(place);
const postgresJs = connectPostgresJs({ ...place, username: "u" });
afterAll(() => Promise.all([mysqlPool.end(), pgPool.end(), postgresJs.end()]));

const stores = { mysql, postgres } as const;
type StoreName = keyof typeof stores;
const open = (name: StoreName, options: unknown): unknown => stores[name](options as object);

/** What is wrong, how it is written, and what the message says after the store's name. */
const BOTH: readonly [string, unknown, string][] = [
  ["an unknown option", { url: true, conection: "" }, ".conection: there is no such option; known here: pool,"],
  ["another case", { ...place, poolsize: 3 }, ".poolsize: there is no such option; did you mean poolSize?"],
  ["half a name", { ...place, queuLimit: 3 }, ".queuLimit: there is no such option; did you mean queueLimit?"],
  ["a URL in the place of options", "mysql://localhost/shop", ": write an object, not this string"],
  ["null", null, ": write an object, not null"],
  ["a list", [], ": write an object, not this list"],
  ["nothing", undefined, ".url: nothing says how to connect; give pool, url, or host, user, password and database"],
  ["nothing but how", { ssl: true, poolSize: 3 }, ".url: nothing says how to connect"],
  ["a variable that is not set", { url: undefined }, ".url: is undefined; is the environment variable set"],
  ["a pool that is not there", { pool: undefined }, ".pool: is undefined"],
  ["an empty URL", { url: "" }, ".url: write a URL, as in"],
  ["a URL without a scheme", { url: "localhost/shop" }, ".url: write a URL, as in"],
  ["another kind of database", { url: "redis://localhost" }, ".url: write a URL, as in"],
  ["a password with a bare %", { url: `mysql://u:100%${PASSWORD}@h/d` }, "a % in the password is written %25"],
  ["a number for a URL", { url: 1 }, ".url: write a URL, as in"],
  [
    "a URL and parts",
    { url: "X://h/d", host: "h" },
    ".url: says how to connect, and so does host; leave one of them out",
  ],
  ["a URL and a password", { url: "X://h/d", password: PASSWORD }, ".url: says how to connect, and so does password"],
  ["a number for a host", { ...place, host: 1 }, ".host: write a string, not 1"],
  ["a text for a port", { ...place, port: "3306" }, '.port: write a whole number from 1 to 65535, not "3306"'],
  ["a port that is none", { ...place, port: 70_000 }, ".port: write a whole number from 1 to 65535, not 70000"],
  ["a number for a user", { ...place, user: 1 }, ".user: write a string, not 1"],
  ["a number for a password", { ...place, password: 271_828 }, ".password: write a string, not a value of type number"],
  ["a number for a database", { ...place, database: 1 }, ".database: write a string, not 1"],
  ["a text for TLS", { ...place, ssl: "required" }, ".ssl: write true, or the driver's own options of TLS"],
  ["an empty pool", { ...place, poolSize: 0 }, ".poolSize: write a whole number from 1 to 1000, not 0"],
  ["fewer than nobody", { ...place, queueLimit: -1 }, ".queueLimit: write a whole number from 0 to 100000, not -1"],
  ["half a connection", { ...place, poolSize: 1.5 }, ".poolSize: write a whole number from 1 to 1000, not 1.5"],
  ["a text for a flag", { ...place, migrate: "no" }, '.migrate: write true or false, not "no"'],
  ["a number for a duration", { ...place, timeout: 1000 }, ".timeout: write a string of a whole number and a unit"],
  ["no patience", { ...place, timeout: "50ms" }, '.timeout: write a duration from "100ms" to "5m", not "50ms"'],
  [
    "an unsafe prefix",
    { ...place, tablePrefix: "x; DROP" },
    ".tablePrefix: is not the beginning of a table name; write up",
  ],
  ["a prefix in upper case", { ...place, tablePrefix: "Shop_" }, ".tablePrefix: is not the beginning"],
  ["a long prefix", { ...place, tablePrefix: "a".repeat(32) }, ".tablePrefix: is not the beginning"],
  ["an empty prefix", { ...place, tablePrefix: "" }, ".tablePrefix: is not the beginning"],
  ["a function for a pool", { pool: () => undefined }, ".pool: write a"],
  ["options for a pool", { pool: place }, ".pool: write a"],
];

const ONLY: Readonly<Record<StoreName, readonly [string, unknown, string][]>> = {
  mysql: [
    ["pool and host", { pool: mysqlPool, host: "h" }, ".host: is for a pool of our own, and pool is one of yours"],
    ["pool and url", { pool: mysqlPool, url: "mysql://h/d" }, ".url: is for a pool of our own"],
    ["pool and its size", { pool: mysqlPool, poolSize: 3 }, ".poolSize: is for a pool of our own"],
    [
      "PostgreSQL's URL",
      { url: "postgres://u:p@h/d" },
      '.url: write a URL, as in "mysql://user:password@host/database"',
    ],
    ["TLS in the URL", { url: "mysql://h/d?ssl-mode=REQUIRED" }, ".url: has parameters behind ?, which are not read;"],
    ["PostgreSQL's option", { ...place, prepare: false }, ".prepare: there is no such option"],
    [
      "a pool of pg",
      { pool: pgPool },
      ".pool: write a pool of mysql2/promise or of mariadb, not a value of type object",
    ],
    ["a pool of mysql", { pool: { getConnection: () => 1, query: () => 1 } }, ".pool: write a pool of mysql2/promise"],
    ["the module", { pool: mysql2 }, ".pool: write a pool of mysql2/promise"],
  ],
  postgres: [
    ["pool and host", { pool: pgPool, host: "h" }, ".host: is for a pool of our own, and pool is one of yours"],
    ["pool and url", { pool: postgresJs, url: "postgres://h/d" }, ".url: is for a pool of our own"],
    ["MySQL's URL", { url: "mysql://u:p@h/d" }, '.url: write a URL, as in "postgres://user:password@host/database"'],
    ["a text for a flag", { ...place, prepare: "no" }, ".prepare: write true or false"],
    [
      "a single client",
      { pool: new pg.Client(place) },
      ".pool: write a Pool of pg, or what postgres() of postgres.js returned",
    ],
    ["the class", { pool: pg.Pool }, ".pool: write a Pool of pg"],
    ["postgres.js itself", { pool: connectPostgresJs }, ".pool: write a Pool of pg"],
    ["a pool of mysql2", { pool: mysqlPool }, ".pool: write a Pool of pg"],
  ],
};

const schemed = (options: unknown, name: StoreName): unknown =>
  typeof options === "object" && options !== null && "url" in options && typeof options.url === "string"
    ? { ...options, url: options.url.replace("X:", `${name}:`) }
    : options;

describe.each(Object.keys(stores) as StoreName[])("%s", (name) => {
  test.each([...BOTH, ...ONLY[name]])("%s is refused", (_, options, message) => {
    const call = (): unknown => open(name, schemed(options, name));
    expect(call).toThrow(ConfigError);
    expect(call).toThrow(message);
    expect(call).not.toThrow(/nobody may read|271828/);
    // What is there, if wrong, is not missing as well.
    const missing = /is undefined|nothing says/;
    if (!missing.test(message) && options !== null && typeof options === "object" && !Array.isArray(options))
      expect(call).not.toThrow(missing);
  });
});

test("everything that is wrong is told at once", () => {
  const wrong = { host: 1, port: 0, tablePrefix: "-", timeout: "1y", typo: 1 };
  const paths = Object.keys(wrong).map((name) => expect.objectContaining({ path: `mysql.${name}` }) as object);
  expect(() => mysql(wrong as never)).toThrow(
    expect.objectContaining({ faults: expect.arrayContaining(paths) as unknown[] }) as Error,
  );
});

test("a pool of mariadb that works with callbacks is refused with the first call", async () => {
  const pool = mariadbCallbacks.createPool({ ...place, minimumIdle: 0 });
  const { sessions } = watch(mysql({ pool: pool as never }));
  const { message } = await caught(sessions.ready());
  expect(message).toMatch(/the pool works with callbacks; give one of the package mariadb, not of mariadb\/callback/);
  pool.end(() => undefined);
});

test("what is right is taken: pools of every kind, names that look odd", () => {
  for (const url of ["mysql://u:p%25w@h/d", "mariadb://h:1/d", "mysql://u@[::1]:1/d"])
    expect(mysql({ url })).toBeDefined();
  for (const url of ["postgres://u:p%25w@h/d?sslmode=require", "postgresql://h/d"])
    expect(postgres({ url })).toBeDefined();
  for (const pool of [mysqlPool, mysql2.createPool(place)]) expect(mysql({ pool, tablePrefix: "_a1_" })).toBeDefined();
  for (const pool of [pgPool, postgresJs]) expect(postgres({ pool, timeout: "5m", migrate: false })).toBeDefined();
  expect(mysql({ ...place, password: "", ssl: { rejectUnauthorized: false }, poolSize: 1000 })).toBeDefined();
});
