/** Pools that nobody uses any more, as a development server leaves them behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../servers/until.ts";
import { makeApp } from "./app-folder.ts";
import { SECRET } from "./fixtures.ts";
import { describeSqlServers } from "./sql-drivers.ts";

/**
 * Each evaluation of a module makes an instance, and none closes it. The clock can be put ahead.
 */
const PROGRAM = `
import { mock } from "node:test";
const every = setInterval;
every(() => mock.timers.tick(5), 5);
mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: Date.now() });
const { createSessions } = await import("counterfoil");
const [store, options] = [process.argv[2], JSON.parse(process.argv[3])];
const make = (await import("counterfoil/" + store))[store];
for (let module = 0; module < 3; module += 1) {
  const sessions = createSessions({ store: make(options), secret: ${JSON.stringify(SECRET)} });
  await sessions.ready();
  await Promise.all(Array.from({ length: 5 }, (_, user) => sessions.createNewSession("user " + user)));
}
process.send("used");
process.on("message", () => mock.timers.tick(15_000));
`;

function runApp(drivers: readonly string[], args: readonly string[]): ChildProcess {
  const app = makeApp(PROGRAM, drivers);
  const child = spawn(process.execPath, [app, ...args], {
    cwd: dirname(app),
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

describeSqlServers((kind, _, server) => {
  const store = kind === "mariadb" ? "mysql" : "postgres";
  const COUNT =
    kind === "mariadb"
      ? "SELECT count(*) AS open FROM information_schema.processlist WHERE db = "
      : "SELECT count(*) AS open FROM pg_stat_activity WHERE datname = ";
  const packages = kind === "mariadb" ? ["mysql2", "mariadb"] : ["pg", "postgres"];

  test.each(packages)("%s: a forgotten pool keeps no connection for long", async (name) => {
    const database = await server().createDatabase();
    const countOpen = async (): Promise<number> => Number((await server().admin(`${COUNT}'${database}'`))[0]?.["open"]);
    const child = runApp([name], [store, JSON.stringify({ ...server().connectionOptions(database), poolSize: 4 })]);
    await once(child, "message");
    expect(await countOpen()).toBeGreaterThanOrEqual(6);
    child.send("tick");
    await until("no connection is open", async () => (await countOpen()) === 0);
    expect(child.exitCode).toBeNull();
  });
});
