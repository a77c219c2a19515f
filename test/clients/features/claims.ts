import { expect } from "vitest";
import type { ApiServer } from "../api-server.ts";
import type { Stage } from "../stage.ts";
import type { Visitor } from "../visitor.ts";
import { type Feature, REFRESH, UNTIL_EXPIRED } from "./feature.ts";

const CLAIMS = { name: "Zoë Пушкин 李白", mark: "✓ 🎟️", quote: '"; \\' };
const NO_CLAIMS = "no: it does not read the session's claims";
const NO_CORRECTION = "no: it goes by the browser's clock, and refreshes without end";

/** What a page reads of its session. */
export const CLAIM_FEATURES: readonly Feature[] = [
  {
    title: "getUserId",
    lacks: { "4": "no: it has no such function" },
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      expect(await visitor.getUserId()).toBe("alice");
      expect(api.takeCalls()).toEqual([]);
    },
    without: hasNoFunction,
  },
  {
    title: "getAccessTokenPayloadSecurely (5.x: getJWTPayloadSecurely) with claims beyond ASCII",
    lacks: { "4": NO_CLAIMS },
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api, {}, CLAIMS);
      const iat = Math.floor(api.now / 1000);
      expect(await visitor.getPayload()).toEqual({ ...CLAIMS, iat });
      expect(api.takeCalls()).toEqual([]);
      expect(await visitor.fetch("GET", "/me")).toMatchObject({ body: { claims: CLAIMS } });
    },
    without: hasNoFunction,
  },
  {
    title: "the same with an expired access token: refreshed first",
    lacks: { "4": NO_CLAIMS },
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api, {}, CLAIMS);
      api.advance(UNTIL_EXPIRED);
      await visitor.advanceClock(UNTIL_EXPIRED);
      expect(await visitor.getPayload()).toMatchObject({ ...CLAIMS, iat: Math.floor(api.now / 1000) });
      expect(api.takeCalls()).toEqual([`${REFRESH} 200`]);
    },
  },
  {
    title: "payload update in a route: the next call has the new claims",
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      const claims = { role: "admin", note: "größer" };
      expect(await visitor.fetch("POST", "/claims", JSON.stringify(claims), "application/json")).toEqual({
        status: 200,
        body: claims,
      });
      expect(await visitor.fetch("GET", "/me")).toMatchObject({ body: { claims } });
      expect(api.takeCalls()).toEqual(["POST /claims 200", "GET /me 200"]);
      api.advance(UNTIL_EXPIRED);
      expect(await visitor.fetch("GET", "/me")).toMatchObject({ body: { claims } });
    },
  },
  {
    title: "payload update: the page reads the new claims without a call",
    lacks: { "4": NO_CLAIMS },
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      const claims = { role: "admin", note: "größer" };
      await visitor.fetch("POST", "/claims", JSON.stringify(claims), "application/json");
      api.takeCalls();
      expect(await visitor.getPayload()).toMatchObject(claims);
      expect(api.takeCalls()).toEqual([]);
    },
  },
  {
    title: "a browser whose clock is three hours ahead reads its claims",
    lacks: {
      "4": NO_CLAIMS,
      "5": NO_CORRECTION,
      "15": NO_CORRECTION,
    },
    async run(stage) {
      const api = await stage.serve();
      const visitor = await openThreeHoursAhead(stage, api);
      expect(await visitor.getPayload()).toMatchObject({ role: "member" });
      expect(api.takeCalls()).toEqual([]);
      api.advance(UNTIL_EXPIRED);
      expect(await visitor.fetch("GET", "/me")).toMatchObject({ status: 200 });
      expect(api.count("session-refreshed")).toBe(1);
    },
    async without(stage) {
      if (stage.generation.id === "4") return hasNoFunction(stage);
      const api = await stage.serve();
      const visitor = await openThreeHoursAhead(stage, api);
      const endless = visitor.getPayload().catch(() => "the page was closed");
      await expect.poll(() => api.count("session-refreshed"), { timeout: 20_000 }).toBeGreaterThan(4);
      await visitor.page.close();
      expect(await endless).toBe("the page was closed");
    },
  },
];

async function openThreeHoursAhead(stage: Stage, api: ApiServer): Promise<Visitor> {
  const visitor = await stage.openSignedIn(api);
  await visitor.signOut();
  await visitor.setClockAhead(3 * 3_600_000);
  await visitor.goTo(stage.generation);
  await visitor.signIn();
  api.takeCalls();
  return visitor;
}

async function hasNoFunction(stage: Stage): Promise<void> {
  const visitor = await stage.open(await stage.serve());
  expect(await visitor.offers()).toEqual(["doesSessionExist", "refresh", "signOut"]);
}
