/**
 * Redis that fails over: a cluster of three masters with a replica each, and a master with
 * sentinels.
 */
import { Cluster, Redis as IoRedisClient } from "ioredis";
import { createCluster, createSentinel } from "redis";
import { createSessions } from "counterfoil";
import { redis, type RedisClient } from "counterfoil/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { shardKeys } from "../../src/lib/store/redis/redis-keys.ts";
import { SHARDS, slotOf, tagOf } from "../../src/lib/store/redis/redis-shards.ts";
import { shardOfUser } from "../../src/lib/session/handle.ts";
import { toUserKey } from "../../src/lib/session/user-id.ts";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { newRecord, newUser } from "../../src/lib/testing/store/rows.ts";
import { bound } from "../fixtures/bounds.ts";
import { PATIENT } from "../fixtures/constants.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import type { Redis } from "../servers/redis.ts";
import { type RedisCluster, startRedisCluster } from "../servers/redis-cluster.ts";
import { type RedisSentinel, startRedisSentinel } from "../servers/redis-sentinel.ts";
import { outcomeOf, SECRET } from "./fixtures.ts";
import { describeTally, startLoad, UNHARMED } from "./load.ts";
import { keysOf } from "./redis-clients.ts";

interface Opened {
  readonly client: RedisClient;
  readonly end: () => unknown;
}

const ignore = (): void => undefined;

/**
 * Two processes, one of which revokes a session while the other is asked for it again and again
 * during a planned fail-over. How often it was accepted before and after, and who refused.
 */
async function revokeDuring(
  failOver: () => Promise<unknown>,
  stores: readonly [SessionStore, SessionStore],
): Promise<{ readonly before: number; readonly after: number; readonly refusals: readonly string[] }> {
  const tokens = { accessToken: { revocation: "store" } } as const;
  const [app, other] = stores.map((store) => createSessions({ store, secret: SECRET, tokens }));
  if (app === undefined || other === undefined) throw new Error("there is none");
  const { accessToken, antiCsrfToken } = await app.createNewSession("eve");
  const progress = { isRevoked: false, isDone: false };
  const accepted = { before: 0, after: 0 };
  const refusals = new Set<string>();
  const asking = (async () => {
    while (!progress.isDone) {
      const when = progress.isRevoked ? "after" : "before";
      const outcome = await outcomeOf(app.getSession(accessToken.value, antiCsrfToken));
      if (outcome === "ok") accepted[when] += 1;
      else refusals.add(outcome);
    }
  })();
  await failOver();
  expect(await other.revokeAllSessionsForUser("eve")).toBe(1);
  progress.isRevoked = true;
  await expect.poll(() => [...refusals], { timeout: 30_000 }).toContain("UNAUTHORISED/SESSION_NOT_FOUND");
  progress.isDone = true;
  await asking;
  await Promise.all([app.close(), other.close()]);
  return { ...accepted, refusals: [...refusals].toSorted() };
}
/**
 * Both are needed for "nothing lost": what is acknowledged is on the replica that will take over.
 */
const replicas = { acknowledge: 1, within: "2s" } as const;

