/**
 * Two servers whose clocks differ by a minute, over one database, whose clock decides (P5,
 * docs/decisions/003). The client is honest and hurried: some of its requests arrive twice, on
 * different servers, within the window.
 */
import type { Sessions } from "counterfoil";
import { expect, test } from "vitest";
import { PATIENT } from "../fixtures/constants.ts";
import {
  atMost,
  describeSqlServers,
  openStore,
  type SqlDriverUnderTest,
  type SharedSqlServer,
  watch,
  type Watched,
} from "./sql-drivers.ts";

const WINDOW = 450;
const SKEW = 60_000;
const CYCLES = 2;

interface Story {
  /** What became of each client's refreshes, in order; the last may be an error. */
  readonly outcomes: readonly (readonly string[])[];
  readonly alarms: readonly string[];
  /**
   * Whether some message was longer on its way than messages are here, because the machine stood
   * still.
   */
  readonly isLate: boolean;
}

/**
 * Two clients, of whom one speaks first with the server whose clock is slow, the other with the one
 * whose clock is fast.
 */
async function tell(driver: SqlDriverUnderTest, server: SharedSqlServer, clock: "store" | "process"): Promise<Story> {
  const place = server.connectionOptions(await server.createDatabase());
  const outcomes: Record<string, string[]> = {};
  const cycles = clock === "store" ? CYCLES : 1;
  let isLate = false;
  const open = (ahead: number): Watched => {
    const config = { clock: () => Date.now() + ahead, rotation: { clock, window: `${WINDOW}ms` } } as const;
    const watched = watch(openStore(driver, driver.makePool(place, atMost(driver, 4)), PATIENT), config);
    watched.sessions.on("session-refreshed", ({ userId, outcome }) => void outcomes[userId]?.push(outcome));
    return watched;
  };
  const [slow, fast] = [open(-SKEW / 2), open(SKEW / 2)];
  await Promise.all([slow.sessions.ready(), fast.sessions.ready()]);
  const refresh = async (at: Sessions, token: string): Promise<string> =>
    (await at.refreshSession(token)).newRefreshToken.value;

  async function live(userId: string, one: Sessions, other: Sessions): Promise<void> {
    const own: string[] = [];
    outcomes[userId] = own;
    let token = (await one.createNewSession(userId)).refreshToken.value;
    try {
      for (let cycle = 0; cycle < cycles; cycle += 1) {
        const sent = performance.now();
        const [child] = await Promise.all([refresh(one, token), refresh(other, token)]);
        await refresh(one, child);
        // Sent along with the first two, and late.
        await refresh(other, token).finally(() => (isLate ||= performance.now() - sent > WINDOW));
        // Until the child takes over, on whichever server that is.
        let next = child;
        for (let turn = 0; next === child; turn += 1) next = await refresh(turn % 2 === 0 ? one : other, child);
        token = next;
      }
    } catch (error) {
      own.push((error as { readonly code: string }).code);
    }
  }

  await Promise.all([live("alice", slow.sessions, fast.sessions), live("bob", fast.sessions, slow.sessions)]);
  return { outcomes: Object.values(outcomes), alarms: [...slow.alarms, ...fast.alarms], isLate };
}

describeSqlServers((_, [driver], server) => {
  if (driver === undefined) throw new Error("there is no driver");

  test("by the database's clock the two agree", async () => {
    let story = await tell(driver, server(), "store");
    while (story.isLate) story = await tell(driver, server(), "store");
    const { outcomes, alarms } = story;
    expect(alarms).toEqual([]);
    for (const own of outcomes) {
      expect(new Set(own)).toEqual(new Set(["mint", "renew", "confirm"]));
      expect(own.filter((outcome) => outcome === "confirm").length).toBe(CYCLES);
    }
  });

  test("each by its own, an honest client is accused", async () => {
    const { outcomes, alarms } = await tell(driver, server(), "process");
    expect(outcomes.map((own) => own.at(-1))).toContain("TOKEN_THEFT_DETECTED");
    expect(alarms).toContain("reuse-detected");
  });
});
