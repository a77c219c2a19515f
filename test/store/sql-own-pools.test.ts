/** Pools that a store makes itself, in an app that has installed one driver, or none. */
import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { makeApp } from "./app-folder.ts";
import { SECRET } from "./fixtures.ts";
import { describeSqlServers } from "./sql-drivers.ts";

const PROGRAM = `
import { createSessions } from "counterfoil";
import { mysql } from "counterfoil/mysql";
import { postgres } from "counterfoil/postgres";

const [store, options] = [{ mysql, postgres }[process.argv[2]], JSON.parse(process.argv[3])];
const sessions = createSessions({ store: store(options), secret: ${JSON.stringify(SECRET)}, session: { maxPerUser: 3 } });
try {
  const created = await Promise.all(Array.from({ length: 5 }, () => sessions.createNewSession("alice")));
  const left = await sessions.getAllSessionHandlesForUser("alice");
  const live = created.find(({ session }) => left.includes(session.handle));
  await sessions.refreshSession(live.refreshToken.value);
  await Promise.all([sessions.close(), sessions.close()]);
  console.log("closed with", left.length);
} catch (error) {
  console.log(error.code, error.message);
}
`;

/** What the program wrote; it must have ended by itself. */
async function run(drivers: readonly string[], store: "mysql" | "postgres", options: object): Promise<string> {
  const app = makeApp(PROGRAM, drivers);
  const args = [app, store, JSON.stringify(options)];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: dirname(app), timeout: 120_000 });
  expect(stderr).toBe("");
  return stdout.trim();
}

describeSqlServers((kind, _, server) => {
  const store = kind === "mariadb" ? "mysql" : "postgres";
  const packages = kind === "mariadb" ? ["mysql2", "mariadb"] : ["pg", "postgres"];

  test.each(packages)("%s: works, closes, and lets the process end", async (name) => {
    const place = server().connectionOptions(await server().createDatabase());
    expect(await run([name], store, { ...place, poolSize: 2 })).toBe("closed with 3");
    const url = server().url(await server().createDatabase());
    expect(await run([name], store, { url })).toBe("closed with 3");
  });

  test.each(packages)("%s: says what is wrong, and lets the process end", async (name) => {
    const place = { ...server().connectionOptions("nowhere"), timeout: "4s" };
    expect(await run([name], store, place)).toMatch(
      /^STORE_UNAVAILABLE there is no database of this name on the server; create it, or check the option database/,
    );
    const refused = await run([name], store, { ...place, password: "mistyped-passphrase" });
    expect(refused).toMatch(/^STORE_UNAVAILABLE the database refused the user name or the password/);
    expect(refused).not.toContain("mistyped-passphrase");
  });

  test("no driver is installed", async () => {
    const told = await run([], store, server().connectionOptions("test"));
    expect(told).toMatch(`DRIVER_MISSING no driver is found; run npm install ${packages[0]}, or give the pool`);
  });
});
