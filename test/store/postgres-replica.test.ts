/** A primary with a streaming replica: the replica is never asked, and takes over without a loss when it is told to. */
import { postgres } from "counterfoil/postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { startProxy } from "../servers/proxy.ts";
import { type Postgres, startPostgres, startReplica } from "../servers/postgres.ts";
import { describeTally, startLoad, UNHARMED } from "./load.ts";

describeWithServer("postgres", "PostgreSQL with a replica", () => {
  let primary: Postgres;
  let replica: Awaited<ReturnType<typeof startReplica>>;

  beforeAll(async () => {
    primary = await startPostgres({ log: true });
    replica = await startReplica(primary, { synchronous: true });
  });
  afterAll(async () => {
    await replica.remove();
    await primary.remove();
  });

  test("a replica that is given in place of the primary is refused with what to do", async () => {
    const database = await primary.createDatabase();
    await postgres({ url: primary.url(database) }).prepare();
    await replica.waitUntilCaughtUp();
    await expect(postgres({ url: replica.url(database) }).prepare()).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("read-only") as string,
    });
  });

  test("killed under load, the replica takes over: nothing lost, no alarm, and it was not asked before", async () => {
    const database = await primary.createDatabase();
    // What an address that follows the primary is in production.
    const target = { host: primary.host, port: primary.port };
    const address = await startProxy(target);
    await replica.takeLog();
    const url = new URL(primary.url(database));
    url.port = String(address.port);
    const load = await startLoad([postgres({ url: url.href }), postgres({ url: url.href })]);
    await load.until(150);
    const asked = (await replica.takeLog()).filter((line) => line.includes("counterfoil_"));
    expect(asked).toEqual([]);
    await primary.kill();
    await replica.promote();
    Object.assign(target, { host: replica.host, port: replica.port });
    await load.until(200);
    const tally = await load.stop();
    await address.close();
    console.log(`PostgreSQL, primary killed, replica promoted: ${describeTally(tally)}`);
    expect(tally).toMatchObject(UNHARMED);
    expect(tally.answered.confirmations).toBeGreaterThan(10);
  });
});
