import { expect } from "vitest";
import type { ApiServer } from "../api-server.ts";
import { type Feature, REFRESH, UNTIL_EXPIRED } from "./feature.ts";

const NOTES = Array.from({ length: 10 }, (_, number) => `note ${number}`);

/** Many at once. */
export const RACE_FEATURES: readonly Feature[] = [
  {
    title: "ten parallel calls with an expired access token: one refresh",
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      api.advance(UNTIL_EXPIRED);
      // As many as a browser sends to one server at a time; the others follow while the refresh is
      // under way.
      api.gather(6);
      expect(await visitor.postAll(NOTES)).toEqual(NOTES.map(() => 200));
      const calls = api.takeCalls();
      expect(calls.filter((call) => call.startsWith(REFRESH))).toEqual([`${REFRESH} 200`]);
      expect(calls.filter((call) => call === "POST /notes 401").length).toBeGreaterThanOrEqual(6);
      expect(api.count("session-refreshed")).toBe(1);
      expect(api.notes.toSorted()).toEqual(NOTES);
    },
  },
  {
    title: "five tabs with an expired access token",
    async run(stage) {
      const api = await stage.serve();
      const first = await stage.openSignedIn(api);
      const others = await Promise.all(Array.from({ length: 4 }, () => stage.open(api)));
      const tabs = [first, ...others];
      for (const round of [1, 2, 3]) {
        api.advance(UNTIL_EXPIRED);
        api.gather(tabs.length);
        const replies = await Promise.all(tabs.map((tab, number) => tab.fetch("POST", "/notes", `${round}-${number}`)));
        expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
        expectFewRefreshes(api, tabs.length);
      }
      expect(new Set(api.notes).size).toBe(15);
      expect(api.notes).toHaveLength(15);
      expect(await Promise.all(tabs.map((tab) => tab.doesSessionExist()))).toEqual([true, true, true, true, true]);
      expect(api.count("session-created")).toBe(1);
    },
  },
  {
    title: "a sign-out in one tab signs out the others",
    async run(stage) {
      const api = await stage.serve();
      const first = await stage.openSignedIn(api);
      const second = await stage.open(api);
      expect(await second.fetch("GET", "/me")).toMatchObject({ status: 200 });
      await first.signOut();
      expect(await second.doesSessionExist()).toBe(false);
      api.takeCalls();
      expect(await second.fetch("GET", "/me")).toMatchObject({ status: 401 });
      expect(api.takeCalls()).toEqual(["GET /me 401"]);
    },
  },
];

/**
 * The lock that the tabs share is made of localStorage, and may let two of them in; each of those
 * refreshes must be good.
 */
function expectFewRefreshes(api: ApiServer, tabs: number): void {
  const calls = api.takeCalls();
  expect(calls.filter((call) => call === "POST /notes 401").length).toBeGreaterThanOrEqual(tabs);
  const refreshes = calls.filter((call) => call.startsWith(REFRESH));
  expect(refreshes.length).toBeGreaterThanOrEqual(1);
  expect(refreshes.length).toBeLessThanOrEqual(tabs);
  expect(new Set(refreshes)).toEqual(new Set([`${REFRESH} 200`]));
}
