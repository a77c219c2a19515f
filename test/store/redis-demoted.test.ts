/** Redis servers that another has taken over from: what decides is never read there. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createSessions, type Sessions } from "counterfoil";
import { redis } from "counterfoil/redis";
import { describe, expect, onTestFinished, test } from "vitest";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { newRecord, T0 } from "../../src/lib/testing/store/rows.ts";
import { PATIENT } from "../fixtures/constants.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import type { Redis } from "../servers/redis.ts";
import { until } from "../servers/until.ts";
import { caught, SECRET } from "./fixtures.ts";
import { DRIVERS, testReplica, testServer } from "./redis-clients.ts";

const QUIET = ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "3600"];

const READS: readonly [string, (store: SessionStore) => Promise<unknown>][] = [
  ["findSession", (store) => store.findSession(newRecord().handle)],
  ["wasReplaced", (store) => store.wasReplaced(newRecord().handle, T0)],
  ["listSessionsOfUser", (store) => store.listSessionsOfUser(newRecord().userKey, T0, { limit: 10 })],
  ["listKeys", (store) => store.listKeys()],
];

async function refusesReads(store: SessionStore, message: RegExp): Promise<void> {
  const faults = await Promise.all(READS.map(async ([name, read]) => [name, (await caught(read(store))).message]));
  expect(faults).toEqual(READS.map(([name]) => [name, expect.stringMatching(message)]));
}

async function readInfo(server: Redis, name: string): Promise<string> {
  return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(String(await server.admin("INFO")))?.[1] ?? "";
}

function open(store: SessionStore): Sessions {
  const sessions = createSessions({ store, secret: SECRET, tokens: { accessToken: { revocation: "store" } } });
  onTestFinished(() => sessions.close());
  return sessions;
}

describeWithServer("redis", "Redis that another has taken over from", () => {
  describe.each(DRIVERS)("$name", (driver) => {
    test("a master that was demoted while the app is connected accepts no revoked session, lists none, and serves again when it is promoted", async () => {
      const master = await testServer({ args: QUIET });
      const replica = await testReplica(master);
      const app = open(redis({ client: driver.open(master.url, { readOnly: true }), ...PATIENT }));
      const { accessToken, antiCsrfToken, refreshToken } = await app.createNewSession("eve");
      await app.getSession(accessToken.value, antiCsrfToken);
      await until(
        "the replica has it",
        async () => (await readInfo(replica, "slave_repl_offset")) === (await readInfo(master, "master_repl_offset")),
      );

      await replica.admin("REPLICAOF", "NO", "ONE");
      await master.admin("REPLICAOF", "127.0.0.1", "1");
      const other = open(redis({ client: driver.open(replica.url) }));
      expect(await other.revokeAllSessionsForUser("eve")).toBe(1);

      const calls = [
        () => app.getSession(accessToken.value, antiCsrfToken),
        () => app.refreshSession(refreshToken.value),
        () => app.getSessionsForUser("eve"),
        () => app.getAllSessionHandlesForUser("eve"),
      ];
      for (const fault of await Promise.all(calls.map((call) => caught(call())))) {
        expect(fault.code).toBe("STORE_UNAVAILABLE");
        expect(fault.message).toMatch(/is read-only, as replicas are; give the master/);
      }

      await master.admin("REPLICAOF", "NO", "ONE");
      const { session } = await app.getSession(accessToken.value, antiCsrfToken);
      expect(await app.getAllSessionHandlesForUser("eve")).toEqual([session.handle]);
    });

    test("each read that decides is refused by a replica, and leaves no trace at a master", async () => {
      const master = await testServer({ args: [...QUIET, "--appendonly", "yes"] });
      const replica = await testReplica(master);
      const store = redis({ client: driver.open(master.url) });
      const lagging = redis({ client: driver.open(replica.url), ...PATIENT });
      await store.prepare();
      const names = ["rdb_changes_since_last_save", "aof_current_size", "master_repl_offset"];
      const traces = (): Promise<string[]> => Promise.all(names.map((name) => readInfo(master, name)));
      for (const [, read] of READS) await read(store);
      const before = await traces();
      for (const [, read] of READS) await read(store);
      await refusesReads(lagging, /is read-only, as replicas are/);
      expect(await traces()).toEqual(before);
      // Else it would count nothing at all.
      await store.deleteExpiredSessions(T0, 1);
      await store.rememberReplaced(newRecord().handle, T0);
      expect(await traces()).not.toEqual(before);
    });

    test("a master without the replicas that it asks for decides nothing; one whose disk or memory is full goes on reading", async () => {
      const server = await testServer({ args: QUIET });
      const store = redis({ client: driver.open(server.url), ...PATIENT });
      await store.prepare();
      const row = newRecord();
      await store.createSession(row, undefined);
      await server.admin("CONFIG", "SET", "min-replicas-to-write", "1");
      await refusesReads(store, /fewer replicas than its min-replicas-to-write/);
      await server.admin("CONFIG", "SET", "min-replicas-to-write", "0");

      await server.admin("CONFIG", "SET", "maxmemory", "1mb");
      for (const [, read] of READS) await read(store);
      await server.admin("CONFIG", "SET", "maxmemory", "0");

      const folder = Object.values((await server.admin("CONFIG", "GET", "dir")) as object).at(-1) as unknown;
      mkdirSync(join(String(folder), "dump.rdb"));
      await server.admin("CONFIG", "SET", "save", "3600 1000000");
      await server.admin("BGSAVE");
      await until("the disk refuses", async () => (await readInfo(server, "rdb_last_bgsave_status")) === "err");
      expect((await caught(store.deleteSession(row.handle))).message).toMatch(/cannot write to its disk/);
      for (const [, read] of READS) await read(store);
      expect(await store.findSession(row.handle)).toMatchObject(row);
    });
  });
});
