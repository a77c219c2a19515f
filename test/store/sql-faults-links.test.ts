/**
 * Connections that break, stand still or are few: a clear fault, then the same instance goes on;
 * nothing is lost and nobody is accused.
 */
import { describe, expect, onTestFinished, test } from "vitest";
import { T0 } from "../../src/lib/testing/store/rows.ts";
import type { ConnectionOptions } from "../servers/mariadb.ts";
import { type Proxy, startProxy } from "../servers/proxy.ts";
import { outcomeOf } from "./fixtures.ts";
import { describeTally, startLoad, UNHARMED } from "./load.ts";
import { atMost, describeOwnSqlServers, type Pool, type SqlDriverUnderTest } from "./sql-drivers.ts";
import { makeStore, openStore, type SqlServer, watch } from "./sql-drivers.ts";

const DOWN = "GENERAL_ERROR/STORE_UNAVAILABLE";
/** Some wait for a connection, the others for an answer. */
const DOWN_OR_BUSY = /^GENERAL_ERROR\/STORE_(?:UNAVAILABLE|BUSY)$/;
const OK = "ok";
const SETTLED = 30_000;
/** A text that only the statement to be cut carries. */
const MARK = "the device whose refresh is cut";

interface Way {
  /** Without the proxy. */
  readonly place: ConnectionOptions;
  readonly proxy: Proxy;
  readonly pool: Pool;
}

/** A pool of few connections that leads to an empty database through a proxy. */
async function openWay(driver: SqlDriverUnderTest, server: SqlServer, connections: number): Promise<Way> {
  const proxy = await startProxy(server);
  onTestFinished(() => proxy.close());
  const place = server.connectionOptions(await server.createDatabase());
  return { place, proxy, pool: driver.makePool({ ...place, port: proxy.port }, atMost(driver, connections)) };
}

