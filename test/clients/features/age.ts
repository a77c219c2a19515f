import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqlite } from "counterfoil/sqlite";
import { expect } from "vitest";
import { before } from "../generations.ts";
import { type Feature, REFRESH, UNTIL_EXPIRED, withRefresh } from "./feature.ts";

const NEEDS_ITS_COOKIE = "no: it knows the session by that cookie alone, and the user signs in again";

/** What happens to a page in the course of time. */
export const AGE_FEATURES: readonly Feature[] = [
  {
    title: "cookies written by scripts are lost, as in Safari after seven days: the session goes on",
    lacks: { "4": NEEDS_ITS_COOKIE, "5": NEEDS_ITS_COOKIE },
    async run(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      await visitor.loseScriptCookies();
      await visitor.goTo(stage.generation);
      expect(await visitor.doesSessionExist()).toBe(true);
      expect(api.takeCalls()).toEqual([`${REFRESH} 200`]);
      expect(await visitor.fetch("POST", "/notes", "milk")).toMatchObject({ status: 200 });
      expect(api.takeCalls()).toEqual(["POST /notes 200"]);
      expect(await visitor.getUserId()).toBe("alice");
    },
    async without(stage) {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api);
      await visitor.loseScriptCookies();
      await visitor.goTo(stage.generation);
      expect(await visitor.doesSessionExist()).toBe(false);
      api.advance(UNTIL_EXPIRED);
      expect(await visitor.fetch("GET", "/me")).toMatchObject({ status: 401 });
      expect(api.takeCalls()).toEqual(["GET /me 401"]);
    },
  },
  {
    title: "goes on with a session of the generation to the left, after an upgrade of the page",
    lacks: { "4": "no: it is the first one here" },
    async run(stage) {
      const api = await stage.serve();
      // 4.2.0 names the domain of its cookies; 5.1.1 must do so as well, or cannot remove them.
      const scope = { scope: `.${stage.site}` };
      const visitor = await stage.open(api, scope, before(stage.generation));
      expect(await visitor.signIn()).toMatchObject({ status: 200 });
      await visitor.goTo(stage.generation);
      expect(await visitor.doesSessionExist()).toBe(true);
      expect(await visitor.fetch("POST", "/notes", "milk")).toMatchObject({ status: 200 });
      api.advance(UNTIL_EXPIRED);
      expect(await visitor.fetch("POST", "/notes", "bread")).toMatchObject({ status: 200 });
      expect(await visitor.getUserId()).toBe("alice");
      expect(api.notes).toEqual(["milk", "bread"]);
      expect(api.count("session-created")).toBe(1);
      await visitor.signOut();
      expect(api.count("session-revoked")).toBe(1);
      expect(await visitor.doesSessionExist()).toBe(false);
    },
  },
  {
    title: "an outage signs nobody out",
    async run(stage) {
      const folder = mkdtempSync(join(tmpdir(), "counterfoil-clients-"));
      const store = { store: sqlite({ path: join(folder, "sessions.db") }) };
      try {
        const api = await stage.serve(store);
        const visitor = await stage.openSignedIn(api);
        api.advance(UNTIL_EXPIRED);
        // What the access token says can be judged without a store; its refresh cannot.
        await api.sessions.close();
        expect(await visitor.fetch("GET", "/me")).toMatchObject({ status: 503 });
        expect(await visitor.doesSessionExist()).toBe(true);
        const { port, now } = api;
        await api.stop();
        const again = await stage.serve({ store: sqlite({ path: join(folder, "sessions.db") }) }, port);
        again.now = now;
        expect(await visitor.fetch("POST", "/notes", "milk")).toMatchObject({ status: 200 });
        expect(again.takeCalls()).toEqual(withRefresh("POST /notes"));
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  },
];
