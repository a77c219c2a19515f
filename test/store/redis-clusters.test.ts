/** Redis that fails over: a cluster of three masters with a replica each, and a master with sentinels. */
import { Cluster, Redis } from "ioredis";
import { createCluster, createSentinel } from "redis";
import { redis, type RedisClient } from "counterfoil/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { placeKeys } from "../../src/lib/store/redis-keys.ts";
import { PLACES, slotOf, tagOf } from "../../src/lib/store/redis-places.ts";
import { placeOfUser } from "../../src/lib/session/handle.ts";
import { newRecord, newUser } from "../../src/lib/testing/rows.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { type RedisCluster, startRedisCluster } from "../servers/redis-cluster.ts";
import { type RedisSentinel, startRedisSentinel } from "../servers/redis-sentinel.ts";
import { describeTally, startLoad, UNHARMED } from "./load.ts";

interface Opened {
  readonly client: RedisClient;
  readonly end: () => unknown;
}

const ignore = (): void => undefined;
/** Both are needed for "nothing lost": what is acknowledged is on the replica that will take over. */
const replicas = { acknowledge: 1, within: "2s" } as const;

describeWithServer("redis", "Redis Cluster", () => {
  let cluster: RedisCluster;

  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.remove());

  async function nodeRedis(): Promise<Opened> {
    const client = createCluster({ rootNodes: cluster.rootNodes.map(({ url }) => ({ url })) });
    client.on("error", ignore);
    await client.connect();
    return { client, end: () => client.destroy() };
  }

  function ioRedis(): Opened {
    const client = new Cluster(
      cluster.rootNodes.map(({ host, port }) => ({ host, port })),
      { slotsRefreshTimeout: 2000 },
    );
    client.on("error", ignore);
    return { client, end: () => client.disconnect() };
  }

  test("the cluster hashes the tags as the store expects, so that the places lie evenly over the masters", async () => {
    const [node] = cluster.nodes;
    for (const place of PLACES)
      expect(await node?.admin("CLUSTER", "KEYSLOT", tagOf(place))).toBe(slotOf(tagOf(place)));
    const counts = new Map<number, number>();
    for (const place of PLACES) {
      const { port } = await cluster.masterOf(placeKeys("", place).expiries);
      counts.set(port, (counts.get(port) ?? 0) + 1);
    }
    expect([...counts.values()].toSorted((a, b) => a - b)).toEqual([85, 85, 86]);
  });

  test("a session and the index of its user are in one slot; nothing is left after the last sign-out", async () => {
    const { client, end } = await nodeRedis();
    const store = redis({ client, keyPrefix: "layout:" });
    await store.prepare();
    const keys = async (): Promise<string[]> => {
      const found = await Promise.all(cluster.nodes.slice(0, 3).map((node) => node.admin("KEYS", "layout:*")));
      return (found as string[][]).flat();
    };
    const slots = new Set<unknown>();
    for (let round = 0; round < 20; round += 1) {
      const userKey = newUser();
      const records = [newRecord({ userKey }), newRecord({ userKey })];
      for (const record of records) await store.createSession(record, undefined);
      const own = (await keys()).filter((key) => key.includes(`{${tagOf(placeOfUser(userKey))}}`));
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
    expect(slots.size).toBeGreaterThan(10);
    expect(await keys()).toEqual([]);
    await store.close();
    end();
  });

  describe.each(["node-redis", "ioredis"])("%s", (driver) => {
    test("a master killed under load, its replica takes over: nothing lost, no alarm, no double confirmation", async () => {
      await cluster.waitUntilHealthy();
      const open = async (): Promise<Opened> => (driver === "ioredis" ? ioRedis() : nodeRedis());
      const clients = [await open(), await open()];
      const keyPrefix = `load:${driver}:`;
      const load = await startLoad(clients.map(({ client }) => redis({ client, keyPrefix, replicas })));
      await load.until(300);
      const key = placeKeys(keyPrefix, 0).expiries;
      const lost = await cluster.killMasterOf(key);
      await cluster.waitForFailover(key, lost);
      await load.until(300);
      await lost.restart();
      await cluster.waitUntilHealthy();
      await load.until(100);
      const tally = await load.stop();
      for (const { end } of clients) end();
      console.log(`Redis Cluster, ${driver}, one of three masters killed: ${describeTally(tally)}`);
      expect(tally).toMatchObject(UNHARMED);
      expect(tally.answered.confirmations).toBeGreaterThan(10);
    });
  });
});

describeWithServer("redis", "Redis with sentinels", () => {
  let group: RedisSentinel;

  beforeAll(async () => {
    group = await startRedisSentinel();
  });
  afterAll(() => group.remove());

  test.each(["node-redis", "ioredis"])(
    "%s: the master killed under load, a sentinel's choice takes over: nothing lost, no alarm, no double confirmation",
    async (driver) => {
      await group.waitUntilInSync();
      const sentinels = group.sentinels.map(({ host, port }) => ({ host, port }));
      const open = async (): Promise<Opened> => {
        if (driver === "ioredis") {
          const client = new Redis({ sentinels, name: group.name });
          client.on("error", ignore);
          return { client, end: () => client.disconnect() };
        }
        const client = createSentinel({ name: group.name, sentinelRootNodes: sentinels, scanInterval: 500 });
        client.on("error", ignore);
        await client.connect();
        return { client, end: () => client.destroy() };
      };
      const clients = [await open(), await open()];
      const stores = clients.map(({ client }) => redis({ client, keyPrefix: `load:${driver}:`, replicas }));
      const load = await startLoad(stores);
      await load.until(300);
      const lost = await group.killMaster();
      await group.waitForFailover(lost);
      // It comes back as the replica, without which no write counts.
      await lost.restart();
      await load.until(300);
      const tally = await load.stop();
      for (const { end } of clients) end();
      console.log(`Redis with sentinels, ${driver}, master killed: ${describeTally(tally)}`);
      expect(tally).toMatchObject(UNHARMED);
      expect(tally.answered.confirmations).toBeGreaterThan(10);
    },
  );
});