describeOwnSqlServers({}, (kind, drivers, server) => {
  describe.each(drivers)("$name", (driver) => {
    test("cut in the middle of a refresh: the client's next try goes on", async () => {
      const { proxy, pool } = await openWay(driver, server(), 2);
      let now = T0;
      const { sessions, alarms } = watch(openStore(driver, pool), { clock: () => now });
      const { session, refreshToken } = await sessions.createNewSession("alice", { role: "admin" });
      let token = refreshToken.value;
      const device = { label: MARK };
      for (const moment of ["before", "after"] as const) {
        // The read carries nothing but the handle, and the write, which comes second, the device.
        for (const statement of [session.handle, MARK]) {
          ({ value: token } = (await sessions.refreshSession(token)).newRefreshToken);
          now += SETTLED;
          const cut = proxy.cutNext(moment, statement);
          expect(await outcomeOf(sessions.refreshSession(token, { device }))).toBe(DOWN);
          await cut;
          const retried = await sessions.refreshSession(token, { device });
          expect(retried.session).toEqual({ ...session, jwtPayload: { role: "admin" } });
          token = retried.newRefreshToken.value;
          now += SETTLED;
        }
      }
      expect(await outcomeOf(sessions.refreshSession(token))).toBe(OK);
      expect(alarms).toEqual([]);
    });

    test("cut in the middle of a sign-in at a limit: all or nothing, and the turn is free again", async () => {
      const { proxy, pool } = await openWay(driver, server(), 2);
      const { sessions } = watch(openStore(driver, pool), { session: { maxPerUser: 2 } });
      await sessions.createNewSession("alice");
      // To begin says READ COMMITTED; the end of the text is a NUL there.
      const commit = { pg: "COMMIT\0", "postgres.js": "commit\0", mysql2: "COMMIT", mariadb: "COMMIT" }[driver.name];
      for (const [moment, statement, left] of [
        ["before", "place-", 1],
        ["after", "place-", 1],
        ["before", commit, 1],
        ["after", commit, 2],
      ] as const) {
        const cut = proxy.cutNext(moment, statement);
        expect(await outcomeOf(sessions.createNewSession("alice"))).toBe(DOWN);
        await cut;
        expect((await sessions.getAllSessionHandlesForUser("alice")).length).toBe(left);
      }
      const signIns = Array.from({ length: 10 }, () => outcomeOf(sessions.createNewSession("alice")));
      expect(new Set(await Promise.all(signIns))).toEqual(new Set([OK]));
      expect((await sessions.getAllSessionHandlesForUser("alice")).length).toBe(2);
    });

    test("held: fails in time, and when it is over, or cut, the pool is as good as before", async () => {
      const { place, proxy, pool } = await openWay(driver, server(), 2);
      const store = openStore(driver, pool, { timeout: "2s" });
      const { sessions, alarms } = watch(store, { session: { maxPerUser: 50 } });
      const other = watch(openStore(driver, driver.makePool(place)));
      const { refreshToken } = await sessions.createNewSession("alice");
      const callAll = async (): Promise<string[]> => {
        const calls = [
          sessions.refreshSession(refreshToken.value),
          sessions.createNewSession("bob"),
          sessions.getSessionsForUser("alice"),
          sessions.refreshSession(refreshToken.value),
        ];
        return Promise.all(calls.map(outcomeOf));
      };
      for (const end of [() => proxy.release(), () => proxy.release(), () => proxy.cut()]) {
        proxy.hold();
        // While nothing is answered, so it is the store that ends the calls.
        for (const outcome of await callAll()) expect(outcome).toMatch(DOWN_OR_BUSY);
        end();
        proxy.release();
        await expect.poll(callAll).toEqual([OK, OK, OK, OK]);
        // What is answered is there for others, too: no transaction of before is open on a
        // connection that is used again.
        const created = await Promise.all([1, 2, 3, 4].map(() => sessions.createNewSession("carol")));
        const seen = created.map((one) => outcomeOf(other.sessions.refreshSession(one.refreshToken.value)));
        expect(await Promise.all(seen)).toEqual([OK, OK, OK, OK]);
      }
      await expect.poll(() => proxy.connections()).toBeLessThanOrEqual(2);
      expect([...alarms, ...other.alarms]).toEqual([]);
    });

    test("a pool of one connection: nothing waits for a second", async () => {
      const { pool } = await openWay(driver, server(), 1);
      const { sessions, alarms } = watch(openStore(driver, pool), { session: { maxPerUser: 3 } });
      const created = await Promise.all(["a", "b", "c", "d"].map((user) => sessions.createNewSession(user)));
      const calls = created.flatMap(({ session, refreshToken }) => [
        sessions.refreshSession(refreshToken.value),
        sessions.createNewSession(session.userId),
        sessions.updateSessionData(session.handle, 1),
        sessions.createNewSession(session.userId),
        sessions.getSessionsForUser(session.userId),
        sessions.refreshSession(refreshToken.value),
        sessions.revokeAllSessionsForUser(`nobody ${session.userId}`),
      ]);
      expect(new Set(await Promise.all(calls.map(outcomeOf)))).toEqual(new Set([OK]));
      for (const { session } of created)
        expect((await sessions.getAllSessionHandlesForUser(session.userId)).length).toBe(3);
      expect(alarms).toEqual([]);
    });
  });

  test("a store's own pool that is held when it is closed", async () => {
    const proxy = await startProxy(server());
    onTestFinished(() => proxy.close());
    const url = new URL(server().url(await server().createDatabase()));
    url.port = String(proxy.port);
    const { sessions } = watch(makeStore(kind, { url: url.href, timeout: "1s" }));
    await sessions.ready();
    proxy.hold();
    // Both end while nothing is answered.
    const call = outcomeOf(sessions.createNewSession("alice"));
    await sessions.close();
    expect(await call).toBe(DOWN);
  });

  test("the server killed under load, and started again", async () => {
    const place = server().connectionOptions(await server().createDatabase());
    const load = await startLoad(drivers.map((driver) => openStore(driver, driver.makePool(place, atMost(driver, 4)))));
    await load.until(200);
    await server().kill();
    await server().restart();
    await load.until(200);
    const tally = await load.stop();
    console.log(`${kind}, killed once: ${describeTally(tally)}`);
    expect(tally).toMatchObject(UNHARMED);
  });
});
