/** All traces of a user are removed, on every store; and the audit rows, which tests write here. */
import { DatabaseSync } from "node:sqlite";
import { createSessions, type Sessions, type UserId } from "counterfoil";
import { memory, type SessionStore } from "counterfoil/memory";
import { sqlite } from "counterfoil/sqlite";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { T0 } from "../../src/lib/testing/store/rows.ts";
import { databases, describeDatabase, removeDatabases } from "./databases.ts";
import { SECRET } from "./fixtures.ts";
import { openStore } from "./open-store.ts";
import { describeSqlServers, makeStore } from "./sql-drivers.ts";
import { switchable } from "./switchable-store.ts";

afterAll(removeDatabases);

function makeInstance(store: SessionStore): Sessions {
  // Each look at the clock is a moment of its own, so that no two devices expire together.
  let now = Date.now();
  const clock = (): number => (now += 1);
  const session = { knownDevices: true, maxPerUser: false } as const;
  const sessions = createSessions({ store, secret: SECRET, session, clock });
  onTestFinished(() => sessions.close());
  return sessions;
}

const signIn = async (sessions: Sessions, userId: UserId, label: string): Promise<string> =>
  (await sessions.createNewSession(userId, {}, {}, { device: { label } })).refreshToken.value;

/** More sessions than one step removes, and as many devices as are remembered. */
async function expectForgotten(store: SessionStore): Promise<void> {
  const sessions = makeInstance(store);
  const events: unknown[] = [];
  const revoked: string[] = [];
  sessions.on("user-forgotten", (event) => void events.push(event));
  sessions.on("session-revoked", ({ handles }) => void revoked.push(...handles));
  const tokens: string[] = [];
  for (let index = 0; index < 210; index += 1) tokens.push(await signIn(sessions, "alice", `device ${index % 110}`));
  await signIn(sessions, "Alice", "device 1");
  const forgotten = { sessions: 210, devices: 100, auditRows: 0 };
  expect(await sessions.forgetUser("alice")).toEqual(forgotten);
  expect([events, new Set(revoked).size]).toEqual([[{ userId: "alice", ...forgotten }], 210]);
  expect(await sessions.getSessionsForUser("alice")).toEqual([]);
  await expect(sessions.refreshSession(tokens[0] ?? "")).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
  expect(await sessions.forgetUser("alice")).toEqual({ sessions: 0, devices: 0, auditRows: 0 });
  // Nothing is known of her devices, and another user is as before.
  let known: boolean | undefined = true;
  sessions.on("session-created", ({ knownDevice }) => void (known = knownDevice));
  await signIn(sessions, "alice", "device 1");
  expect(known).toBeUndefined();
  await signIn(sessions, "Alice", "device 1");
  expect(known).toBe(true);
}

const TITLE = "sessions and devices are gone, with an event for each session";

describe("memory", () => {
  test(TITLE, () => expectForgotten(memory()));

  test.each(["deleteSessionsOfUser", "forgetDevices", "forgetAudit"] as const)(
    "a failure of %s is told, and the next call does the rest",
    async (failing) => {
      const { store, setFaults, up } = switchable(memory());
      const sessions = makeInstance(store);
      let events = 0;
      sessions.on("user-forgotten", () => (events += 1));
      await signIn(sessions, "alice", "a");
      setFaults((operation) => (operation === failing ? "before" : undefined));
      await expect(sessions.forgetUser("alice")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      expect(events).toBe(0);
      up();
      const before = ["deleteSessionsOfUser", "forgetDevices", "forgetAudit"].indexOf(failing);
      expect(await sessions.forgetUser("alice")).toEqual({
        sessions: before > 0 ? 0 : 1,
        devices: before > 1 ? 0 : 1,
        auditRows: 0,
      });
    },
  );

  test.each(["", null, {}])("%j is no user", async (userId) => {
    const sessions = makeInstance(memory());
    await expect(sessions.forgetUser(userId as never)).rejects.toMatchObject({ code: "USER_ID_INVALID" });
  });
});

for (const database of databases) {
  describeDatabase(database, () => {
    test(TITLE, async () => expectForgotten(await openStore((await database.makeEmpty())(0))));
  });
}

/** Of alice more than one step removes, of others some, and rows with her only as the actor. */
function auditRows(): readonly (readonly [user: string | null, actor: string | null])[] {
  const own = Array.from({ length: 450 }, () => ['"alice"', null] as const);
  return [...own, ['"Alice"', '"alice"'], [null, '"alice"'], ["42", null]];
}

const insertAudit = (table: string): string =>
  `INSERT INTO ${table} (logged_at, id, event, handle, user_key, actor_key, facts) VALUES ${auditRows()
    .map(([user, actor], index) => {
      const text = (value: string | null): string => (value === null ? "NULL" : `'${value}'`);
      return `(${T0 + (index % 7)}, 'id${index}', 'session-revoked', NULL, ${text(user)}, ${text(actor)}, '{}')`;
    })
    .join(", ")}`;

const AUDIT_TITLE = "audit rows about the user are gone, and no others";

async function expectAuditForgotten(store: SessionStore, count: () => Promise<number>): Promise<void> {
  const sessions = makeInstance(store);
  expect(await sessions.forgetUser("alice")).toEqual({ sessions: 0, devices: 0, auditRows: 450 });
  expect(await count()).toBe(3);
  expect(await sessions.forgetUser(42)).toMatchObject({ auditRows: 1 });
  expect(await sessions.forgetUser("42")).toMatchObject({ auditRows: 0 });
}

describe("SQLite", () => {
  test(AUDIT_TITLE, async () => {
    const database = new DatabaseSync(":memory:");
    const store = sqlite({ database });
    await store.prepare();
    database.exec(insertAudit("counterfoil_audit"));
    await expectAuditForgotten(store, async () =>
      Number(database.prepare("SELECT count(*) AS count FROM counterfoil_audit").get()?.["count"]),
    );
  });
});

describeSqlServers((kind, _, server) => {
  test(AUDIT_TITLE, async () => {
    const database = await server().createDatabase();
    const table = kind === "mariadb" ? `${database}.counterfoil_audit` : "counterfoil_audit";
    const store = makeStore(kind, server().connectionOptions(database));
    await store.prepare();
    await server().admin(insertAudit(table), database);
    await expectAuditForgotten(store, async () =>
      Number(Object.values((await server().admin(`SELECT count(*) FROM ${table}`, database))[0] ?? {})[0]),
    );
  });
});
