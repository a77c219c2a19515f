import { expect } from "vitest";
import { type Feature, REFRESH, UNTIL_EXPIRED, withRefresh } from "./feature.ts";

const NO_HEADERS = "no: cookies only";
const NO_END = "no: it refreshes and repeats without end";
const NO_XHR = "no: it intercepts fetch and axios";

/** Statuses, transports and origins. */
export const WIRE_FEATURES: readonly Feature[] = [
  {
    title: "status 440 in place of 401",
    async run(stage) {
      const api = await stage.serve({ http: { sessionExpiredStatus: 440 } });
      const visitor = await stage.openSignedIn(api, { status: 440 });
      api.advance(UNTIL_EXPIRED);
      expect(await visitor.fetch("POST", "/notes", "milk")).toMatchObject({ status: 200 });
      expect(api.takeCalls()).toEqual(withRefresh("POST /notes", 440));
      await api.sessions.revokeAllSessionsForUser("alice");
      api.advance(UNTIL_EXPIRED);
      expect(await visitor.fetch("GET", "/me")).toMatchObject({ status: 440 });
      expect(api.takeCalls()).toEqual(["GET /me 440", `${REFRESH} 440`]);
      expect(await visitor.doesSessionExist()).toBe(false);
    },
  },
  {
    title: "a 401 of the app's own, with 440 in place: handed to the page",
    async run(stage) {
      const api = await stage.serve({ http: { sessionExpiredStatus: 440 } });
      const visitor = await stage.openSignedIn(api, { status: 440 });
      expect(await visitor.fetch("POST", "/password")).toEqual({ status: 401, body: { message: "wrong" } });
      expect(api.takeCalls()).toEqual(["POST /password 401"]);
    },
  },
  {
    title: "a 401 of the app's own, without 440: comes to an end, after ten refreshes",
    lacks: { "4": NO_END, "5": NO_END, "15": NO_END },
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      await expect(visitor.fetch("POST", "/password")).rejects.toThrow("each attempt resulted in a 401");
      expect(api.count("session-refreshed")).toBe(10);
    },
    async without(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      const endless = visitor.fetch("POST", "/password").catch(() => "the page was closed");
      await expect.poll(() => api.count("session-refreshed"), { timeout: 20_000 }).toBeGreaterThan(11);
      await visitor.page.close();
      expect(await endless).toBe("the page was closed");
    },
  },
  {
    title: "a route that wants a fresher sign-in: its refusal is handed to the page",
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      api.advance(5 * 60_000);
      expect(await visitor.fetch("POST", "/transfer")).toMatchObject({ status: 403 });
      await visitor.signIn();
      expect(await visitor.fetch("POST", "/transfer")).toMatchObject({ status: 200 });
      expect(api.takeCalls()).toEqual(["POST /transfer 403", "POST /login 200", "POST /transfer 200"]);
    },
  },
  {
    title: "a route that demands claims: its refusal is handed to the page",
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      expect(await visitor.fetch("GET", "/staff")).toMatchObject({ status: 403, body: { claim: "role" } });
      await visitor.fetch("POST", "/claims", JSON.stringify({ role: "staff" }), "application/json");
      expect(await visitor.fetch("GET", "/staff")).toMatchObject({ status: 200 });
      expect(api.takeCalls()).toEqual(["GET /staff 403", "POST /claims 200", "GET /staff 200"]);
    },
  },
  {
    title: "page and API on two origins",
    async run(stage) {
      const port = await stage.servePages();
      const page = `http://app.${stage.site}:${port}`;
      const api = await stage.serve({ http: { trustedOrigins: [page] } });
      const address = { page, api: `http://api.${stage.site}:${api.port}` };
      const visitor = await stage.openSignedIn(api, address);
      expect(await visitor.doesSessionExist()).toBe(true);
      expect(await visitor.readCookies()).not.toContain("sIdRefreshToken");
      expect(await visitor.fetch("POST", "/notes", "milk")).toMatchObject({ status: 200 });
      expect(api.takeCalls()).toEqual(["POST /notes 200"]);
      api.advance(UNTIL_EXPIRED);
      expect(await visitor.fetch("POST", "/notes", "bread")).toMatchObject({ status: 200 });
      expect(api.takeCalls()).toEqual(withRefresh("POST /notes"));
      await visitor.signOut();
      expect(api.takeCalls()).toEqual(["POST /auth/signout 200"]);
      expect(await visitor.doesSessionExist()).toBe(false);
    },
  },
  {
    title: "header mode: no cookies on the wire",
    lacks: { "4": NO_HEADERS, "5": NO_HEADERS, "15": NO_HEADERS },
    async run(stage) {
      const port = await stage.servePages();
      const page = `http://app.${stage.site}:${port}`;
      const api = await stage.serve({ http: { trustedOrigins: [page] } });
      const visitor = await stage.open(api, {
        page,
        api: `http://api-of-${stage.site}:${api.port}`,
        transport: "header",
      });
      expect(await visitor.signIn()).toMatchObject({ status: 200 });
      expect(await visitor.getUserId()).toBe("alice");
      expect(await visitor.fetch("POST", "/notes", "milk")).toMatchObject({ status: 200 });
      api.advance(UNTIL_EXPIRED);
      const notes = Array.from({ length: 10 }, (_, number) => `note ${number}`);
      expect(await visitor.postAll(notes)).toEqual(notes.map(() => 200));
      expect(api.notes).toHaveLength(11);
      expect(api.count("session-refreshed")).toBe(1);
      api.advance(UNTIL_EXPIRED);
      await visitor.signOut();
      expect(api.count("session-revoked")).toBe(1);
      expect(await visitor.doesSessionExist()).toBe(false);
      const traffic = api.takeTraffic();
      expect(traffic.length).toBeGreaterThan(12);
      expect(traffic.filter(({ asked, answered }) => "cookie" in asked || "set-cookie" in answered)).toEqual([]);
      expect(await visitor.fetch("GET", "/me")).toMatchObject({ status: 401 });
      expect(api.takeTraffic().some(({ asked }) => "authorization" in asked)).toBe(false);
    },
    async without(stage) {
      const api = await stage.serve();
      const visitor = await stage.open(api, { transport: "header" });
      await visitor.signIn();
      const { asked, answered } = api.takeTraffic().at(-1)!;
      expect(asked).not.toHaveProperty("st-auth-mode");
      expect(answered).toHaveProperty("set-cookie");
    },
  },
  {
    title: "XMLHttpRequest",
    lacks: { "4": NO_XHR, "5": NO_XHR },
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      api.advance(UNTIL_EXPIRED);
      expect(await visitor.xhr("POST", "/notes", "milk")).toMatchObject({ status: 200 });
      expect(api.takeCalls()).toEqual(withRefresh("POST /notes"));
      expect(api.notes).toEqual(["milk"]);
    },
    async without(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      api.advance(UNTIL_EXPIRED);
      expect(await visitor.xhr("POST", "/notes", "milk")).toMatchObject({ status: 401 });
      expect(api.takeCalls()).toEqual(["POST /notes 401"]);
    },
  },
];
