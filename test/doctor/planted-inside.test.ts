/** Faults in configs and databases. What the doctor says to write is then written. */
import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { createSessions } from "counterfoil";
import { mysql } from "counterfoil/mysql";
import { postgres } from "counterfoil/postgres";
import { redis } from "counterfoil/redis";
import { sqlite } from "counterfoil/sqlite";
import type { SessionStore } from "counterfoil/memory";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { tableNames } from "../../src/lib/store/migrations.ts";
import { startPgBouncer, type PgBouncer } from "../servers/pgbouncer.ts";
import { startRedis } from "../servers/redis.ts";
import { sharedMariaDb, sharedPostgres } from "../servers/shared.ts";
import { endAll, onEnd, openShop } from "./apps.ts";
import { examine, expectHealthy, theOnly } from "./examine.ts";
import { makeFolder, SECRET, withEnvironment, writeModule, writeSessions } from "./config-modules.ts";

afterAll(endAll);

/** What the first start of an app leaves. */
async function startOnce(store: SessionStore, own: { readonly secret?: string } = { secret: SECRET }): Promise<void> {
  const sessions = createSessions({ store, ...own });
  await sessions.ready();
  await sessions.close();
}

const secret = `secret: ${JSON.stringify(SECRET)}`;
const PUBLIC = 'http: { publicOrigin: "https://shop.example" }';

test("a config with two faults", async () => {
  const path = writeModule('export const config = { sessions: 1, cookie: { sameSite: "lux" } };');
  const { wrong, exitCode } = await examine(path);
  expect(exitCode).toBe(1);
  expect(wrong.map(({ text }) => text.split(":")[0])).toEqual(expect.arrayContaining(["sessions", "cookie.sameSite"]));
});

test("a module whose instance is refused", async () => {
  const found = theOnly(await examine(writeSessions('secret: "too short"')), "config");
  expect(found.text).toMatch(/^secret: has 9 characters; write at least 32/);
});

test("a module that ends with an error of its own, which may have a secret in it", async () => {
  const { findings, text, exitCode } = await examine(writeModule('throw new Error("geheim");'));
  expect([findings.map(({ verdict }) => verdict), exitCode]).toEqual([["unknown"], 0]);
  expect(text).not.toContain("geheim");
});

test("a module that exports nothing of ours", async () => {
  const { open, text } = await examine(writeModule("export const answer = 42; export default { port: 1 };"));
  expect(open).toEqual(["config"]);
  expect(text).toContain("export const sessions = createSessions({ ... })");
});

test("a memory store in production", async () => {
  const path = writeSessions(`store: memory(), ${secret}, ${PUBLIC}`);
  const found = theOnly(await withEnvironment("production", () => examine(path)), "memory-store");
  expect(found.write).toBe('store: sqlite({ path: "./sessions.db" })');
  const cured = writeSessions(`${found.write?.replace("./", `${makeFolder()}/`)}, ${secret}, ${PUBLIC}`);
  expect((await withEnvironment("production", () => examine(cured))).wrong).toEqual([]);
  const meant = writeSessions(`store: memory({ production: true }), ${secret}, ${PUBLIC}`);
  expect((await withEnvironment("production", () => examine(meant))).open).toEqual([]);
});

test("two instances with a memory store each", async () => {
  const two = (one: string, other: string): string =>
    writeModule(
      `const store = memory(); export const a = createSessions({ store: ${one} }); export const b = createSessions({ store: ${other} });`,
    );
  expect(theOnly(await examine(two("memory()", "memory()")), "memory-stores").write).toBe("const store = memory();");
  expect((await examine(two("store", "store"))).open).toEqual([]);
});

test("a secret file that others can read", async () => {
  const path = join(makeFolder(), "exposed.db");
  await startOnce(sqlite({ path }), {});
  const file = join(makeFolder(), ".exposed.db.secret");
  chmodSync(file, 0o644);
  const config = writeSessions(`store: sqlite({ path: ${JSON.stringify(path)} })`);
  const { write } = theOnly(await examine(config), "secret-file");
  expect(write).toBe(`chmod 600 ${file}`);
  chmodSync(file, 0o600);
  expect((await examine(config)).open).toEqual([]);
});

