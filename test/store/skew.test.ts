/**
 * Two servers whose clocks differ by a minute, over one database, whose clock decides (P5, docs/decisions/003). The client is honest and hurried:
 * some of its requests arrive twice, on different servers, within the window.
 */
import type { Sessions } from "counterfoil";
import { expect, test } from "vitest";
import {
  atMost,
  describeSqlServers,
  openStore,
  type SqlDriverUnderTest,
  type SqlServer,
  watch,
} from "./sql-drivers.ts";

const WINDOW = 400;
const SKEW = 60_000;
const CYCLES = 2;

interface Story {
  /** What became of the refreshes, in order. */
  readonly outcomes: readonly string[];
  readonly alarms: readonly string[];
  /** Repetitions that arrived while they were allowed to. */
  readonly repetitions: number;
}

async function tell(driver: SqlDriverUnderTest, server: SqlServer, clock: "store" | "process"): Promise<Story> {
  const place = server.connectionOptions(await server.createDatabase());
  const outcomes: string[] = [];
  const open = (ahead: number) => {
    const config = { clock: () => Date.now() + ahead, rotation: { clock, window: `${WINDOW}ms` } } as const;
    const watched = watch(openStore(driver, driver.makePool(place, atMost(driver, 2))), config);
    watched.sessions.on("session-refreshed", ({ outcome }) => void outcomes.push(outcome));
    return watched;
  };
  const [slow, fast] = [open(-SKEW / 2), open(SKEW / 2)];
  const refresh = async (at: Sessions, token: string): Promise<string> =>
    (await at.refreshSession(token)).newRefreshToken.value;

  await fast.sessions.ready();
  let token = (await slow.sessions.createNewSession("alice")).refreshToken.value;
  let repetitions = 0;
  try {
    for (let cycle = 0; cycle < CYCLES; cycle += 1) {
      const [one, other] = cycle % 2 === 0 ? [slow.sessions, fast.sessions] : [fast.sessions, slow.sessions];
      const sent = performance.now();
      const [child] = await Promise.all([refresh(one, token), refresh(other, token)]);
      await refresh(one, child);
      // Sent together with the first two, and late; a machine that stands still in between has made it too late to be honest.
      if (clock === "process" || performance.now() - sent < WINDOW / 2) {
        await refresh(other, token);
        repetitions += 1;
      }
      // Until the child has taken over, on whichever server that is.
      let next = child;
      for (let turn = 0; next === child; turn += 1) next = await refresh(turn % 2 === 0 ? one : other, child);
      token = next;
    }
  } catch (error) {
    outcomes.push((error as { readonly code: string }).code);
  }
  return { outcomes, alarms: [...slow.alarms, ...fast.alarms], repetitions };
}

describeSqlServers({}, (_, [driver], server) => {
  if (driver === undefined) throw new Error("there is no driver");

  test("by the database's clock the two agree", async () => {
    const { outcomes, alarms, repetitions } = await tell(driver, server(), "store");
    expect(alarms).toEqual([]);
    expect(new Set(outcomes)).toEqual(new Set(["mint", "renew", "confirm"]));
    expect(outcomes.filter((outcome) => outcome === "confirm").length).toBe(CYCLES);
    expect(repetitions).toBeGreaterThan(0);
  });

  test("each by its own, an honest client is accused", async () => {
    const { outcomes, alarms } = await tell(driver, server(), "process");
    expect([outcomes.at(-1), alarms]).toEqual(["TOKEN_THEFT_DETECTED", ["reuse-detected"]]);
  });
});
