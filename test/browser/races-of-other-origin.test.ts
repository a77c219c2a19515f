/**
 * Tabs whose API is another origin: where its marker cookie cannot be read, tabs know of each
 * other's refresh by what they tell each other.
 */
import type { CounterfoilConfig } from "counterfoil";
import { expect, test } from "vitest";
import { bound } from "../fixtures/bounds.ts";
import { ClientPage } from "./client-page.ts";
import { countRefreshes } from "./refresh-count.ts";
import { describeInAnyBrowser, type Stage } from "./stage.ts";
import { TabRace } from "./tab-race.ts";

const TABS = 5;
const CALLS = 5;
const ROUNDS = bound(2, 10);
/** On a busy machine tabs would do without a lock that they wait for too long. */
const PATIENT = { lockTimeout: 600_000, refreshTimeout: 600_000 };

/** Refreshes of each expiry. */
async function raceForApi(stage: Stage, cookie: CounterfoilConfig["cookie"] = {}): Promise<readonly number[]> {
  const pageServer = await stage.serve();
  const api = await stage.serve({ cookie, http: { trustedOrigins: [pageServer.origin] } }, `api.${stage.site}`);
  const pages: ClientPage[] = [];
  for (let number = 0; number < TABS; number++)
    pages.push(await new ClientPage(await stage.newTab()).open(pageServer, { api: api.origin, ...PATIENT }));
  const [first] = pages as [ClientPage];
  expect(await first.signIn("alice", {}, `${api.origin}/login`)).toMatchObject({ status: 200 });
  const isReadable = await first.tab.evaluate(() => document.cookie.includes("sIdRefreshToken="));
  expect(isReadable).toBe(cookie.domain !== undefined);

  const starter = await stage.newTab();
  await starter.goto(`${pageServer.origin}/blank`);
  const race = await TabRace.prepare(
    starter,
    pages.map(({ tab }) => tab),
  );
  api.takeCalls();
  const refreshes: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    api.expire();
    const { calls } = await race.run(CALLS, `${api.origin}/me`);
    expect(calls.filter(({ status }) => status !== 200)).toEqual([]);
    expect(calls).toHaveLength(TABS * CALLS);
    refreshes.push(countRefreshes(api));
  }
  return refreshes;
}

describeInAnyBrowser("five tabs of an API on another host", (stage) => {
  test("a marker that cannot be read: no call fails, and at most one refresh a tab", async () => {
    const refreshes = await raceForApi(stage());
    expect(Math.min(...refreshes)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...refreshes)).toBeLessThanOrEqual(TABS);
  });

  test("a marker of the common domain: one refresh an expiry", async () => {
    expect(await raceForApi(stage(), { domain: stage().site })).toEqual(Array.from({ length: ROUNDS }, () => 1));
  });
});
