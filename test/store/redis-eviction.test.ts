/** A Redis that evicts: it is told of, and what is left works. */
import { createSessions, type Sessions } from "counterfoil";
import { redis } from "counterfoil/redis";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { newRecord, newUser, T0 } from "../../src/lib/testing/store/rows.ts";
import { collectWarnings } from "../fixtures/warnings.ts";
import { PATIENT } from "../fixtures/constants.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import type { Redis } from "../servers/redis.ts";
import { SECRET } from "./fixtures.ts";
import { DRIVERS, keysOf, openRedisStore, testServer } from "./redis-clients.ts";

const MINUTE = 60_000;
const warnings = collectWarnings();
afterEach(() => void vi.unstubAllEnvs());

/** As an eviction does it. */
async function evict(server: Redis, part: string): Promise<void> {
  for (const key of (await keysOf(server)).filter((name) => name.includes(part))) await server.admin("DEL", key);
}

describeWithServer("redis", "Redis that evicts", () => {
  describe.each(DRIVERS)("$name", (driver) => {
    const open = (server: Redis, options: object = {}): Sessions => {
      const store = redis({ client: driver.open(server.url), ...PATIENT });
      const sessions = createSessions({ store, secret: SECRET, ...options });
      onTestFinished(() => sessions.close());
      return sessions;
    };

    test("a session whose index is lost is listed, counted and revoked by its user after its next refresh", async () => {
      const server = await testServer();
      const sessions = open(server, { session: { maxPerUser: 2, onMaxPerUser: "refuse" } });
      for (const lost of [[":user:"], [":expiry"], [":user:", ":expiry"]]) {
        const { refreshToken, session } = await sessions.createNewSession("eve");
        for (const part of lost) await evict(server, part);
        const { newRefreshToken } = await sessions.refreshSession(refreshToken.value);
        expect(await sessions.getAllSessionHandlesForUser("eve")).toEqual([session.handle]);
        const other = await sessions.createNewSession("eve");
        await expect(sessions.createNewSession("eve")).rejects.toMatchObject({ code: "SESSION_LIMIT_REACHED" });
        // As old as it was.
        const order = [other.session.handle, session.handle];
        expect(await sessions.getAllSessionHandlesForUser("eve")).toEqual(expect.arrayContaining(order));
        expect(await sessions.revokeAllSessionsForUser("eve")).toBe(2);
        await expect(sessions.refreshSession(newRefreshToken.value)).rejects.toMatchObject({
          code: "SESSION_NOT_FOUND",
        });
        expect((await keysOf(server)).filter((name) => /:(user|expiry|session):?/.test(name))).toEqual([]);
      }
    });

    test("its place in the list is that of its sign-in, and a list needs no expiries", async () => {
      const server = await testServer();
      const store = await openRedisStore(driver, server.url);
      const userKey = newUser();
      const rows = [0, 1, 2].map((age) => newRecord({ userKey, createdAt: T0 + age }));
      for (const row of rows) await store.createSession(row, undefined);
      await evict(server, ":user:");
      for (const index of [1, 0, 2]) {
        const row = rows[index] ?? newRecord();
        expect(await store.commitRefresh(row.handle, 1, { ...row, generation: 2 })).toBe(true);
      }
      const listed = await store.listSessionsOfUser(userKey, T0, { limit: 10 });
      expect(listed.map(({ handle }) => handle)).toEqual(rows.map(({ handle }) => handle).toReversed());
      // The row knows when it ends.
      await evict(server, ":expiry");
      expect((await store.listSessionsOfUser(userKey, T0, { limit: 10 })).length).toBe(3);
      expect(await store.listSessionsOfUser(userKey, T0 + 100 * MINUTE, { limit: 10 })).toEqual([]);
    });

    test("entries of rows that are gone count for no limit, and hide nothing from the end of all", async () => {
      const server = await testServer();
      const store = await openRedisStore(driver, server.url);
      const userKey = newUser();
      const oldest = newRecord({ userKey, createdAt: T0 - 500 });
      await store.createSession(oldest, undefined);
      await Promise.all(
        Array.from({ length: 250 }, (_, age) =>
          store.createSession(newRecord({ userKey, createdAt: T0 - age }), undefined),
        ),
      );
      for (const key of await keysOf(server))
        if (key.includes(":session:") && !key.includes(oldest.handle)) await server.admin("DEL", key);
      expect(await store.deleteSessionsOfUser(userKey, undefined, 200)).toEqual([oldest.handle]);
      expect((await keysOf(server)).filter((name) => /:(user|expiry|session):?/.test(name))).toEqual([]);

      const lost = [0, 1, 2].map((age) => newRecord({ userKey, createdAt: T0 + age }));
      for (const row of lost) await store.createSession(row, undefined);
      await evict(server, ":session:");
      const next = newRecord({ userKey });
      const outcome = await store.createSession(next, { max: 1, onLimit: "refuse" });
      expect(outcome).toEqual({ created: true, ended: [], replaced: false });
    });

    test.each(["development", "production"])(
      "%s: told within a minute of the change, once a minute, and no more when it is mended",
      async (mode) => {
        vi.stubEnv("NODE_ENV", mode);
        const server = await testServer();
        let now = Date.now();
        const sessions = open(server, { clock: () => now });
        const notices: (string | null)[] = [];
        sessions.on("request-refused", ({ notice }) => void notices.push(notice));
        const signIn = async (): Promise<number> => {
          now += MINUTE;
          await sessions.createNewSession("alice");
          return notices.length;
        };
        expect(await signIn()).toBe(0);
        await server.admin("CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory", "50mb");
        await expect.poll(signIn, { timeout: 30_000 }).toBeGreaterThan(1);
        expect(new Set(notices)).toEqual(new Set(["COUNTERFOIL_EVICTION"]));
        const [warning, ...others] = await warnings.read();
        expect(others).toEqual([]);
        expect(warning?.message).toMatch(/may evict any key now \(maxmemory 52428800, maxmemory-policy allkeys-lru\)/);
        await server.admin("CONFIG", "SET", "maxmemory-policy", "volatile-lru");
        // One may be under way.
        await signIn();
        const before = notices.length;
        await signIn();
        expect(await signIn()).toBe(before);
      },
    );
  });

  test("allkeys-* without a limit warns at the start, once", async () => {
    const server = await testServer({ args: ["--maxmemory-policy", "allkeys-lfu"] });
    for (const driver of DRIVERS) await openRedisStore(driver, server.url);
    const told = await warnings.read();
    expect(told.map(({ code }) => code)).toEqual(["COUNTERFOIL_EVICTION"]);
    expect(told[0]?.message).toMatch(
      /^The Redis server has maxmemory-policy allkeys-lfu: as soon as a maxmemory is set/,
    );
  });
});
