/**
 * Answers that come when their call has been told that there was none: nothing is asked on account
 * of them, so what is said to be untouched stays so, and no process hears of a failure that is
 * nobody's.
 */
import { redis } from "counterfoil/redis";
import { describe, expect, onTestFinished, test } from "vitest";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { type Proxy, type ProxyTarget, startProxy } from "../servers/proxy.ts";
import { sharedRedis } from "../servers/shared.ts";
import { caught, outcomeOf } from "./fixtures.ts";
import { atMost, describeSqlServers, makeStore, openStore, type SharedSqlServer } from "./sql-drivers.ts";
import { type SqlDriverUnderTest, watch, type Watched } from "./sql-drivers.ts";

const MARK = "who signs in and waits in vain";

/** By what each statement of a sign-in at a limit is known. */
const STEPS: Readonly<Record<string, (driver: SqlDriverUnderTest) => string>> = {
  "its transaction begins": ({ kind }) => (kind === "mariadb" ? "START TRANSACTION" : "ISOLATION LEVEL READ COMMITTED"),
  "it takes its turn": () => "place-",
  "it writes the session": () => MARK,
};

interface Scene extends Watched {
  readonly proxy: Proxy;
  /** By a pool of its own, which nothing delays. */
  readonly list: (userId: string) => Promise<string[]>;
}

async function setScene(driver: SqlDriverUnderTest, server: SharedSqlServer): Promise<Scene> {
  const place = server.connectionOptions(await server.createDatabase());
  const proxy = await startProxy(place);
  onTestFinished(() => proxy.close());
  const pool = driver.makePool({ ...place, port: proxy.port }, atMost(driver, 1));
  const watched = watch(openStore(driver, pool, { timeout: "2s" }), { session: { maxPerUser: 1 } });
  onTestFinished(() => proxy.release());
  const other = watch(openStore(driver, driver.makePool(place)));
  await watched.sessions.ready();
  return { ...watched, proxy, list: (userId) => other.sessions.getAllSessionHandlesForUser(userId) };
}

/** Of a store with one connection of its own, which leads to a machine that is gone. */
async function giveUpOnce(makeOwn: (port: number) => SessionStore, place: ProxyTarget): Promise<void> {
  const proxy = await startProxy(place);
  onTestFinished(() => proxy.close());
  const { sessions } = watch(makeOwn(proxy.port));
  const { refreshToken } = await sessions.createNewSession("alice");
  await sessions.sweep();
  const refresh = () => outcomeOf(sessions.refreshSession(refreshToken.value));
  proxy.strand();
  expect(await refresh()).toBe("GENERAL_ERROR/STORE_UNAVAILABLE");
  expect(await refresh()).toBe("ok");
}

describeSqlServers((kind, drivers, server) => {
  test("the first call that waits in vain gives the connection up", async () => {
    const place = server().connectionOptions(await server().createDatabase());
    const own = (port: number) => makeStore(kind, { ...place, port, poolSize: 1, timeout: "2s" });
    await giveUpOnce(own, place);
  });

  describe.each(drivers)("$name", (driver) => {
    test.each(Object.keys(STEPS))("a sign-in at a limit is given up while %s", async (step) => {
      const { sessions, proxy, list } = await setScene(driver, server());
      await sessions.createNewSession(MARK);
      const before = await list(MARK);
      const held = proxy.holdAfter(STEPS[step]?.(driver) ?? expect.fail("no such step"));
      expect((await caught(sessions.createNewSession(MARK))).message).toMatch(/sessions are untouched/);
      await held;
      proxy.release();
      // The pool has one connection: what was given up is done with it, or has lost it.
      const signIn = (userId: string) => () => outcomeOf(sessions.createNewSession(userId));
      await expect.poll(signIn("bob"), { timeout: 30_000 }).toBe("ok");
      expect(await list(MARK)).toEqual(before);
      await expect.poll(signIn(MARK), { timeout: 30_000 }).toBe("ok");
      expect(await list(MARK)).toEqual([expect.not.stringMatching(`^${before.join()}$`)]);
    });

    test("a connection that is given up is ended without another, whose failure nobody would hear of", async () => {
      const { sessions, proxy } = await setScene(driver, server());
      const { session } = await sessions.createNewSession("alice");
      let kills = 0;
      void proxy.cutNext("before", "KILL ").then(() => (kills += 1));
      proxy.swallow();
      const call = caught(sessions.getSessionData(session.handle));
      expect((await call).message).toMatch(/sessions are untouched/);
      proxy.heed();
      // It has no way to end one that lives.
      if (driver.name === "postgres.js") proxy.cut();
      const read = () => outcomeOf(sessions.getSessionData(session.handle));
      await expect.poll(read, { timeout: 30_000 }).toBe("ok");
      await expect.poll(() => proxy.connections()).toBe(1);
      expect(kills).toBe(0);
    });
  });
});

describeWithServer("redis", "Redis", () => {
  test("the first call that waits in vain gives the connection up", async () => {
    const url = new URL(await sharedRedis());
    const place = { host: url.hostname, port: Number(url.port) };
    const keyPrefix = `given-up${process.pid}:`;
    await giveUpOnce((port) => redis({ host: place.host, port, keyPrefix, timeout: "2s" }), place);
  });

  test("a server that takes the connection and says nothing keeps no store from closing", async () => {
    const url = new URL(await sharedRedis());
    const proxy = await startProxy({ host: url.hostname, port: Number(url.port) });
    onTestFinished(() => proxy.close());
    proxy.hold();
    const { sessions } = watch(redis({ host: proxy.host, port: proxy.port, timeout: "1s" }));
    expect(await outcomeOf(sessions.ready())).toBe("GENERAL_ERROR/STORE_UNAVAILABLE");
    // While nothing is answered.
    await sessions.close();
  });
});
