import { expect } from "vitest";
import { type Feature, REFRESH, UNTIL_EXPIRED, withRefresh } from "./feature.ts";

/** The life of a session, from sign-in to its end. */
export const SESSION_FEATURES: readonly Feature[] = [
  {
    title: "sign-in, and doesSessionExist before and after",
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.open(api);
      expect(await visitor.doesSessionExist()).toBe(false);
      expect(await visitor.signIn()).toEqual({ status: 200, body: { user: "alice" } });
      expect(await visitor.doesSessionExist()).toBe(true);
      await visitor.goTo(stage.generation);
      expect(await visitor.doesSessionExist()).toBe(true);
      // The newer ones ask once, by a refresh that must be refused; no later question costs a call.
      expect(api.takeCalls()).toEqual([...(stage.generation.asksFirst ? [`${REFRESH} 401`] : []), "POST /login 200"]);
      expect(api.count("session-created")).toBe(1);
    },
  },
  {
    title: "protected calls, the anti-CSRF token sent along",
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      expect(await visitor.fetch("GET", "/me")).toEqual({
        status: 200,
        body: { user: "alice", claims: { role: "member" } },
      });
      expect(await visitor.fetch("POST", "/notes", "milk")).toMatchObject({ status: 200 });
      expect(api.takeCalls()).toEqual(["GET /me 200", "POST /notes 200"]);
      // A reloaded page still has the token.
      await visitor.goTo(stage.generation);
      await visitor.fetch("POST", "/notes", "bread");
      expect(api.takeTraffic()).toMatchObject([
        { call: "POST /notes 200", asked: { "anti-csrf": expect.stringMatching(/.{20}/) } },
      ]);
      expect(api.notes).toEqual(["milk", "bread"]);
    },
  },
  {
    title: "expiry: the call is refused, refreshed and repeated",
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      for (const times of [1, 2, 3]) {
        api.advance(UNTIL_EXPIRED);
        expect(await visitor.fetch("GET", "/me")).toMatchObject({ status: 200, body: { user: "alice" } });
        expect(api.takeCalls()).toEqual(withRefresh("GET /me"));
        expect(api.count("session-refreshed")).toBe(times);
      }
      expect(await visitor.fetch("GET", "/me")).toMatchObject({ status: 200 });
      expect(api.takeCalls()).toEqual(["GET /me 200"]);
    },
  },
  {
    title: "the body is sent again after the refresh",
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      api.advance(UNTIL_EXPIRED);
      expect(await visitor.fetch("POST", "/notes", "Käse für 3 €")).toMatchObject({ status: 200 });
      expect(api.takeCalls()).toEqual(withRefresh("POST /notes"));
      expect(api.notes).toEqual(["Käse für 3 €"]);
    },
  },
  {
    title: "a refresh that the page asks for",
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      expect(await visitor.refresh()).toBe(true);
      expect(api.takeCalls()).toEqual([`${REFRESH} 200`]);
      expect(api.count("session-refreshed")).toBe(1);
      expect(await visitor.fetch("POST", "/notes", "milk")).toMatchObject({ status: 200 });
    },
  },
  {
    title: "sign-out",
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      await visitor.signOut();
      expect(api.takeCalls()).toEqual(["POST /auth/signout 200"]);
      expect(api.count("session-revoked")).toBe(1);
      expect(await visitor.doesSessionExist()).toBe(false);
      expect(await visitor.fetch("GET", "/me")).toMatchObject({ status: 401 });
      // Not one refresh more: the page knows.
      expect(api.takeCalls()).toEqual(["GET /me 401"]);
      expect(await visitor.signIn("bob")).toMatchObject({ status: 200 });
      expect(await visitor.fetch("GET", "/me")).toMatchObject({ body: { user: "bob" } });
    },
  },
  {
    title: "sign-out with an expired access token",
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      api.advance(UNTIL_EXPIRED);
      await visitor.signOut();
      expect(api.takeCalls()).toEqual(["POST /auth/signout 200"]);
      expect(api.count("session-revoked")).toBe(1);
      expect(await visitor.doesSessionExist()).toBe(false);
    },
  },
  {
    title: "revoked elsewhere: the page learns it and stays signed out",
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      await api.sessions.revokeAllSessionsForUser("alice");
      api.advance(UNTIL_EXPIRED);
      expect(await visitor.fetch("POST", "/notes", "milk")).toMatchObject({ status: 401 });
      expect(api.takeCalls()).toEqual(["POST /notes 401", `${REFRESH} 401`]);
      expect(await visitor.doesSessionExist()).toBe(false);
      expect(await visitor.readCookies()).not.toContain("sIdRefreshToken");
      expect(api.notes).toEqual([]);
      expect(api.takeCalls()).toEqual([]);
    },
  },
];
