/**
 * The store closes while a connection that its own pool or client opens is lost, by each driver: no
 * error, and the process ends.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { startProxy } from "../servers/proxy.ts";
import { sharedMariaDb, sharedPostgres, sharedRedis } from "../servers/shared.ts";
import { makeApp } from "./app-folder.ts";

/**
 * Opens the store, and does what the messages say that it gets; each is answered when it is begun.
 */
const PROGRAM = `
import { mysql } from "counterfoil/mysql";
import { postgres } from "counterfoil/postgres";
import { redis } from "counterfoil/redis";

const store = { mysql, postgres, redis }[process.argv[2]]({ url: process.argv[3], timeout: "5s" });
// A client of Redis has one connection, which the first call opens; a pool opens more for several.
const isRedis = process.argv[2] === "redis";
const calls = () => (isRedis ? [store.prepare()] : ["a", "b", "c"].map((handle) => store.findSession(handle)));
let called;
process.on("message", async (message) => {
  if (message === "call") {
    called = Promise.allSettled(calls());
    process.send("called");
    return;
  }
  const closed = store.close().then(() => "closed", (error) => String(error.code ?? error));
  process.send("closing");
  await called;
  console.log(await closed);
  process.disconnect();
});
if (!isRedis) await store.prepare();
process.send("opened");
`;

const KINDS = [
  {
    kind: "mariadb",
    name: "MariaDB",
    store: "mysql",
    drivers: ["mysql2", "mariadb"],
    url: async () => {
      const server = await sharedMariaDb();
      return server.url(await server.createDatabase());
    },
  },
  {
    kind: "postgres",
    name: "PostgreSQL",
    store: "postgres",
    drivers: ["pg", "postgres"],
    url: async () => {
      const server = await sharedPostgres();
      return server.url(await server.createDatabase());
    },
  },
  { kind: "redis", name: "Redis", store: "redis", drivers: ["redis", "ioredis"], url: sharedRedis },
] as const;

for (const { kind, name, store, drivers, url } of KINDS) {
  describeWithServer(kind, name, () => {
    test.each(drivers)("%s", async (driver) => {
      const place = new URL(await url());
      const proxy = await startProxy({ host: place.hostname, port: Number(place.port) });
      onTestFinished(() => proxy.close());
      place.port = String(proxy.port);

      const app = makeApp(PROGRAM, [driver]);
      const child = fork(app, [store, place.href], { cwd: dirname(app), stdio: ["ignore", "pipe", "pipe", "ipc"] });
      onTestFinished(() => void child.kill("SIGKILL"));
      const written: string[] = [];
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding("utf8").on("data", (text: string) => written.push(text));
      await once(child, "message");
      const before = proxy.connections();
      proxy.hold();
      child.send("call");
      await once(child, "message");
      await expect.poll(() => proxy.connections()).toBeGreaterThan(before);
      child.send("close");
      await once(child, "message");
      proxy.cut();
      proxy.release();
      const [code] = (await once(child, "close")) as [number];
      expect([code, written.join("")]).toEqual([0, "closed\n"]);
    });
  });
}
