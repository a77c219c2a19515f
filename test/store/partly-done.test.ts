/**
 * Calls of several steps of which a later one is refused, here by a trigger of the app's: what the
 * steps before have done is not said to be untouched.
 */
import { DatabaseSync } from "node:sqlite";
import { createSessions, type Sessions } from "counterfoil";
import { sqlite } from "counterfoil/sqlite";
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { caught, SECRET } from "./fixtures.ts";
import { describeSqlServers, openStore, type SqlKind } from "./sql-drivers.ts";

/** More than one step ends. */
const MANY = 230;
const DONE = /what was done of it before stays done, and the same call made again does the rest/;

type Event = "INSERT" | "DELETE";
type Statement = (sql: string) => unknown;

/** SQL that refuses to change a table, or the row that `where` names; `%` stands for it. */
const TRIGGERS: Readonly<Record<SqlKind | "sqlite", (event: Event, table: string, where: string) => string[]>> = {
  mariadb: (event, table, where) => [
    `CREATE TRIGGER refusal BEFORE ${event} ON ${table} FOR EACH ROW BEGIN IF ${where.replace("%", "OLD")} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused'; END IF; END`,
  ],
  postgres: (event, table, where) => [
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF ${where.replace("%", "OLD")} THEN RAISE 'refused'; END IF; RETURN OLD; END $$`,
    `CREATE TRIGGER refusal BEFORE ${event} ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse()`,
  ],
  sqlite: (event, table, where) => [
    `CREATE TRIGGER refusal BEFORE ${event} ON ${table} WHEN ${where.replace("%", "OLD")} BEGIN SELECT RAISE(ABORT, 'refused'); END`,
  ],
};

interface Scene {
  readonly open: () => SessionStore;
  readonly refuse: (event: Event, table: string, where?: string) => Promise<void>;
}

async function start({ open }: Scene) {
  const make = (maxPerUser: number | false): Sessions =>
    createSessions({ store: open(), secret: SECRET, session: { maxPerUser } });
  const [patient, strict] = [make(false), make(1)];
  onTestFinished(async () => void (await Promise.all([patient.close(), strict.close()])));
  await patient.ready();
  const handles: string[] = [];
  for (let count = 0; count < MANY; count += 10) {
    const created = await Promise.all(Array.from({ length: 10 }, () => patient.createNewSession("alice")));
    handles.push(...created.map(({ session }) => session.handle));
  }
  const told: object[] = [];
  for (const sessions of [patient, strict])
    for (const name of ["session-revoked", "all-sessions-revoked"] as const)
      sessions.on(name, (event) => void told.push(event));
  const count = async (): Promise<number> => (await patient.getAllSessionHandlesForUser("alice")).length;
  return { patient, strict, told, count, oldest: (await patient.getAllSessionHandlesForUser("alice")).at(-1) };
}

function define(setScene: () => Promise<Scene>): void {
  let scene: Scene;
  beforeEach(async () => void (scene = await setScene()));

  test("a sign-in at a limit, whose session is refused when others have ended for it", async () => {
    const { strict, told, count } = await start(scene);
    await scene.refuse("INSERT", "counterfoil_session");
    const { message } = await caught(strict.createNewSession("alice"));
    expect(await count()).toBeLessThan(MANY);
    expect(message).toMatch(DONE);
    expect(told).toEqual([{ handles: [], userId: "alice", reason: "limit", unknown: true }]);
  });

  test("the end of all sessions of a user, of which the last is refused", async () => {
    const { patient, told, count, oldest } = await start(scene);
    await scene.refuse("DELETE", "counterfoil_session", `%.handle = '${String(oldest)}'`);
    const { message } = await caught(patient.revokeAllSessionsForUser("alice"));
    expect(await count()).toBeLessThan(MANY);
    expect(message).toMatch(DONE);
    expect(told.length).toBe(1);
  });

  test("the end of everything, which is refused when a new key signs", async () => {
    const { patient, told } = await start(scene);
    await scene.refuse("DELETE", "counterfoil_key");
    expect((await caught(patient.revokeAllSessions())).message).toMatch(DONE);
    expect(told).toEqual([{ removed: 0, unknown: true }]);
  });
}

const run = async (statements: readonly string[], execute: Statement): Promise<void> => {
  for (const statement of statements) await execute(statement);
};

describeSqlServers((kind, drivers, server) => {
  describe.each(drivers)("$name", (driver) => {
    define(async () => {
      const database = await server().createDatabase();
      const place = server().connectionOptions(database);
      return {
        open: () => openStore(driver, driver.makePool(place)),
        refuse(event, table, where = "TRUE") {
          const [name, execute]: [string, Statement] =
            kind === "mariadb"
              ? [`${database}.${table}`, (sql) => server().admin(sql.replace("refusal", `${database}.refusal`))]
              : [table, (sql) => server().admin(sql, database)];
          return run(TRIGGERS[kind](event, name, where), execute);
        },
      };
    });
  });
});

describe("SQLite", () => {
  const opened: DatabaseSync[] = [];
  afterAll(() => opened.forEach((database) => database.close()));
  define(async () => {
    const database = new DatabaseSync(":memory:");
    opened.push(database);
    return {
      open: () => sqlite({ database }),
      refuse: (event, table, where = "TRUE") => run(TRIGGERS.sqlite(event, table, where), (sql) => database.exec(sql)),
    };
  });
});
