/**
 * A cluster of three nodes, each of which takes writes: what one node has confirmed holds on the
 * others, also while one of them is killed.
 */
import { createPool as createMariaDbPool } from "mariadb";
import { createPool as createMysql2Pool } from "mysql2/promise";
import { mysql, type MysqlPool } from "counterfoil/mysql";
import type { SessionStore } from "counterfoil/memory";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { newRecord, newUser, T0 } from "../../src/lib/testing/store/rows.ts";
import { bound } from "../fixtures/bounds.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { type Galera, startGalera } from "../servers/galera.ts";
import { type ConnectionOptions, startMariaDb } from "../servers/mariadb.ts";
import { describeTally, startLoad, UNHARMED } from "./load.ts";

type OpenPool = MysqlPool & { end(): Promise<void> };
type PoolOptions = ConnectionOptions & { readonly connectionLimit: number };

describeWithServer("galera", "Galera", () => {
  let cluster: Galera;
  const pools: OpenPool[] = [];

  beforeAll(async () => {
    cluster = await startGalera();
  });
  afterAll(async () => {
    for (const pool of pools) await pool.end();
    await cluster.remove();
  });

  /** One store for each node. */
  function storesIn(database: string, create: (options: PoolOptions) => OpenPool = createMysql2Pool): SessionStore[] {
    return cluster.nodes.map((node) => {
      const pool = create({ ...node.connectionOptions(database), connectionLimit: 8 });
      pools.push(pool);
      return mysql({ pool });
    });
  }

  test("all nodes prepare at once on an empty database", async () => {
    const stores = storesIn(await cluster.createDatabase());
    await Promise.all([...stores, ...stores].map((store) => store.prepare()));
    for (const store of stores) expect(await store.listKeys()).toEqual([]);
  });

  test("what one node has confirmed is seen by the next read on any other", async () => {
    const [one, other] = storesIn(await cluster.createDatabase());
    if (one === undefined || other === undefined) throw new Error("two nodes are needed");
    await Promise.all([one.prepare(), other.prepare()]);
    const missed: string[] = [];
    const record = newRecord();
    await one.createSession(record, undefined);
    for (let version = 1; version <= bound(50, 200); version += 1) {
      const fresh = newRecord();
      await one.createSession(fresh, undefined);
      if ((await other.findSession(fresh.handle)) === undefined) missed.push("a new session");
      if ((await other.listSessionsOfUser(fresh.userKey, fresh.createdAt, { limit: 100 })).length !== 1)
        missed.push("a listed session");
      await one.replaceData(record.handle, version, "{}");
      if ((await other.findSession(record.handle))?.version !== version + 1) missed.push("a newer version");
      await one.deleteSession(fresh.handle);
      if ((await other.findSession(fresh.handle)) !== undefined) missed.push("a revocation");
    }
    expect(missed).toEqual([]);
  });

  test("writes of one row on all nodes: exactly one wins each time", async () => {
    const stores = storesIn(await cluster.createDatabase());
    await Promise.all(stores.map((store) => store.prepare()));
    const [first] = stores;
    if (first === undefined) throw new Error("no node");
    for (let round = 0; round < bound(10, 20); round += 1) {
      const { handle } = newRecord();
      await first.createSession(newRecord({ handle }), undefined);
      const won = await Promise.all(stores.map((store, index) => store.replaceData(handle, 1, `{"n":${index}}`)));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect((await first.findSession(handle))?.data).toBe(`{"n":${won.indexOf(true)}}`);
    }
  });

  test.each([
    ["mysql2", createMysql2Pool],
    ["mariadb", createMariaDbPool],
  ])("the end of a user's sessions is answered, also where the node repeats its commit (%s)", async (_, create) => {
    const [one, other] = storesIn(await cluster.createDatabase(), create);
    const [, node] = cluster.nodes;
    if (one === undefined || other === undefined || node === undefined) throw new Error("two nodes are needed");
    const countReplays = async (): Promise<number> => {
      const [row] = await node.admin("SHOW GLOBAL STATUS LIKE 'wsrep_local_replays'");
      return Number(row?.["Value"]);
    };
    await Promise.all([one.prepare(), other.prepare()]);
    const before = await countReplays();
    // One node writes rows of others, which the removal has locked along with those of the user.
    const enough = new AbortController();
    const busy = Array.from({ length: 8 }, async () => {
      const { handle } = newRecord();
      await one.createSession(newRecord({ handle }), undefined);
      for (let version = 1; !enough.signal.aborted; version += 1) await one.replaceData(handle, version, "{}");
    });
    try {
      while ((await countReplays()) < before + bound(2, 5)) {
        const userKey = newUser();
        const handles = [newRecord({ userKey }), newRecord({ userKey })];
        for (const record of handles) await other.createSession(record, undefined);
        expect((await other.deleteSessionsOfUser(userKey, undefined, 200)).toSorted()).toEqual(
          handles.map(({ handle }) => handle).toSorted(),
        );
        expect(await other.listSessionsOfUser(userKey, T0, { limit: 100 })).toEqual([]);
      }
    } finally {
      enough.abort();
      await Promise.all(busy);
    }
  });

  test("what one node has confirmed is ended by the next call on any other", async () => {
    const [one, other] = storesIn(await cluster.createDatabase());
    if (one === undefined || other === undefined) throw new Error("two nodes are needed");
    await Promise.all([one.prepare(), other.prepare()]);
    const missed: string[] = [];
    const exact = { max: 5, onLimit: "end-oldest" } as const;
    for (let round = 0; round < bound(25, 100); round += 1) {
      const [first, ofUser, replaced, counted] = [newRecord(), newRecord(), newRecord(), newRecord()];
      await one.createSession(first, undefined);
      if (!(await other.deleteSession(first.handle))) missed.push("a session");
      await one.createSession(ofUser, undefined);
      if ((await other.deleteSessionsOfUser(ofUser.userKey, undefined, 200)).length !== 1)
        missed.push("all sessions of a user");
      await one.createSession(replaced, undefined);
      if (!(await other.createSession(newRecord(), undefined, replaced.handle)).replaced)
        missed.push("a replaced session");
      await one.createSession(counted, undefined);
      if (!(await other.createSession(newRecord(), exact, counted.handle)).replaced)
        missed.push("a replaced session under a limit");
    }
    expect(missed).toEqual([]);
  });

  test("50 parallel sign-ins of one user on all nodes under a soft limit: all pass, each ended session is named once", async () => {
    const stores = storesIn(await cluster.createDatabase());
    await Promise.all(stores.map((store) => store.prepare()));
    const [first] = stores;
    if (first === undefined) throw new Error("no node");
    const limit = { max: 20, onLimit: "trim", atOnce: 100 } as const;
    const userKey = newUser();
    const rows = Array.from({ length: 70 }, (_, index) => newRecord({ userKey, createdAt: T0 + index }));
    for (const row of rows.slice(0, 20)) await first.createSession(row, limit);
    const outcomes = await Promise.all(
      rows.slice(20).map((row, index) => (stores[index % stores.length] ?? first).createSession(row, limit)),
    );
    expect(outcomes.every(({ created }) => created)).toBe(true);
    const last = newRecord({ userKey, createdAt: T0 + 100 });
    // The node must know of all that came before; a soft limit does not ask for that by itself.
    await first.listSessionsOfUser(userKey, T0, { limit: 1 });
    outcomes.push(await first.createSession(last, limit));
    const left = (await first.listSessionsOfUser(userKey, T0, { limit: 100 })).map(({ handle }) => handle);
    expect(left.length).toBeLessThanOrEqual(20);
    const ended = outcomes.flatMap((outcome) => outcome.ended);
    expect([...ended, ...left].toSorted()).toEqual([...rows, last].map(({ handle }) => handle).toSorted());
  });

  test("a node killed under load: nothing lost, no alarm, no double confirmation; it comes back", async () => {
    const load = await startLoad(storesIn(await cluster.createDatabase()));
    await load.until(150);
    const [, , last] = cluster.nodes;
    await last?.kill();
    await load.until(200);
    await last?.restart();
    await load.until(100);
    const tally = await load.stop();
    console.log(`Galera, one of three nodes killed and back: ${describeTally(tally)}`);
    expect(tally).toMatchObject(UNHARMED);
    expect(tally.answered.confirmations).toBeGreaterThan(0);
  });

  test("MySQL as a node of a cluster: refused unless the node waits before reads and removals", async () => {
    // MariaDB under another name, with no cluster behind it: what is asked for is a setting.
    const node = await startMariaDb({ args: ["--version=8.0.36", "--wsrep-on=ON", "--wsrep-provider=none"] });
    onTestFinished(() => node.remove());
    const database = await node.createDatabase();
    const outcomes: string[] = [];
    for (const wait of [0, 1, 2, 3, 7]) {
      await node.admin(`SET GLOBAL wsrep_sync_wait = ${wait}`);
      const pool = createMysql2Pool(node.connectionOptions(database));
      pools.push(pool);
      const preparing = mysql({ pool }).prepare();
      outcomes.push(
        await preparing.then(
          () => `${wait} ok`,
          (error: unknown) => `${wait} ${String(error)}`,
        ),
      );
    }
    const refused = expect.stringMatching(/ set wsrep_sync_wait = 3 on every node/);
    expect(outcomes).toEqual([refused, refused, refused, "3 ok", "7 ok"]);
  });
});
