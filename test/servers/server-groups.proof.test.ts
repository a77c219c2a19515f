/** Groups of servers. In the gate the tests of the stores do the same to them, under load. */
import pg from "pg";
import { expect, test } from "vitest";
import { describeWithServer } from "./describe-with-server.ts";
import { startGalera } from "./galera.ts";
import type { MariaDb } from "./mariadb.ts";
import { startPostgres, startReplica } from "./postgres.ts";
import { startRedisCluster } from "./redis-cluster.ts";
import { startRedisSentinel } from "./redis-sentinel.ts";
import { started, timed } from "./started.ts";
import { until } from "./until.ts";

describeWithServer("postgres", "a PostgreSQL server", () => {
  test("streams to a replica, which takes over", async () => {
    const primary = await started("PostgreSQL", startPostgres());
    const replica = await started("PostgreSQL's replica", startReplica(primary, { synchronous: true }));
    const database = await primary.createDatabase();
    await primary.admin("CREATE TABLE t AS SELECT 7 AS n", database);
    await replica.waitUntilCaughtUp();
    expect(await replica.admin("SELECT n FROM t", database)).toEqual([{ n: 7 }]);
    await expect(replica.admin("DELETE FROM t", database)).rejects.toThrow("read-only");
    await primary.kill();
    await timed("promotion", () => replica.promote());
    const client = new pg.Client(replica.connectionOptions(database));
    await client.connect();
    await client.query("CREATE TABLE u (n INT)");
    await client.end();
  });
});

describeWithServer("galera", "a Galera cluster", () => {
  test("takes writes on all nodes, goes on without one that is killed, and has it back", async () => {
    const cluster = await started("Galera", startGalera());
    const database = await cluster.createDatabase();
    const [first, second, third] = cluster.nodes as [MariaDb, MariaDb, MariaDb];
    const size = "SHOW STATUS LIKE 'wsrep_cluster_size'";
    for (const node of cluster.nodes) expect(await node.admin(size)).toMatchObject([{ Value: "3" }]);
    await first.admin(`CREATE TABLE ${database}.t (n INT PRIMARY KEY)`);
    await third.admin(`INSERT INTO ${database}.t VALUES (1)`);

    await third.kill();
    await timed("writable again", () => second.admin(`INSERT INTO ${database}.t VALUES (2)`));
    // A node that is about to be left out may still confirm the first write.
    await until("a cluster of two", async () => (await second.admin(size))[0]?.["Value"] === "2");
    await timed("the node is back", () => third.restart());
    await cluster.waitUntilWhole();
    expect(await third.admin(`SELECT n FROM ${database}.t`)).toEqual([{ n: 1 }, { n: 2 }]);
  });
});

describeWithServer("redis", "Redis servers", () => {
  test("in a cluster: a replica takes over from a killed master, which comes back as a replica", async () => {
    const cluster = await started("Redis Cluster", startRedisCluster({ appendOnly: "always" }));
    const master = await cluster.masterOf("a key");
    await master.admin("SET", "a key", "7");
    expect(await master.admin("WAIT", "1", "5000")).toBe(1);
    const lost = await cluster.killMasterOf("a key");
    expect(lost).toBe(master);
    const next = await timed("fail-over", () => cluster.waitForFailover("a key", lost));
    expect(await next.admin("GET", "a key")).toBe("7");
    await lost.restart();
    await cluster.waitUntilHealthy();
    const role = (await lost.admin("ROLE")) as readonly unknown[];
    expect(role.slice(0, 4)).toEqual(["slave", next.host, next.port, "connected"]);
  });

  test("under sentinels: a replica takes over from a killed master, which comes back as a replica", async () => {
    const servers = await started("Redis Sentinel", startRedisSentinel({ appendOnly: "always" }));
    const master = await servers.master();
    await master.admin("SET", "a key", "7");
    expect(await master.admin("WAIT", "1", "5000")).toBe(1);
    const lost = await servers.killMaster();
    const next = await timed("fail-over", () => servers.waitForFailover(lost));
    expect([lost, next]).toEqual(servers.servers);
    expect(await next.admin("GET", "a key")).toBe("7");
    await lost.restart();
    await servers.waitUntilInSync();
    const role = (await lost.admin("ROLE")) as readonly unknown[];
    expect(role.slice(0, 4)).toEqual(["slave", next.host, next.port, "connected"]);
  });
});
