/**
 * From a route to the statement of the database there are nine functions at most, the middleware
 * among them, on each way that a refresh takes. Counted over the compiled files, of which the
 * published ones are made, for the sake of their names.
 */
import { DatabaseSync } from "node:sqlite";
import { createSessions } from "../../build/index.js";
import { createNewSession, sessionRoutes } from "../../build/express.js";
import { mysql } from "../../build/mysql.js";
import { postgres } from "../../build/postgres.js";
import { sqlite } from "../../build/sqlite.js";
import { redis } from "../../build/redis.js";
import type { SessionStore } from "../../build/memory.js";
import express from "express";
import { createPool as createMariadbPool } from "mariadb";
import { createPool as createMysql2Pool } from "mysql2/promise";
import pg from "pg";
import connectPostgresJs from "postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import type { ConnectionOptions } from "../servers/mariadb.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { sharedMariaDb, sharedPostgres, sharedRedis } from "../servers/shared.ts";
import { DRIVERS } from "../store/redis-clients.ts";
import { watchCallChains } from "./call-chains.ts";

const MOST = 9;

/** The statements of a refresh with the functions that led to each. */
async function refreshOver(
  open: (note: (text: string) => void) => SessionStore,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const chains = watchCallChains();
  onTestFinished(chains.end);
  const found = new Map<string, readonly string[]>();
  let isWatched = false;
  const store = open((text) => {
    if (isWatched) found.set(text, chains.take());
  });
  const sessions = createSessions({ store, secret: "a secret of at least thirty-two bytes" });
  onTestFinished(() => sessions.close());
  const app = express();
  app.use(sessionRoutes({ sessions }));
  app.post("/sign-in", (request, response, next) => {
    createNewSession(request, response, "alice", { sessions }).then(() => response.end(), next);
  });
  const { port, close } = await listen(app);
  onTestFinished(close);
  const url = `http://127.0.0.1:${port}`;
  const signedIn = await fetch(`${url}/sign-in`, { method: "POST" });
  const cookie = signedIn.headers.getSetCookie().map((line) => line.slice(0, line.indexOf(";")));
  isWatched = true;
  const answer = await fetch(`${url}/session/refresh`, { method: "POST", headers: { cookie: cookie.join("; ") } });
  isWatched = false;
  expect(answer.status).toBe(200);
  return found;
}

function expectFew(found: ReadonlyMap<string, readonly string[]>, begins = ["SELECT", "UPDATE"]): void {
  // Not of the sweep, which a sign-in or a refresh begins.
  const ways = [...found].filter(([, way]) => way.length > 0 && !way.some((hop) => hop.includes("upkeep")));
  for (const [text, way] of ways) console.log([`${way.length}: ${text.slice(0, 60)}`, ...way].join("\n  "));
  expect(ways.map(([text]) => text.slice(0, 6))).toEqual(begins);
  for (const [, way] of ways) expect(way.length).toBeLessThanOrEqual(MOST);
}

/** Calls `note` before each call of a method. */
function watch(target: object, name: string, note: (given: readonly unknown[]) => void): void {
  const method = Reflect.get(target, name) as (...given: unknown[]) => unknown;
  Object.assign(target, {
    [name](...given: unknown[]) {
      note(given);
      return Reflect.apply(method, target, given);
    },
  });
}

test("SQLite", async () => {
  const found = await refreshOver((note) => {
    const database = new DatabaseSync(":memory:");
    onTestFinished(() => database.close());
    const prepare = database.prepare.bind(database);
    database.prepare = (text) => {
      const statement = prepare(text);
      for (const name of ["run", "get", "all"]) watch(statement, name, () => note(text));
      return statement;
    };
    return sqlite({ database });
  });
  expectFew(found);
});

describeWithServer("postgres", "PostgreSQL", () => {
  test("pg", async () => {
    const server = await sharedPostgres();
    const connectionString = server.url(await server.createDatabase());
    const found = await refreshOver((note) => {
      const pool = new pg.Pool({ connectionString }).on("error", () => undefined);
      onTestFinished(() => pool.end());
      pool.on("connect", (client) => {
        watch(client, "query", ([asked]) => note((asked as pg.QueryConfig).text));
      });
      return postgres({ pool });
    });
    expectFew(found);
  });

  test("postgres.js", async () => {
    const server = await sharedPostgres();
    const sql = connectPostgresJs(server.url(await server.createDatabase()), { onnotice: () => undefined });
    onTestFinished(() => sql.end());
    const found = await refreshOver((note) => {
      watch(sql, "unsafe", ([text]) => note(String(text)));
      return postgres({ pool: sql });
    });
    expectFew(found);
  });
});

describeWithServer("mariadb", "MariaDB", () => {
  test.each([
    { name: "mysql2", createPool: (place: ConnectionOptions) => createMysql2Pool({ ...place }) },
    { name: "mariadb", createPool: (place: ConnectionOptions) => createMariadbPool({ ...place }) },
  ])("$name", async ({ createPool }) => {
    const server = await sharedMariaDb();
    const pool = createPool(server.connectionOptions(await server.createDatabase()));
    onTestFinished(() => pool.end());
    const found = await refreshOver((note) => {
      const getConnection = pool.getConnection.bind(pool);
      const seen = new WeakSet();
      Object.assign(pool, {
        async getConnection() {
          const connection = await getConnection();
          if (!seen.has(connection)) watch(connection, "execute", ([asked]) => note((asked as { sql: string }).sql));
          seen.add(connection);
          return connection;
        },
      });
      return mysql({ pool });
    });
    expectFew(found);
  });
});

/** The server answers as one that has lost all scripts. */
function giveUnknownHashes(client: object, byHash: string): void {
  const method = Reflect.get(client, byHash) as (...given: unknown[]) => unknown;
  Object.assign(client, {
    [byHash]: (_: string, ...given: unknown[]) => Reflect.apply(method, client, ["0".repeat(40), ...given]),
  });
}

describeWithServer("redis", "Redis", () => {
  describe.each(DRIVERS)("$name", ({ name, open }) => {
    test.each(["by hash", "by text"])("%s", async (how) => {
      const client = open(await sharedRedis());
      let scripts = 0;
      const byHash = name === "ioredis" ? "evalsha" : "evalSha";
      const found = await refreshOver((note) => {
        if (how === "by text") giveUnknownHashes(client, byHash);
        watch(client, how === "by text" ? "eval" : byHash, () => note(`script ${(scripts += 1)}`));
        return redis({ client });
      });
      expectFew(found, ["script", "script"]);
    });
  });
});