test("another secret than that of the keys", async () => {
  const path = join(makeFolder(), "other.db");
  await startOnce(sqlite({ path }));
  const withSecret = (text: string): string =>
    writeSessions(`store: sqlite({ path: ${JSON.stringify(path)} }), secret: ${text}`);
  const other = JSON.stringify(`not ${SECRET}`);
  const found = theOnly(await examine(withSecret(other)), "secret-of-keys");
  expect(found.text).toContain("secret: [current, earlier]");
  expect(found.text).not.toContain(SECRET);
  expect((await examine(withSecret(`[${other}, ${JSON.stringify(SECRET)}]`))).open).toEqual([]);
});

test("a page of another site, with cookies that stay on theirs", async () => {
  const http = 'http: { publicOrigin: "https://api.example", trustedOrigins: ["https://app.example"] }';
  const found = theOnly(await examine(writeSessions(`store: memory(), ${http}`)), "same-site");
  expect(found.write).toBe('cookie: { sameSite: "none" }');
  expect((await examine(writeSessions(`store: memory(), ${http}, ${found.write}`))).wrong).toEqual([]);
});

test("only the refresh route has the base path", async () => {
  const renewTokenPath = "/keep/session/refresh";
  const port = await openShop({ cookie: { secure: false }, tokens: { refreshToken: { renewTokenPath } } });
  const url = `http://localhost:${port}/keep`;
  const config = (more: string): string => writeSessions(`store: memory(), cookie: { secure: false }, ${more}`);
  const path = config(`tokens: { refreshToken: { renewTokenPath: "${renewTokenPath}" } }`);
  const found = theOnly(await examine(path, url), "routes");
  expect(found.write).toBe(
    'http: { basePath: "/keep" }, tokens: { refreshToken: { renewTokenPath: "/session/refresh" } }',
  );
  const cured = await openShop({ cookie: { secure: false }, http: { basePath: "/keep" } });
  expectHealthy(await examine(config(found.write ?? ""), `http://localhost:${cured}/keep`));
});

test("an app that runs with another config", async () => {
  const port = await openShop({ cookie: { secure: false, hostPrefix: false } });
  const path = writeSessions('store: memory(), cookie: { secure: false, hostPrefix: false, prefix: "shop_" }');
  const { open, wrong } = await examine(path, `http://localhost:${port}`);
  expect(open).toContain("cookie-names");
  expect(wrong.map(({ check }) => check)).not.toContain("cookie-path");
});

test("what the module prints does not get into the output", async () => {
  const path = writeModule('console.log("noise"); export const sessions = createSessions({ store: memory() });');
  const written = (): unknown => Reflect.get(process.stdout, "write");
  const before = written();
  expect((await examine(path)).open).toEqual([]);
  expect(written()).toBe(before);
});

