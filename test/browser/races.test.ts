/**
 * Access tokens that expire under many tabs and many calls: how often the server is asked for new
 * ones.
 */
import { expect, test } from "vitest";
import { bound } from "../fixtures/bounds.ts";
import type { BrowserName } from "./browser-under-test.ts";
import { ClientPage, openSignedIn } from "./client-page.ts";
import { countRefreshes } from "./refresh-count.ts";
import { describeInBrowsers, type Stage } from "./stage.ts";
import { type RaceCondition, TabRace } from "./tab-race.ts";

const TABS: Readonly<Record<BrowserName, number>> = { Chromium: 10, Firefox: bound(4, 10) };
const CALLS = 10;
/** Of each test, in ms: others may use the machine. */
const LIMIT = 900_000;
/**
 * Rounds; a busy loop in each of ten tabs makes them long. `npm run proof` and `npm run bench --
 * browser` run more.
 */
const ROUNDS: Readonly<Record<BrowserName, readonly (readonly [RaceCondition, number])[]>> = {
  Chromium: [
    ["idle", bound(3, 20)],
    ["jank", bound(1, 4)],
    ["throttled", bound(0, 1)],
  ],
  Firefox: [
    ["idle", bound(1, 5)],
    ["jank", bound(0, 1)],
  ],
};

/**
 * Tabs do without a lock that they wait for too long, and ten of them at a quarter of the CPU are
 * slow: what is tested is who waits.
 */
const PATIENT = { lockTimeout: 600_000, refreshTimeout: 600_000 };

/** Tabs of a profile where alice has signed in. */
async function openRace(stage: Stage) {
  const { server, page } = await openSignedIn(stage, PATIENT);
  const pages = [page];
  while (pages.length < TABS[stage.browser.name])
    pages.push(await new ClientPage(await stage.newTab()).open(server, PATIENT));
  const starter = await stage.newTab();
  await starter.goto(`${server.origin}/blank`);
  const race = await TabRace.prepare(
    starter,
    pages.map(({ tab }) => tab),
  );
  return { server, race };
}

describeInBrowsers("many tabs with ten calls each", (stage) => {
  test(
    "one refresh an expiry, also while scripts are busy",
    async () => {
      const { server, race } = await openRace(stage());
      for (const [condition, rounds] of ROUNDS[stage().browser.name]) {
        if (rounds === 0) continue;
        const refreshes: number[] = [];
        await race.suffer(condition);
        for (let round = 0; round < rounds; round++) {
          server.expire();
          const { calls } = await race.run(CALLS);
          refreshes.push(countRefreshes(server));
          expect(
            calls.filter(({ status }) => status !== 200),
            condition,
          ).toEqual([]);
          expect(calls).toHaveLength(TABS[stage().browser.name] * CALLS);
        }
        await race.recover(condition);
        expect(refreshes, condition).toEqual(Array.from({ length: rounds }, () => 1));
      }
    },
    LIMIT,
  );
});