describeWithServer("redis", "Redis Cluster", () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.remove());

  // Scripts that decide must not go to a replica where the app prefers those for its own reads.
  async function nodeRedis(): Promise<Opened> {
    const client = createCluster({ rootNodes: cluster.rootNodes.map(({ url }) => ({ url })), useReplicas: true });
    client.on("error", ignore);
    await client.connect();
    return { client, end: () => client.destroy() };
  }

  function ioRedis(): Opened {
    const client = new Cluster(
      cluster.rootNodes.map(({ host, port }) => ({ host, port })),
      { slotsRefreshTimeout: 2000, scaleReads: "slave" },
    );
    client.on("error", ignore);
    return { client, end: () => client.disconnect() };
  }

  test("the cluster hashes the tags as the store expects, so that the shards lie evenly over the masters", async () => {
    const [node] = cluster.nodes;
    const client = new IoRedisClient(node?.url ?? "");
    const slots = await Promise.all(SHARDS.map((shard) => client.cluster("KEYSLOT", tagOf(shard))));
    expect(slots).toEqual(SHARDS.map((shard) => slotOf(tagOf(shard))));
    const keys = SHARDS.map((shard) => shardKeys("", shard).expiries);
    expect(await Promise.all(keys.map((key) => client.cluster("KEYSLOT", key)))).toEqual(slots);
    const ranges = await client.cluster("SLOTS");
    const counts = ranges.map(([first, last]) => slots.filter((slot) => first <= slot && slot <= last).length);
    expect(counts.toSorted((one, other) => one - other)).toEqual([85, 85, 86]);
    client.disconnect();
  });

  test("a session and the index of its user are in one slot; nothing is left after the last sign-out", async () => {
    const { client, end } = await nodeRedis();
    const store = redis({ client, keyPrefix: "layout:" });
    await store.prepare();
    const keys = async (): Promise<string[]> => {
      const found = await Promise.all(cluster.nodes.slice(0, 3).map((node) => keysOf(node)));
      return found.flat().filter((key) => key.startsWith("layout:"));
    };
    const slots = new Set<unknown>();
    for (let round = 0; round < bound(12, 20); round += 1) {
      const userKey = newUser();
      const records = [newRecord({ userKey }), newRecord({ userKey })];
      for (const record of records) await store.createSession(record, undefined);
      const own = (await keys()).filter((key) => key.includes(`{${tagOf(shardOfUser(userKey))}}`));
      expect(own.length).toBeGreaterThanOrEqual(4);
      const slotsOfUser = new Set(
        await Promise.all(own.map((key) => cluster.nodes[0]?.admin("CLUSTER", "KEYSLOT", key))),
      );
      expect(slotsOfUser.size).toBe(1);
      for (const slot of slotsOfUser) slots.add(slot);
      expect((await store.deleteSessionsOfUser(userKey, undefined, 1000)).toSorted()).toEqual(
        records.map((r) => r.handle).toSorted(),
      );
    }
    expect(slots.size).toBeGreaterThan(5);
    expect(await keys()).toEqual([]);
    await store.close();
    end();
  });

  /** The node that replicates the one with this id. */
  async function replicaOf(id: string): Promise<Redis | undefined> {
    for (const node of cluster.nodes) {
      const lines = String(await node.admin("CLUSTER", "NODES")).split("\n");
      if (lines.some((line) => line.includes("myself,slave") && line.includes(id))) return node;
    }
    return undefined;
  }

  describe.each(["node-redis", "ioredis"])("%s", (driver) => {
    test("a master killed under load, its replica takes over: nothing lost, no alarm, no double confirmation", async () => {
      await cluster.waitUntilHealthy();
      const open = async (): Promise<Opened> => (driver === "ioredis" ? ioRedis() : nodeRedis());
      const clients = [await open(), await open()];
      const keyPrefix = `load:${driver}:`;
      const load = await startLoad(clients.map(({ client }) => redis({ client, keyPrefix, replicas })));
      await load.until(150);
      const key = shardKeys(keyPrefix, 0).expiries;
      const lost = await cluster.killMasterOf(key);
      await cluster.waitForFailover(key, lost);
      await load.until(150);
      await lost.restart();
      await cluster.waitUntilHealthy();
      await load.until(50);
      const tally = await load.stop();
      for (const { end } of clients) end();
      console.log(`Redis Cluster, ${driver}, one of three masters killed: ${describeTally(tally)}`);
      expect(tally).toMatchObject(UNHARMED);
      expect(tally.answered.confirmations).toBeGreaterThan(0);
    });

    test("a planned fail-over: what the new master has revoked, the old one accepts no more", async () => {
      await cluster.waitUntilHealthy();
      const [first, second] = driver === "ioredis" ? [ioRedis(), ioRedis()] : [await nodeRedis(), await nodeRedis()];
      const keyPrefix = `planned:${driver}:`;
      const key = shardKeys(keyPrefix, shardOfUser(toUserKey("eve"))).expiries;
      const outcome = await revokeDuring(async () => {
        const master = await cluster.masterOf(key);
        const id = String(await master.admin("CLUSTER", "MYID"));
        const replica = await replicaOf(id);
        await replica?.admin("CLUSTER", "FAILOVER");
        await cluster.waitForFailover(key, master);
      }, [redis({ client: first.client, keyPrefix }), redis({ client: second.client, keyPrefix })]);
      for (const { end } of [first, second]) end();
      expect(outcome).toMatchObject({ after: 0, refusals: expect.arrayContaining(["UNAUTHORISED/SESSION_NOT_FOUND"]) });
      expect(outcome.before).toBeGreaterThan(0);
    });
  });
});

describeWithServer("redis", "Redis with sentinels", () => {
  let group: RedisSentinel;

  beforeAll(async () => {
    group = await startRedisSentinel();
  });
  afterAll(() => group.remove());

  async function open(driver: string): Promise<Opened> {
    const sentinels = group.sentinels.map(({ host, port }) => ({ host, port }));
    if (driver === "ioredis") {
      const client = new IoRedisClient({ sentinels, name: group.name });
      client.on("error", ignore);
      return { client, end: () => client.disconnect() };
    }
    const client = createSentinel({ name: group.name, sentinelRootNodes: sentinels, scanInterval: 500 });
    client.on("error", ignore);
    await client.connect();
    return { client, end: () => client.destroy() };
  }

  test.each(["node-redis", "ioredis"])(
    "%s: a planned fail-over: what the new master has revoked, the old one accepts no more",
    async (driver) => {
      await group.waitUntilInSync();
      const [first, second] = [await open(driver), await open(driver)];
      const keyPrefix = `planned:${driver}:`;
      const stores = [first, second].map(({ client }) => redis({ client, keyPrefix, ...PATIENT }));
      const outcome = await revokeDuring(() => group.failOver(), stores as [SessionStore, SessionStore]);
      for (const { end } of [first, second]) end();
      expect(outcome).toMatchObject({ after: 0, refusals: expect.arrayContaining(["UNAUTHORISED/SESSION_NOT_FOUND"]) });
      expect(outcome.before).toBeGreaterThan(0);
    },
  );

  test.each(["node-redis", "ioredis"])(
    "%s: the master killed under load, a sentinel's choice takes over: nothing lost, no alarm, no double confirmation",
    async (driver) => {
      await group.waitUntilInSync();
      const clients = [await open(driver), await open(driver)];
      const stores = clients.map(({ client }) => redis({ client, keyPrefix: `load:${driver}:`, replicas }));
      const load = await startLoad(stores);
      await load.until(150);
      const lost = await group.killMaster();
      await group.waitForFailover(lost);
      // It comes back as the replica, without which no write counts.
      await lost.restart();
      await load.until(150);
      const tally = await load.stop();
      for (const { end } of clients) end();
      console.log(`Redis with sentinels, ${driver}, master killed: ${describeTally(tally)}`);
      expect(tally).toMatchObject(UNHARMED);
      expect(tally.answered.confirmations).toBeGreaterThan(0);
    },
  );
});