describeWithServer("postgres", "PostgreSQL", () => {
  test("tables that an operator has to make", async () => {
    const server = await sharedPostgres();
    const database = await server.createDatabase();
    const at = (more = ""): string =>
      writeSessions(`store: postgres({ url: ${JSON.stringify(server.url(database))} ${more} }), ${secret}`);
    const found = theOnly(await examine(at(", migrate: false")), "schema");
    expect(found.write).toBe("npx counterfoil migrate --print postgres --prefix counterfoil_");
    // The start of the app would make them, and the doctor has not.
    expect((await examine(at())).open).toEqual(["schema"]);
    expect(await tablesIn(database)).toBe(0);
    const { migrate } = await import("../../build/lib/cli/migrate.js");
    const { text } = await migrate.run((found.write ?? "").split(" ").slice(3));
    await server.admin(text, database);
    // The tables are the administrator's now.
    const { wrong } = await examine(at(", migrate: false"));
    expect(wrong.map(({ check }) => check)).toEqual(Array.from({ length: 8 }, () => "rights"));
    for (const { write } of wrong) await server.admin(write ?? "", database);
    expect((await examine(at(", migrate: false"))).wrong).toEqual([]);
  });

  test("tables of a later version", async () => {
    const server = await sharedPostgres();
    const database = await server.createDatabase();
    const url = server.url(database);
    await startOnce(postgres({ url }));
    await server.admin("INSERT INTO counterfoil_migration (version, oldest) VALUES (99, 99)", database);
    const found = theOnly(await examine("--store", url), "schema");
    expect([found.text.includes("update the package"), found.write]).toEqual([true, null]);
  });

  test("a right that is missing", async () => {
    const server = await sharedPostgres();
    const database = await server.createDatabase();
    const url = server.url(database);
    await startOnce(postgres({ url }));
    const user = `user_of_${database}`;
    await server.admin(`CREATE ROLE ${user} LOGIN PASSWORD 'geheim'`);
    await server.admin(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${user}`, database);
    await server.admin(`REVOKE INSERT, DELETE ON counterfoil_session FROM ${user}`, database);
    const own = new URL(url);
    own.username = user;
    own.password = "geheim";
    const { write } = theOnly(await examine("--store", own.href), "rights");
    expect(write).toBe(`GRANT INSERT, DELETE ON counterfoil_session TO ${user};`);
    await server.admin(write ?? "", database);
    expect((await examine("--store", own.href)).open).toEqual([]);
  });

  test("a database that takes no writes", async () => {
    const server = await sharedPostgres();
    const url = server.url(await server.createDatabase());
    await startOnce(postgres({ url }));
    const readOnly = new URL(url);
    readOnly.searchParams.set("options", "-c default_transaction_read_only=on");
    expect(theOnly(await examine("--store", readOnly.href), "store").text).toMatch(/read-only, as replicas are/);
  });

  test("a secret in the file for development, in public", async () => {
    const server = await sharedPostgres();
    const url = server.url(await server.createDatabase());
    const at = (more: string): string =>
      writeSessions(`store: postgres({ url: ${JSON.stringify(url)} }), ${PUBLIC} ${more}`);
    const found = theOnly(await examine(at("")), "secret");
    expect(found.write).toBe("secret: process.env.COUNTERFOIL_SECRET");
    process.env["COUNTERFOIL_SECRET"] = SECRET;
    expect((await examine(at(`, ${found.write}`))).wrong).toEqual([]);
    delete process.env["COUNTERFOIL_SECRET"];
  });

  test("a clock that is wrong", async () => {
    const server = await sharedPostgres();
    const url = server.url(await server.createDatabase());
    await startOnce(postgres({ url }));
    const at = (offset: number): string =>
      writeSessions(
        `store: postgres({ url: ${JSON.stringify(url)} }), ${secret}, clock: () => Date.now() + ${offset}, rotation: { clock: "store" }`,
      );
    expect(theOnly(await examine(at(-600_000)), "clock").text).toContain("600 s behind the database's");
    expect(theOnly(await examine(at(600_000)), "clock").text).toContain("600 s ahead of the database's");
    expect((await examine(at(0))).open).toEqual([]);
  });

  test("an old key, of which it cannot be told why", async () => {
    const server = await sharedPostgres();
    const database = await server.createDatabase();
    const url = server.url(database);
    await startOnce(postgres({ url }));
    await server.admin("UPDATE counterfoil_key SET activates_at = activates_at - 8640000000", database);
    const config = writeSessions(`store: postgres({ url: ${JSON.stringify(url)} }), ${secret}`);
    const { findings, exitCode } = await examine(config);
    expect(exitCode).toBe(0);
    expect(findings.find(({ check }) => check === "keys")).toMatchObject({
      verdict: "unknown",
      write: "npx counterfoil keys rotate",
    });
  });

  test("a database that cannot be reached, and no password in the report", async () => {
    const { text, wrong } = await examine("--store", "postgres://app:geheim@127.0.0.1:1/shop");
    expect(wrong.map(({ check }) => check)).toEqual(["store"]);
    expect(text).not.toContain("geheim");
  });

  async function tablesIn(database: string): Promise<number> {
    const server = await sharedPostgres();
    const { default: pg } = await import("pg");
    const client = new pg.Client({ connectionString: server.url(database) });
    await client.connect();
    const { rowCount } = await client.query("SELECT FROM pg_tables WHERE schemaname = 'public'");
    await client.end();
    return rowCount ?? 0;
  }

  describeWithServer("pgbouncer", "behind PgBouncer", () => {
    let pooler: PgBouncer;
    let database = "";
    beforeAll(async () => {
      const server = await sharedPostgres();
      database = await server.createDatabase();
      await startOnce(postgres({ url: server.url(database) }));
      pooler = await startPgBouncer(server, [database]);
      onEnd(() => pooler.remove());
    });

    test("that pools statements", async () => {
      const found = theOnly(await examine("--store", pooler.url(database, "statement")), "store");
      expect(found.text).toMatch(/pool_mode|statement/);
      expect((await examine("--store", pooler.url(database, "session"))).open).toEqual([]);
      expect((await examine("--store", pooler.url(database, "transaction"))).open).toEqual([]);
    });

    test("that delivers no messages", async () => {
      const url = JSON.stringify(pooler.url(database, "transaction"));
      const at = (listen: string): string =>
        writeSessions(
          `store: postgres({ url: ${url} }), ${secret}, tokens: { accessToken: { revocation: "feed", feed: { listen: ${listen} } } }`,
        );
      const found = theOnly(await examine(at("true")), "revocation-log");
      expect(found.write).toBe("tokens: { accessToken: { feed: { listen: false } } }");
      expect((await examine(at("false"))).open).toEqual([]);
      const direct = (await sharedPostgres()).url(database);
      expect((await examine(at(JSON.stringify(direct)))).open).toEqual([]);
    });
  });
});

describeWithServer("mariadb", "MariaDB", () => {
  test("a right that is missing", async () => {
    const server = await sharedMariaDb();
    const database = await server.createDatabase();
    await startOnce(mysql({ url: server.url(database) }));
    const place = { ...server.connectionOptions(database), user: `user_of_${database}` };
    await server.admin(`CREATE USER ${place.user} IDENTIFIED BY '${place.password}'`);
    for (const table of [...tableNames(""), "migration"])
      await server.admin(
        `GRANT SELECT, ${table === "session" ? "" : "UPDATE, "}INSERT, DELETE ON ${database}.counterfoil_${table} TO ${place.user}`,
      );
    const url = new URL(server.url(database));
    url.username = place.user;
    url.password = place.password ?? "";
    const { write } = theOnly(await examine("--store", url.href), "rights");
    expect(write).toBe(`GRANT UPDATE ON counterfoil_session TO '${place.user}'@'%';`);
    await server.admin((write ?? "").replace("counterfoil_", `${database}.counterfoil_`));
    expect((await examine("--store", url.href)).open).toEqual([]);
  });
});

describeWithServer("redis", "Redis", () => {
  test("a server that evicts", async () => {
    const server = await startRedis();
    onEnd(() => server.remove());
    await startOnce(redis({ url: server.url }));
    await server.admin("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    const soon = theOnly(await examine("--store", server.url), "eviction");
    expect(soon.text).toContain("as soon as a maxmemory is set");
    await server.admin("CONFIG", "SET", "maxmemory", "100mb");
    const { write } = theOnly(await examine("--store", server.url), "eviction");
    expect(write).toBe("maxmemory-policy noeviction");
    await server.admin("CONFIG", "SET", ...(write ?? "").split(" "));
    expect((await examine("--store", server.url)).open).toEqual([]);
    // Nothing is left of an examination of an empty one.
    await server.admin("FLUSHALL");
    expect((await examine("--store", server.url)).open).toEqual(["keys"]);
    expect(await server.admin("DBSIZE")).toBe(0);
  });
});

test("a SQLite file is looked at, and not made", async () => {
  const path = join(makeFolder(), "none.db");
  const config = writeSessions(`store: sqlite({ path: ${JSON.stringify(path)} })`);
  expect((await examine(config)).open).toEqual(["schema"]);
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
});
