/** The feed while something is broken: the log, its table, messages. */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { createSessions } from "counterfoil";
import { postgres } from "counterfoil/postgres";
import { sqlite } from "counterfoil/sqlite";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { SECRET } from "../fixtures/constants.ts";
import { collectWarnings } from "../fixtures/warnings.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { type PgBouncer, startPgBouncer } from "../servers/pgbouncer.ts";
import { USER } from "../servers/postgres-server.ts";
import { sharedPostgres } from "../servers/shared.ts";
import { caught, outcomeOf, temporaryFolder } from "../store/fixtures.ts";
import { openStore } from "../store/open-store.ts";
import { switchable } from "../store/switchable-store.ts";
import { follow, REVOKED } from "./feed-sides.ts";

const BOUND = 1000;
const AT_ONCE = { timeout: 20_000, interval: 5 };
/** Neither a request nor the timer reads before a poll gives up. */
const LISTENING = { listen: true, bound: "1m" } as const;
const DOWN = "GENERAL_ERROR/STORE_UNAVAILABLE";

describe("a log that cannot be read, while the store can", () => {
  async function stage(onLag: "store" | "refuse") {
    const store = sqlite({ path: join(temporaryFolder(), "app.db") });
    const { sessions } = await follow(store);
    const broken = switchable(store);
    const b = await follow(broken.store, { feed: { onLag } });
    const tokens = [await sessions.createNewSession("alice"), await sessions.createNewSession("bob")] as const;
    const cut = (): void => broken.setFaults((operation) => (operation === "readLog" ? "before" : undefined));
    const outcomes = (): Promise<string[]> => Promise.all(tokens.map(({ accessToken }) => b.ask(accessToken)));
    return { sessions, b, broken, tokens, cut, outcomes };
  }

  test.each([
    ["store", ["ok", REVOKED]],
    ["refuse", [DOWN, DOWN]],
  ] as const)("onLag: %s", async (onLag, wanted) => {
    const { sessions, b, broken, tokens, cut, outcomes } = await stage(onLag);
    expect(await outcomes()).toEqual(["ok", "ok"]);
    cut();
    await sessions.revokeSessionUsingSessionHandle(tokens[1].session.handle);
    // Within the bound memory is good.
    b.advance(BOUND / 2);
    expect(await outcomes()).toEqual(["ok", "ok"]);
    b.advance(BOUND);
    expect(await outcomes()).toEqual(wanted);
    expect(b.sessions.stats().feedLag).toBeGreaterThan(BOUND);
    broken.up();
    expect(await outcomes()).toEqual(["ok", REVOKED]);
    expect(b.sessions.stats().feedLag).toBeLessThan(BOUND);
    // Nobody was signed out.
    expect(await outcomeOf(b.sessions.refreshSession(tokens[0].refreshToken.value))).toBe("ok");
  });

  test("a process that starts while it is behind asks the store, or refuses", async () => {
    for (const [onLag, wanted] of [
      ["store", ["ok", REVOKED]],
      ["refuse", [DOWN, DOWN]],
    ] as const) {
      const store = sqlite({ path: join(temporaryFolder(), "app.db") });
      const { sessions } = await follow(store);
      const [alice, bob] = [await sessions.createNewSession("alice"), await sessions.createNewSession("bob")];
      await sessions.revokeAllSessionsForUser("bob");
      const broken = switchable(store);
      broken.setFaults((operation) => (operation === "readLog" ? "before" : undefined));
      const b = await follow(broken.store, { feed: { onLag } });
      expect([await b.ask(alice.accessToken), await b.ask(bob.accessToken)]).toEqual(wanted);
      broken.up();
      expect([await b.ask(alice.accessToken), await b.ask(bob.accessToken)]).toEqual(["ok", REVOKED]);
    }
  });
});

