/**
 * A process whose clock differs from the database's says so at its first refresh, with real
 * databases.
 */
import { createSessions } from "counterfoil";
import { expect, test } from "vitest";
import { collectWarnings } from "../fixtures/warnings.ts";
import { SECRET } from "./fixtures.ts";
import { atMost, describeSqlServers, openStore } from "./sql-drivers.ts";

const MINUTE = 60_000;
const warnings = collectWarnings();

describeSqlServers((_, [driver], server) => {
  if (driver === undefined) throw new Error("there is no driver");

  /** Signs in and refreshes twice, by a clock that is as much ahead; what the event told. */
  const refreshAhead = async (ahead: number, clock: "store" | "process"): Promise<readonly (string | null)[]> => {
    const pool = driver.makePool(server().connectionOptions(await server().createDatabase()), atMost(driver, 2));
    const sessions = createSessions({
      store: openStore(driver, pool),
      secret: SECRET,
      clock: () => Date.now() + ahead,
      rotation: { clock },
    });
    const notices: (string | null)[] = [];
    sessions.on("request-refused", ({ notice }) => void notices.push(notice));
    const { refreshToken } = await sessions.createNewSession("alice");
    for (let count = 0; count < 2; count += 1) await sessions.refreshSession(refreshToken.value);
    await sessions.close();
    return notices;
  };

  test.each([
    { ahead: -20 * MINUTE, says: /1200 s behind the database's/ },
    { ahead: 20 * MINUTE, says: /1200 s ahead of the database's/ },
    // A third of the life of an access token.
    { ahead: 6 * MINUTE, says: /360 s ahead of/ },
  ])("$ahead ms is told of, once", async ({ ahead, says }) => {
    expect(await refreshAhead(ahead, "store")).toEqual(["COUNTERFOIL_CLOCK"]);
    const [warning, ...others] = await warnings.read();
    expect(others).toEqual([]);
    expect(warning?.code).toBe("COUNTERFOIL_CLOCK");
    // The server may be asked a second later than was meant.
    expect(warning?.message.replace(/\b(1199|1201)\b/, "1200").replace(/\b(359|361)\b/, "360")).toMatch(says);
    expect(warning?.message).toContain("(NTP)");
  });

  test.each([
    { ahead: 0, clock: "store" as const },
    { ahead: 4 * MINUTE, clock: "store" as const },
    { ahead: -4 * MINUTE, clock: "store" as const },
    { ahead: 20 * MINUTE, clock: "process" as const },
  ])("$ahead ms by the clock of the $clock is not", async ({ ahead, clock }) => {
    expect(await refreshAhead(ahead, clock)).toEqual([]);
    expect(await warnings.codes()).toEqual([]);
  });
});
