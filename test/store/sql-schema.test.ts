/** The tables: made at the first start or by an operator, and in both cases the same. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import { Error as AuthError } from "counterfoil";
import { describe, expect, test } from "vitest";
import { MIGRATION_STEPS } from "../../src/lib/store/migration-steps.ts";
import { readMigrations, schemaScript, statementsOf } from "../../src/lib/store/migrations.ts";
import { column, RESERVED_COLUMNS } from "../../src/lib/store/sql/sql-statements.ts";
import { newRecord } from "../../src/lib/testing/store/rows.ts";
import { findBinary } from "../servers/binaries.ts";
import type { ConnectionOptions } from "../servers/mariadb.ts";
import { caught, outcomeOf, rowOfVersionBefore } from "./fixtures.ts";
import { describeSqlServers, makeStore, openStore, watch } from "./sql-drivers.ts";

const OK = "ok";
const MISSING = "SCHEMA_MISSING";
const TABLES = ["session", "key", "lease", "replaced", "migration", "revocation", "device", "audit"];

describe.each(["sqlite", "mysql", "postgres"] as const)("the files for %s", (dialect) => {
  const folder = new URL(`../../migrations/${dialect}/`, import.meta.url);
  const files = readdirSync(folder).toSorted();

  test("are the code that is built in", () => {
    const texts = files.map((file) => [file, readFileSync(new URL(file, folder), "utf8")]);
    expect(Object.entries(MIGRATION_STEPS[dialect]), "run: npm run migration-steps").toEqual(texts);
    for (const file of files) expect(file).toMatch(/^\d{4}_[a-z_]+\.sql$/);
  });

  test("are all read, in order, and fall into statements", () => {
    const migrations = readMigrations(dialect);
    expect(migrations.map(({ version }) => version)).toEqual(files.map((file) => Number(file.slice(0, 4))));
    for (const migration of migrations) {
      const statements = statementsOf(migration);
      for (const text of statements)
        expect(text).toMatch(/^(CREATE|INSERT|ALTER|SELECT|SET|PREPARE|EXECUTE|DEALLOCATE) [^;]+$/);
      // Nothing but comments is left out.
      const begun =
        migration.sql.match(/^(CREATE|INSERT|ALTER|DROP|UPDATE|DELETE|SELECT|SET|PREPARE|EXECUTE|DEALLOCATE) /gm) ?? [];
      expect(statements.length).toBe(begun.length);
      expect(statements.join()).not.toContain("--");
    }
  });

  test("carry the prefix of the app, and no other name", () => {
    for (const { sql } of readMigrations(dialect, "shop_")) expect(sql).not.toMatch(/counterfoil/);
  });
});

test.each(["docs/guide/databases.md", "docs/decisions/052-columns-decided-once.md"])(
  "%s names each column that nothing writes yet",
  (file) => {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
    for (const name of RESERVED_COLUMNS) expect(text).toContain(`\`${column(name)}\``);
  },
);

describeSqlServers((kind, drivers, server) => {
  const mariadb = kind === "mariadb";
  const dialect = mariadb ? "mysql" : "postgres";

  /**
   * Columns with types and collations, indexes and constraints, and the rows that a new schema has.
   */
  async function readSchema(database: string, prefix = "counterfoil_"): Promise<unknown> {
    const admin = async (sql: string): Promise<unknown> =>
      JSON.parse(JSON.stringify(await server().admin(sql, database)).replaceAll(prefix, "counterfoil_"));
    if (!mariadb) {
      const ours = `LIKE '${prefix.replace("_", "\\_")}%'`;
      return Promise.all([
        admin(`SELECT table_name, column_name, ordinal_position, data_type, collation_name, is_nullable, column_default
          FROM information_schema.columns WHERE table_name ${ours} ORDER BY table_name, ordinal_position`),
        admin(`SELECT indexdef FROM pg_indexes WHERE tablename ${ours} ORDER BY indexname`),
        admin(`SELECT conrelid::regclass::text AS owner, pg_get_constraintdef(oid) AS def FROM pg_constraint
          WHERE conrelid::regclass::text ${ours} ORDER BY 1, 2`),
        admin(`SELECT name, owner, expires_at FROM ${prefix}lease ORDER BY name`),
        admin(`SELECT * FROM ${prefix}migration ORDER BY version`),
      ]);
    }
    const tables = TABLES.map((name) => `${database}.${prefix}${name}`);
    return Promise.all([
      ...tables.map((table) => admin(`SHOW CREATE TABLE ${table}`)),
      admin(`SELECT HEX(name) AS name, HEX(owner) AS owner, expires_at FROM ${database}.${prefix}lease ORDER BY name`),
      admin(`SELECT * FROM ${database}.${prefix}migration ORDER BY version`),
    ]);
  }

  /** Runs a script with the server's own client, as an operator does; stops at the first error. */
  async function runScript(place: ConnectionOptions, script: string): Promise<void> {
    const { host, port, user, password, database } = place;
    const where = [`-h${host}`, mariadb ? `-P${port}` : `-p${port}`, mariadb ? `-u${user}` : `-U${user}`, database];
    const running = promisify(execFile)(
      findBinary(mariadb ? "mariadb" : "psql"),
      mariadb ? where : ["-qX", "-v", "ON_ERROR_STOP=1", ...where],
      { env: { ...process.env, MYSQL_PWD: password, PGPASSWORD: password } },
    );
    running.child.stdin?.end(script);
    expect(await running).toEqual({ stdout: "", stderr: "" });
  }

  const makePlace = async (): Promise<ConnectionOptions> => server().connectionOptions(await server().createDatabase());

  /** A user who may use the tables that are there, and make none. */
  async function createUser(place: ConnectionOptions, name: string): Promise<ConnectionOptions> {
    const { database, password } = place;
    if (mariadb) {
      await server().admin(`CREATE USER ${name} IDENTIFIED BY '${password}'`);
      await server().admin(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${database}.* TO ${name}`);
    } else {
      await server().admin(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
      await server().admin(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name}`, database);
    }
    return { ...place, user: name };
  }

  const open = (place: ConnectionOptions, options: object = {}) => watch(makeStore(kind, { ...place, ...options }));
  const firstRow = async (sql: string, database: string): Promise<unknown> =>
    Object.values((await server().admin(sql, database))[0] ?? {}).map(Number);
  const named = (place: ConnectionOptions, table: string): string => (mariadb ? `${place.database}.${table}` : table);

  test.each(drivers)("made at the first start, of several at once, and noted once: $name", async (driver) => {
    const place = await makePlace();
    for (let round = 0; round < 2; round += 1) {
      const instances = [0, 1, 2].map(() => watch(openStore(driver, driver.makePool(place))));
      const started = await Promise.all(instances.map(({ sessions }) => outcomeOf(sessions.ready())));
      expect(started).toEqual([OK, OK, OK]);
    }
    const versions = await server().admin(
      `SELECT version FROM ${named(place, "counterfoil_migration")}`,
      place.database,
    );
    expect(versions.map(({ version }) => version)).toEqual(readMigrations(dialect).map(({ version }) => version));
    expect(await firstRow(`SELECT count(*) FROM ${named(place, "counterfoil_lease")}`, place.database)).toEqual([257]);
  });

  test.each(TABLES)("a table of somebody else's: %s", async (table) => {
    const place = await makePlace();
    const name = `counterfoil_${table}`;
    await server().admin(`CREATE TABLE ${named(place, name)} (name VARCHAR(9))`, place.database);
    for (let start = 0; start < 2; start += 1) {
      const error = await caught(open(place).sessions.ready());
      expect(error.code).toBe(MISSING);
      expect(error.message).toMatch(new RegExp(`the table ${name} in this database is not one of counterfoil's`));
    }
  });

  test("missing, and migrate is false: says the command, which makes them", async () => {
    const place = await makePlace();
    for (const [options, command] of [
      [{}, `npx counterfoil migrate --print ${dialect}`],
      [{ tablePrefix: "shop_" }, `npx counterfoil migrate --print ${dialect} --prefix shop_`],
    ] as const) {
      const { sessions } = open(place, { ...options, migrate: false });
      const error = await caught(sessions.createNewSession("alice"));
      expect(error).toMatchObject({ errType: AuthError.GENERAL_ERROR, code: MISSING });
      expect(error.message).toMatch(
        /are not there, and migrate is false; run once, as a user who may, what this prints/,
      );
      expect(error.message.endsWith(`: ${command}`)).toBe(true);
      await runScript(place, schemaScript(dialect, "tablePrefix" in options ? options.tablePrefix : undefined));
      expect(await outcomeOf(sessions.createNewSession("alice"))).toBe(OK);
    }
  });

  test("run by an operator, the script makes the same as a start does", async () => {
    const [automatic, manual, prefixed] = [await makePlace(), await makePlace(), await makePlace()];
    await open(automatic).sessions.ready();
    await runScript(manual, schemaScript(dialect));
    await runScript(prefixed, schemaScript(dialect, "shop_"));
    // Where each statement commits by itself, an operator may have to run it again.
    if (mariadb) await runScript(manual, schemaScript(dialect));
    const schema = await readSchema(automatic.database);
    expect(await readSchema(manual.database)).toEqual(schema);
    expect(await readSchema(prefixed.database, "shop_")).toEqual(schema);
    for (const [place, options] of [
      [manual, {}],
      [prefixed, { tablePrefix: "shop_" }],
    ] as const)
      expect(await outcomeOf(open(place, { ...options, migrate: false }).sessions.createNewSession("alice"))).toBe(OK);
  });

  test("a user who may not make tables uses those that are there, and is told when there are none", async () => {
    const empty = await makePlace();
    const stranger = await createUser(empty, "stranger");
    for (const migrate of [true, false]) {
      const error = await caught(open(stranger, { migrate }).sessions.ready());
      expect(error.code).toBe(MISSING);
      expect(error.message).toMatch(
        migrate ? /and this database user may not make tables; run once/ : /migrate is false/,
      );
    }
    const place = await makePlace();
    await runScript(place, schemaScript(dialect));
    for (const migrate of [true, false]) {
      const { sessions } = open(await createUser(place, `worker_${migrate}`), { migrate });
      const { refreshToken, session } = await sessions.createNewSession("alice");
      expect(await outcomeOf(sessions.refreshSession(refreshToken.value))).toBe(OK);
      expect(await sessions.revokeSessionUsingSessionHandle(session.handle)).toBe(true);
    }
  });

  test("of a newer version: refused, left alone, and taken when it is gone", async () => {
    const place = await makePlace();
    await open(place).sessions.ready();
    await server().admin(
      `INSERT INTO ${named(place, "counterfoil_migration")} (version) VALUES (9999)`,
      place.database,
    );
    await server().admin(`DELETE FROM ${named(place, "counterfoil_key")}`, place.database);
    const { sessions } = open(place);
    const error = await caught(sessions.ready());
    expect(error).toMatchObject({ errType: AuthError.GENERAL_ERROR, code: "SCHEMA_TOO_NEW" });
    expect(error.message).toMatch(/9999.*update the package/);
    expect(await firstRow(`SELECT count(*) FROM ${named(place, "counterfoil_key")}`, place.database)).toEqual([0]);
    await server().admin(`DELETE FROM ${named(place, "counterfoil_migration")} WHERE version = 9999`, place.database);
    expect(await outcomeOf(sessions.createNewSession("alice"))).toBe(OK);
  });

  test.each([["session"], ["key"], ["lease"], ["replaced"], ["session", "lease", "audit"]])(
    "one table is removed while the others stay: the next start makes it anew: %s",
    async (...lost) => {
      const [place, whole] = [await makePlace(), await makePlace()];
      await open(whole).sessions.ready();
      const drop = async (): Promise<void> => {
        for (const name of lost)
          await server().admin(`DROP TABLE ${named(place, `counterfoil_${name}`)}`, place.database);
      };
      const { sessions } = open(place);
      await sessions.createNewSession("alice");
      await drop();
      await Promise.all([
        outcomeOf(sessions.sweep()),
        outcomeOf(sessions.refreshSession("x")),
        outcomeOf(sessions.getSessionsForUser("alice")),
      ]);
      const instances = [open(place).sessions, open(place).sessions, open(place).sessions];
      expect(await Promise.all(instances.map((each) => outcomeOf(each.createNewSession("bob"))))).toEqual([OK, OK, OK]);
      expect(await outcomeOf(sessions.createNewSession("bob"))).toBe(OK);
      await drop();
      expect(await outcomeOf(open(place).sessions.ready())).toBe(OK);
      // Who sweeps is noted by the first calls.
      await server().admin(
        `UPDATE ${named(place, "counterfoil_lease")} SET owner = '', expires_at = 0`,
        place.database,
      );
      expect(await readSchema(place.database)).toEqual(await readSchema(whole.database));
    },
  );

  test("one table is removed, and none may be made: says which statements do", async () => {
    const place = await makePlace();
    await open(place).sessions.ready();
    await server().admin(`DROP TABLE ${named(place, "counterfoil_key")}`, place.database);
    const error = await caught(open(place, { migrate: false }).sessions.ready());
    expect(error.code).toBe(MISSING);
    expect(error.message).toContain(
      `counterfoil_audit have been removed, and migrate is false; run once, as a user who may, the statements that name them, of those that this prints: npx counterfoil migrate --print ${dialect}`,
    );
    const about = readMigrations(dialect)
      .flatMap(statementsOf)
      .filter((text) => text.includes("counterfoil_key"));
    await runScript(place, about.map((text) => `${text};\n`).join(""));
    expect(await outcomeOf(open(place, { migrate: false }).sessions.createNewSession("alice"))).toBe(OK);
  });

  test("one table of a newer schema is removed: left to the newer version", async () => {
    const place = await makePlace();
    await open(place).sessions.ready();
    const note = `INSERT INTO ${named(place, "counterfoil_migration")} (version, oldest) VALUES (9999, 1)`;
    await server().admin(note, place.database);
    await server().admin(`DROP TABLE ${named(place, "counterfoil_key")}`, place.database);
    for (let starts = 0; starts < 2; starts += 1)
      expect((await caught(open(place).sessions.ready())).code).toBe(MISSING);
  });

  /** Tables as the last step but one leaves them. */
  const scriptBefore = (): string =>
    schemaScript(dialect, undefined, 0, (...args) => readMigrations(...args).slice(0, -1));

  test("of the version before, with sessions: brought up to date by several starts at once", async () => {
    const place = await makePlace();
    await runScript(place, scriptBefore());
    const session = named(place, "counterfoil_session");
    const { row, read } = rowOfVersionBefore();
    const values = Object.values(row).map((value) => (typeof value === "string" ? `'${value}'` : String(value)));
    await server().admin(
      `INSERT INTO ${session} (${Object.keys(row).map(column).join(", ")}) VALUES (${values.join(", ")})`,
      place.database,
    );
    const stores = drivers.map((driver) => openStore(driver, driver.makePool(place)));
    expect(await Promise.all(stores.map((store) => store.prepare()))).toHaveLength(drivers.length);
    expect(await stores[0]?.findSession(String(row["handle"]))).toMatchObject(read);
    const [newest = expect.fail("no steps")] = readMigrations(dialect).slice(-1);
    const noted = await server().admin(
      `SELECT version, oldest FROM ${named(place, "counterfoil_migration")} ORDER BY version DESC`,
      place.database,
    );
    expect(noted[0]).toEqual({ version: newest.version, oldest: newest.oldest });
  });

  test.each(drivers)("$name: a session that takes a row over keeps nothing of columns to come", async (driver) => {
    const place = await makePlace();
    const store = openStore(driver, driver.makePool(place));
    await store.prepare();
    const [before, after] = [newRecord(), newRecord()];
    await store.createSession(before, undefined);
    const session = named(place, "counterfoil_session");
    const reserved = RESERVED_COLUMNS.map(column);
    await server().admin(`UPDATE ${session} SET ${reserved.map((name) => `${name} = '1'`).join(", ")}`, place.database);
    expect((await store.createSession(after, undefined, before.handle)).replaced).toBe(true);
    const rows = await server().admin(`SELECT ${reserved.join(", ")} FROM ${session}`, place.database);
    expect(rows.map((row) => Object.values(row))).toEqual([reserved.map(() => null)]);
  });

  test("tablePrefix keeps two apps in one database apart", async () => {
    const place = await makePlace();
    const [shop, forum] = ["shop_", "forum_"].map((tablePrefix) => open(place, { tablePrefix }).sessions);
    if (shop === undefined || forum === undefined) throw new Error("there are two");
    const { session, refreshToken, accessToken } = await shop.createNewSession("alice");
    await forum.createNewSession("alice");
    expect(await outcomeOf(forum.refreshSession(refreshToken.value))).toBe("UNAUTHORISED/REFRESH_TOKEN_INVALID");
    expect(await outcomeOf(forum.getSession(accessToken.value))).toBe("TRY_REFRESH_TOKEN/ACCESS_TOKEN_INVALID");
    expect(await forum.revokeSessionUsingSessionHandle(session.handle)).toBe(false);
    expect(await forum.revokeAllSessionsForUser("alice")).toBe(1);
    expect(await shop.getAllSessionHandlesForUser("alice")).toEqual([session.handle]);
  });

  test("text compares byte by byte, in every column", async () => {
    const place = await makePlace();
    await open(place).sessions.ready();
    const texts = mariadb
      ? `SELECT column_name FROM information_schema.columns WHERE table_schema = '${place.database}' AND collation_name IS NOT NULL`
      : `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
           WHERE table_name LIKE 'counterfoil%' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' ORDER BY 1`;
    const rows = (await server().admin(texts, place.database)).map(({ name }) => name);
    // Those that PostgreSQL only stores and gives back.
    const stored = ["key.algorithm", "session.claims", "session.data", "session.device"];
    expect(rows).toEqual(mariadb ? [] : stored.map((name) => `counterfoil_${name}`));
  });
});
