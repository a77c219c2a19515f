/** Access tokens that expire under many tabs and many calls: how often the server is asked for new ones. */
import { expect, test } from "vitest";
import { ClientPage, openSignedIn } from "./client-page.ts";
import { countRefreshes } from "./refresh-count.ts";
import { describeInBrowsers, type Stage } from "./stage.ts";
import { type RaceCondition, TabRace } from "./tab-race.ts";

const TABS = 10;
const CALLS = 10;
/** Of each test, in ms: others may use the machine. */
const LIMIT = 300_000;
/** Rounds; a busy loop in each of ten tabs makes them long. `npm run bench -- browser` runs more. */
const ROUNDS = {
  Chromium: { idle: 30, jank: 4, throttled: 4 },
  Firefox: { idle: 8, jank: 2, throttled: 0 },
} as const;

/** Tabs of a profile where alice has signed in. */
async function openRace(stage: Stage) {
  const { server, page } = await openSignedIn(stage);
  const pages = [page];
  while (pages.length < TABS) pages.push(await new ClientPage(await stage.newTab()).open(server));
  const starter = await stage.newTab();
  await starter.goto(`${server.origin}/blank`);
  const race = await TabRace.prepare(
    starter,
    pages.map(({ tab }) => tab),
  );
  return { server, race };
}

async function expectOneRefreshEach(stage: Stage, condition: RaceCondition): Promise<void> {
  const { server, race } = await openRace(stage);
  await race.suffer(condition);
  const rounds = ROUNDS[stage.browser.name][condition];
  const refreshes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    server.expire();
    const { calls } = await race.run(CALLS);
    refreshes.push(countRefreshes(server));
    expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
    expect(calls).toHaveLength(TABS * CALLS);
  }
  expect(refreshes).toEqual(Array.from({ length: rounds }, () => 1));
  expect(server.count("session-refreshed")).toBe(rounds);
}

describeInBrowsers("ten tabs with ten calls each", (stage) => {
  test("one refresh an expiry", () => expectOneRefreshEach(stage(), "idle"), LIMIT);
  test("one refresh an expiry while scripts are busy", () => expectOneRefreshEach(stage(), "jank"), LIMIT);
});

describeInBrowsers(
  "ten tabs with ten calls each and a quarter of the CPU",
  (stage) => {
    test("one refresh an expiry", () => expectOneRefreshEach(stage(), "throttled"), LIMIT);
  },
  { only: "Chromium" },
);