test("a million entries: it starts, decides rightly by asking the store, and keeps its memory", async () => {
  const path = join(temporaryFolder(), "app.db");
  const { sessions } = await follow(sqlite({ path }));
  const [alice, bob] = [await sessions.createNewSession("alice"), await sessions.createNewSession("bob")];
  const database = new DatabaseSync(path);
  onTestFinished(() => database.close());
  const now = Date.now();
  database.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
    INSERT INTO counterfoil_revocation (logged_at, id, kind, subject, except_handle, claims_version, expires_at)
    SELECT ${now} - 1000, 'million' || i, 3, '"user ' || i || '"', NULL, NULL, ${now + 3_600_000} FROM n`);
  await sessions.revokeSessionUsingSessionHandle(bob.session.handle);
  const before = process.memoryUsage().heapUsed;
  const b = await follow(sqlite({ path }));
  const outcomes = async (): Promise<string[]> => [await b.ask(alice.accessToken), await b.ask(bob.accessToken)];
  for (let request = 0; request < 10; request += 1) {
    expect(await outcomes()).toEqual(["ok", REVOKED]);
    b.advance(BOUND + 1);
  }
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(1e9);
  database.exec(`DELETE FROM counterfoil_revocation WHERE id LIKE 'million%'`);
});

describeWithServer("postgres", "PostgreSQL", () => {
  const warnings = collectWarnings();

  async function makeDatabase() {
    const server = await sharedPostgres();
    const database = await server.createDatabase();
    return { server, database, url: server.url(database) };
  }

  async function withFirst(url: string) {
    const first = await follow(await openStore({ by: "pg", url }));
    return { first, created: await first.sessions.createNewSession("alice") };
  }

  test.each([
    ["missing", "DROP TABLE counterfoil_revocation"],
    ["without rights", `REVOKE ALL ON counterfoil_revocation FROM ${USER}`],
  ])("a table that is %s: off and store go on and say so once, feed is refused at its start", async (_, spoil) => {
    const { server, database, url } = await makeDatabase();
    const { first, created } = await withFirst(url);
    await first.sessions.close();
    await server.admin(spoil, database);
    for (const revocation of ["off", "store"] as const) {
      const seen = (await warnings.read()).length;
      const store = postgres({ url, migrate: false, timeout: "1m" });
      const sessions = createSessions({ store, secret: SECRET, tokens: { accessToken: { revocation } } });
      onTestFinished(() => sessions.close());
      const { session, refreshToken } = await sessions.createNewSession("bob");
      await sessions.updateJwtPayload(session.handle, { role: "none" });
      expect(await outcomeOf(sessions.refreshSession(refreshToken.value))).toBe("ok");
      expect(await sessions.revokeSessionUsingSessionHandle(session.handle)).toBe(true);
      expect(await sessions.revokeAllSessionsForUser("alice")).toBe(revocation === "off" ? 1 : 0);
      expect(await sessions.sweep()).toBe(0);
      const told = (await warnings.read()).slice(seen);
      expect(told.map(({ code }) => code)).toEqual(["COUNTERFOIL_REVOCATION_LOG"]);
    }
    const store = postgres({ url, migrate: false, timeout: "1m" });
    const refused = createSessions({ store, secret: SECRET, tokens: { accessToken: { revocation: "feed" } } });
    onTestFinished(() => refused.close());
    const error = await caught(refused.getSession(created.accessToken.value));
    expect(error.code).toBe("STORE_UNSUITABLE");
    expect(error.message).toContain("needs the log of revocations");
  });

  describeWithServer("pgbouncer", "PgBouncer in transaction mode", () => {
    let pooler: PgBouncer;
    let place: Awaited<ReturnType<typeof makeDatabase>>;
    beforeAll(async () => {
      place = await makeDatabase();
      pooler = await startPgBouncer(place.server, [place.database]);
    });
    afterAll(() => pooler.remove());

    const throughPooler = () =>
      postgres({ url: pooler.url(place.database, "transaction"), prepare: false, timeout: "20s" });

    test("swallows LISTEN: that is said, and the log is read all the same", async () => {
      const { first, created } = await withFirst(place.url);
      const b = await follow(throughPooler(), { feed: { listen: true } });
      expect(await b.ask(created.accessToken)).toBe("ok");
      await expect.poll(() => warnings.codes(), { timeout: 20_000 }).toContain("COUNTERFOIL_LISTEN");
      await first.sessions.revokeSessionUsingSessionHandle(created.session.handle);
      await expect.poll(() => b.heard, AT_ONCE).toContain(created.session.handle);
    });

    test("with an address of the server for messages they arrive", async () => {
      const a = await follow(throughPooler(), { feed: { ...LISTENING, listen: place.url } });
      const b = await follow(throughPooler(), { feed: { ...LISTENING, listen: place.url } });
      const { session } = await a.sessions.createNewSession("alice");
      await a.sessions.revokeSessionUsingSessionHandle(session.handle);
      await expect.poll(() => b.heard, AT_ONCE).toContain(session.handle);
      expect(await warnings.codes()).not.toContain("COUNTERFOIL_LISTEN");
    });
  });
});
