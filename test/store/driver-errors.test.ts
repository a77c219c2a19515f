/**
 * Errors of the drivers tell what went wrong and where, and nothing of a session: no claims, no
 * data, no hashes.
 */
import { inspect } from "node:util";
import { DatabaseSync } from "node:sqlite";
import { createSessions, type SessionError } from "counterfoil";
import { redis } from "counterfoil/redis";
import { sqlite } from "counterfoil/sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { caught, openBetterSqlite, SECRET } from "./fixtures.ts";
import { DRIVERS as REDIS_DRIVERS, testServer } from "./redis-clients.ts";
import { describeSqlServers, openStore } from "./sql-drivers.ts";

const CARD = "4111-planted-number";
const ROLE = "planted-role";

/** Everything that a log may get hold of. */
function expectSilence(error: SessionError, alsoTold: readonly unknown[] = []): void {
  expect(error.cause).toBeInstanceOf(Error);
  const all = [error, error.cause, ...alsoTold].map((one) => inspect(one, { depth: 20, showHidden: true }));
  const everything = [...all, JSON.stringify(error.cause), String(error.cause)].join("\n");
  // Claims and data, in JSON, in hex and cut off; the beginning of the statement; a hash in
  // base64url.
  for (const secret of [CARD, CARD.slice(0, 8), ROLE, Buffer.from(CARD).toString("hex"), "INSERT INTO"])
    expect(everything).not.toContain(secret);
  expect(everything).not.toMatch(/[\w-]{43}/);
}

/**
 * Sign-ins that the database refuses, and the errors that they get; with all that was told
 * meanwhile.
 */
async function refusedSignIns(store: SessionStore, forbid: () => Promise<unknown>): Promise<SessionError[]> {
  const told: unknown[] = [];
  const warn = (warning: unknown): void => void told.push(warning);
  process.on("warning", warn);
  onTestFinished(() => void process.off("warning", warn));
  const sessions = createSessions({ store, secret: SECRET });
  onTestFinished(() => sessions.close());
  for (const event of ["session-created", "session-revoked"] as const)
    sessions.on(event, (fact) => void told.push(fact));
  // Its data is what the next ones repeat.
  await sessions.createNewSession("alice", {}, { card: CARD });
  await forbid();
  const errors = [
    await caught(sessions.createNewSession("bob", { role: ROLE })),
    await caught(sessions.createNewSession("carl", {}, { card: CARD })),
  ];
  for (const error of errors) expectSilence(error, told);
  return errors;
}

describeSqlServers((kind, drivers, server) => {
  test.each(drivers)("a constraint of somebody else's that a sign-in breaks: $name", async (driver) => {
    const database = await server().createDatabase();
    // A pool that would log all of it.
    const settings = { mariadb: { logParam: true }, "postgres.js": { debug: true } }[driver.name as string];
    const pool = driver.makePool(server().connectionOptions(database), settings);
    const on = kind === "mariadb" ? `${database}.counterfoil_session` : "counterfoil_session";
    const [check, twice] = await refusedSignIns(openStore(driver, pool), async () => {
      await server().admin(`ALTER TABLE ${on} ADD CONSTRAINT no_roles CHECK (claims NOT LIKE '%role%')`, database);
      const data = kind === "mariadb" ? "data(40)" : "data";
      await server().admin(`CREATE UNIQUE INDEX no_twins ON ${on} (${data})`, database);
    });
    // What helps to find it is there.
    expect(inspect(check?.cause)).toContain("no_roles");
    expect(twice?.cause).toMatchObject(kind === "mariadb" ? { errno: 1062 } : { code: "23505" });
  });
});

describe("SQLite", () => {
  test.each([
    ["node:sqlite", (): DatabaseSync => new DatabaseSync(":memory:")],
    ["better-sqlite3", () => openBetterSqlite(":memory:")],
  ] as const)("a trigger of somebody else's: %s", async (_, open) => {
    const database = open();
    onTestFinished(() => void database.close());
    await refusedSignIns(sqlite({ database }), async () => {
      database.exec(
        `CREATE TRIGGER refuse BEFORE INSERT ON counterfoil_session BEGIN SELECT RAISE(ABORT, 'refused'); END`,
      );
    });
  });
});

describeWithServer("redis", "Redis", () => {
  test.each(REDIS_DRIVERS)("a server without memory: $name", async (driver) => {
    const server = await testServer();
    const store = redis({ client: driver.open(server.url) });
    await refusedSignIns(store, () => server.admin("CONFIG", "SET", "maxmemory", "1"));
  });
});
