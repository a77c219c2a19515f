import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, createServer } from "node:net";
import { dirname } from "node:path";
import { Redis as IoRedis } from "ioredis";
import { createConnection } from "mysql2/promise";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { describeWithServer } from "./describe-with-server.ts";
import { startMariaDb } from "./mariadb.ts";
import { startPostgres } from "./postgres.ts";
import { type Proxy, startProxy } from "./proxy.ts";
import { isAlive } from "./process-tree.ts";
import { startRedis } from "./redis.ts";
import { started } from "./started.ts";
import { until } from "./until.ts";

describeWithServer("mariadb", "a MariaDB server", () => {
  test("logs what it is asked, keeps its data when it is killed, and leaves nothing behind", async () => {
    const server = await started("MariaDB", startMariaDb({ log: true, args: ["--innodb-lock-wait-timeout=7"] }));
    const database = await server.createDatabase("test_1");
    const connection = await createConnection(server.connectionOptions(database));
    connection.on("error", () => undefined);
    await connection.query("CREATE TABLE t (\n  n INT\n)");
    await connection.execute("INSERT INTO t VALUES (?)", [7]);
    expect(await server.takeLog()).toEqual([
      "Connect counterfoil@127.0.0.1 on test_1 using TCP/IP",
      "Query CREATE TABLE t (\n  n INT\n)",
      "Prepare INSERT INTO t VALUES (?)",
      "Execute INSERT INTO t VALUES (7)",
    ]);

    const before = server.pid();
    await server.kill();
    await server.restart();
    expect(server.pid()).not.toBe(before);
    expect(await server.admin(`SELECT n, @@innodb_lock_wait_timeout AS wait FROM ${database}.t`)).toEqual([
      { n: 7, wait: 7 },
    ]);
    expect(await server.takeLog()).toEqual([]);

    await server.remove();
    expect(existsSync(dirname(server.socketPath))).toBe(false);
  });
});

describeWithServer("postgres", "a PostgreSQL server", () => {
  test("logs what it is asked, and keeps its data when it is killed", async () => {
    const server = await started("PostgreSQL", startPostgres({ log: true, config: ["lock_timeout = 7000"] }));
    const database = await server.createDatabase();
    const client = new pg.Client(server.connectionOptions(database));
    client.on("error", () => undefined);
    await client.connect();
    await client.query("CREATE TABLE t (\n  n INT\n)");
    await client.query({ name: "put", text: "INSERT INTO t VALUES ($1)", values: [7] });
    expect(await server.takeLog()).toEqual([
      "statement: CREATE TABLE t (\n  n INT\n)",
      "execute put: INSERT INTO t VALUES ($1)",
    ]);

    await server.kill();
    await server.restart();
    const setting = "current_setting('lock_timeout') AS wait";
    expect(await server.admin(`SELECT n, ${setting} FROM t`, database)).toEqual([{ n: 7, wait: "7s" }]);
    expect(await server.takeLog()).toEqual([]);
  });
});

describeWithServer("redis", "a Redis server", () => {
  test("logs what it is asked, and keeps its data when it is killed", async () => {
    const server = await started("Redis", startRedis({ appendOnly: "always", password: "a secret" }));
    await server.startLog();
    const client = new IoRedis(server.url, { enableReadyCheck: false, disableClientInfo: true });
    client.on("error", () => undefined);
    onTestFinished(() => client.disconnect());
    await client.set("a key", 7);
    await client.eval("return redis.call('GET', KEYS[1])", 1, "a key");
    await server.admin("GET", "a key");
    expect((await server.takeLog()).slice(-3)).toEqual([
      "set a key 7",
      "eval return redis.call('GET', KEYS[1]) 1 a key",
      "lua GET a key",
    ]);
    await client.get("another");
    expect(await server.takeLog()).toEqual(["get another"]);

    await server.kill();
    await server.restart();
    expect(await server.admin("GET", "a key")).toBe("7");
  });

  test("goes with its folder when the test process is killed", async () => {
    const program = `
      import { startRedis } from "${import.meta.resolve("./redis.ts")}";
      const server = await startRedis();
      console.log(server.pid(), (await server.admin("CONFIG", "GET", "dir")).dir);
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const [pid = "", folder = ""] = line.toString().trim().split(" ");
    expect([isAlive(Number(pid)), existsSync(folder)]).toEqual([true, true]);
    child.kill("SIGKILL");
    await until("both are gone", () => !isAlive(Number(pid)) && !existsSync(folder));
  });
});

/**
 * A server that notes what it got and answers "!" to each piece, behind a proxy; and a client that
 * notes its answers.
 */
async function talk() {
  const heard: string[] = [];
  const echo = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      heard.push(bytes.toString());
      socket.write("!");
    });
  });
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  const { port } = echo.address() as { port: number };
  const proxy = await startProxy({ host: "127.0.0.1", port });
  onTestFinished(async () => {
    await proxy.close();
    echo.close();
  });
  return { proxy, heard };
}

async function call(proxy: Proxy) {
  const socket = connect(proxy.port, proxy.host);
  const answers: string[] = [];
  socket.on("error", () => undefined);
  socket.on("data", (bytes) => void answers.push(bytes.toString()));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await once(socket, "connect");
  return {
    answers,
    closed,
    say: (text: string) => socket.write(text),
    ask: async (text: string) => {
      const answered = once(socket, "data");
      socket.write(text);
      await answered;
    },
  };
}

test("a proxy counts round trips, and cuts, holds and refuses", async () => {
  const { proxy, heard } = await talk();
  const one = await call(proxy);
  await one.ask("a");
  await one.ask("b");
  expect([proxy.turns(), proxy.connections()]).toEqual([2, 1]);
  proxy.resetTurns();

  proxy.hold();
  one.say("c");
  await until("the proxy has it", () => proxy.turns() === 1);
  expect(heard).toEqual(["a", "b"]);
  proxy.release();
  await until("the answer is there", () => one.answers.length === 3);
  expect(heard).toEqual(["a", "b", "c"]);

  const lost = proxy.cutNext("after", "COMMIT");
  await one.ask("SELECT");
  one.say("COMMIT");
  await Promise.all([lost, one.closed]);
  expect([heard.at(-1), one.answers.length]).toEqual(["COMMIT", 4]);

  const two = await call(proxy);
  const never = proxy.cutNext("before");
  two.say("d");
  await Promise.all([never, two.closed]);
  expect(heard).not.toContain("d");

  const three = await call(proxy);
  await three.ask("e");
  proxy.refuse();
  await expect(call(proxy)).rejects.toThrow("ECONNREFUSED");
  await three.ask("f");
  await proxy.accept();
  await (await call(proxy)).ask("g");
  expect(proxy.connections()).toBe(2);
  proxy.cut();
  await three.closed;
  expect(proxy.connections()).toBe(0);

  const elsewhere = await talk();
  proxy.pointTo(elsewhere.proxy);
  await (await call(proxy)).ask("h");
  expect([heard.includes("h"), elsewhere.heard]).toEqual([false, ["h"]]);
});
