/**
 * Answers that come when their call has been told that there was none: nothing is asked on account
 * of them, so what is said to be untouched stays so, and no process hears of a failure that is
 * nobody's.
 */
import { describe, expect, onTestFinished, test } from "vitest";
import { type Proxy, startProxy } from "../servers/proxy.ts";
import { caught, outcomeOf } from "./fixtures.ts";
import { atMost, describeSqlServers, openStore, type SharedSqlServer } from "./sql-drivers.ts";
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

describeSqlServers((_, drivers, server) => {
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
