/** 60 refreshes come at once to a pool of 10, and each statement takes 2 s. */
import { describe, expect, onTestFinished, test } from "vitest";
import { createSessions } from "counterfoil";
import { startProxy } from "../servers/proxy.ts";
import { outcomeOf, SECRET } from "./fixtures.ts";
import { atMost, describeSqlServers, openStore } from "./sql-drivers.ts";

const CALLS = 60;
const TIMEOUT = 10_000;

describe("2 s a statement", () => {
  describeSqlServers((_, drivers, server) => {
    test.each(drivers)("$name: a third succeeds, and nobody waits longer than the timeout", async (driver) => {
      const place = server().connectionOptions(await server().createDatabase());
      const proxy = await startProxy(place);
      onTestFinished(() => proxy.close());
      const pool = driver.makePool({ ...place, port: proxy.port }, atMost(driver, 10));
      const sessions = createSessions({ store: openStore(driver, pool), secret: SECRET });
      onTestFinished(() => sessions.close());
      const created = await Promise.all(
        Array.from({ length: CALLS }, (_unused, index) => sessions.createNewSession(`user ${index}`)),
      );
      const refresh = async (token: string): Promise<{ readonly outcome: string; readonly took: number }> => {
        const begun = performance.now();
        const outcome = await outcomeOf(sessions.refreshSession(token));
        return { outcome, took: performance.now() - begun };
      };
      const tokens = created.map(({ refreshToken }) => refreshToken.value);
      // Every connection is there, and knows the statements.
      for (let round = 0; round < 3; round += 1) await Promise.all(tokens.map(refresh));
      proxy.slowBy(2000);
      const results = await Promise.all(tokens.map(refresh));
      const count = (wanted: string): number => results.filter(({ outcome }) => outcome === wanted).length;
      const times = results.map(({ took }) => took).toSorted((a, b) => a - b);
      const table = {
        ok: count("ok"),
        busy: count("GENERAL_ERROR/STORE_BUSY"),
        unavailable: count("GENERAL_ERROR/STORE_UNAVAILABLE"),
        p50: Math.round(times[CALLS / 2] ?? 0),
        max: Math.round(times.at(-1) ?? 0),
      };
      console.log(`${driver.name}, 2 s a statement:`, JSON.stringify(table));
      expect(table.ok).toBeGreaterThanOrEqual(20);
      expect(table.ok + table.busy + table.unavailable).toBe(CALLS);
      expect(table.max).toBeLessThan(TIMEOUT + 2000);
      proxy.slowBy(0);
      await expect.poll(() => outcomeOf(sessions.createNewSession("later")), { timeout: 60_000 }).toBe("ok");
    });
  });
});
