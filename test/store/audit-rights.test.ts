/** A database user who may not write the audit table: refused at the start, if the app wants it. */
import { randomBytes } from "node:crypto";
import { createSessions, type CounterfoilConfig } from "counterfoil";
import { expect, onTestFinished, test } from "vitest";
import { outcomeOf, SECRET } from "./fixtures.ts";
import { describeSqlServers, makeStore } from "./sql-drivers.ts";

const TABLES = ["session", "key", "lease", "replaced", "migration", "revocation", "device", "audit"];

describeSqlServers((kind, _, server) => {
  test.each([["INSERT"], ["DELETE"]])("without %s on the audit table", async (missing) => {
    const database = await server().createDatabase();
    const place = server().connectionOptions(database);
    const store = makeStore(kind, place);
    await store.prepare();
    await store.close();
    const user = `auditor_${randomBytes(4).toString("hex")}`;
    const mariadb = kind === "mariadb";
    const { password } = place;
    await server().admin(
      mariadb ? `CREATE USER ${user} IDENTIFIED BY '${password}'` : `CREATE ROLE ${user} LOGIN PASSWORD '${password}'`,
    );
    for (const table of TABLES) {
      const rights = ["SELECT", "INSERT", "UPDATE", "DELETE"].filter((right) => table !== "audit" || right !== missing);
      const on = mariadb ? `${database}.counterfoil_${table}` : `counterfoil_${table}`;
      await server().admin(`GRANT ${rights.join(", ")} ON ${on} TO ${user}`, database);
    }
    const start = (config: CounterfoilConfig): Promise<string> => {
      const sessions = createSessions({ store: makeStore(kind, { ...place, user }), secret: SECRET, ...config });
      onTestFinished(() => sessions.close());
      return outcomeOf(sessions.ready());
    };
    expect(await start({ audit: { retention: "90d" } })).toBe("GENERAL_ERROR/STORE_UNSUITABLE");
    expect(await start({})).toBe("ok");
  });
});
