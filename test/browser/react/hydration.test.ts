/**
 * Pages that the server renders from the session of their request, and that the browser hydrates.
 */
import { expect, test } from "vitest";
import { ClientPage } from "../client-page.ts";
import { until } from "../../servers/until.ts";
import type { SessionServer } from "../session-server.ts";
import { describeInAnyBrowser, type Stage } from "../stage.ts";
import type { ReactPageScript } from "./page-script.ts";
import { openReact, type ReactPage, serveReact, signInByForm } from "./react-page.ts";

declare const page: ReactPageScript;

/** Somebody has signed in by a plain form; the calls until then have been taken. */
async function openSignedIn(stage: Stage): Promise<{ server: SessionServer; mine: ReactPage }> {
  const server = await serveReact(stage);
  const mine = await openReact(stage, server);
  await signInByForm(mine, "alice");
  server.takeCalls();
  return { server, mine };
}

const pagesAndRefreshes = (server: SessionServer): readonly string[] =>
  server.takeCalls().filter((call) => /\/react |\/session\//.test(call));

describeInAnyBrowser("pages rendered on the server by React", (stage) => {
  test.each([false, true])(
    "a user: one render of the server's text, without a call, StrictMode %s",
    async (isStrict) => {
      const { server, mine } = await openSignedIn(stage());
      const times = isStrict ? 2 : 1;
      // Once knowing nothing, and once with what the page before has left.
      for (const isKnown of [false, true]) {
        await mine.open(server, { isStrict, count: 2 });
        await mine.shows("alice member", "hello alice, member");
        expect(await mine.take(), isKnown ? "known" : "unknown").toEqual({
          renders: { "c0: alice member": times, "c1: alice member": times },
          commits: expect.any(Number),
          texts: ["alice member"],
          problems: [],
        });
        expect(pagesAndRefreshes(server)).toEqual(["GET /react 200"]);
        await mine.tab.evaluate(() => page.client.refresh());
        await mine.take();
        server.takeCalls();
      }
    },
  );

  test("nobody: the server's text, and one render", async () => {
    const server = await serveReact(stage());
    const mine = await openReact(stage(), server);
    await mine.shows("nobody", "sign in, please");
    expect(await mine.take()).toEqual({
      renders: { "c0: nobody": 1 },
      commits: expect.any(Number),
      texts: ["nobody"],
      problems: [],
    });
    expect(pagesAndRefreshes(server)).toEqual(["GET /react 200"]);
  });

  test("expired: through the refresh route and back, and hydrated as the user", async () => {
    const { server, mine } = await openSignedIn(stage());
    server.expire();
    await mine.open(server);
    await mine.shows("alice member", "hello alice, member");
    expect(await mine.take()).toEqual({
      renders: { "c0: alice member": 1 },
      commits: expect.any(Number),
      texts: ["alice member"],
      problems: [],
    });
    expect(pagesAndRefreshes(server)).toEqual([
      "GET /react 303",
      "GET /session/refresh 303",
      "GET /react 303",
      "GET /react 200",
    ]);
  });

  test("claims that have changed since: those of the server, and no others", async () => {
    const { server, mine } = await openSignedIn(stage());
    await mine.open(server);
    await mine.tab.evaluate(() => page.client.refresh());
    const [handle] = await server.sessions.getAllSessionHandlesForUser("alice");
    await server.sessions.updateJwtPayload(handle ?? "", { role: "admin" });
    server.expire();
    await mine.open(server);
    await mine.shows("alice admin", "hello alice, admin");
    expect(await mine.take()).toEqual({
      renders: { "c0: alice admin": 1 },
      commits: expect.any(Number),
      texts: ["alice admin"],
      problems: [],
    });
  });

  test("a client that was not told: the server's word stands while it asks", async () => {
    const { server, mine } = await openSignedIn(stage());
    server.refresh.hold();
    await mine.open(server, { isClientTold: false });
    await mine.shows("alice member", "hello alice, member");
    await server.seen("POST /session/refresh");
    server.refresh.release();
    await until("the client knows", () => mine.tab.evaluate(() => page.client.session().status === "signed-in"));
    expect(await mine.take()).toEqual({
      renders: { "c0: alice member": 2 },
      commits: expect.any(Number),
      texts: ["alice member"],
      problems: [],
    });
  });

  test("a client that knows something else: one more render", async () => {
    const { server, mine } = await openSignedIn(stage());
    await mine.open(server);
    await mine.tab.evaluate(() => page.client.refresh());
    await mine.open(server, { tells: "nobody" });
    await mine.shows("alice member", "hello alice, member");
    expect(await mine.take()).toEqual({
      renders: { "c0: nobody": 1, "c0: alice member": 1 },
      commits: expect.any(Number),
      texts: ["nobody", "alice member"],
      problems: [],
    });
  });

  test("a server that does not look renders `loading`, and the page one more time", async () => {
    const { server, mine } = await openSignedIn(stage());
    await mine.open(server);
    await mine.tab.evaluate(() => page.client.refresh());
    await mine.open(server, { tells: "nothing" });
    await mine.shows("alice member", "hello alice, member");
    expect(await mine.take()).toEqual({
      renders: { "c0: loading": 1, "c0: alice member": 1 },
      commits: expect.any(Number),
      texts: ["loading", "alice member"],
      problems: [],
    });
  });

  test("what happens later reaches the page, whose first session counts no more", async () => {
    const { server, mine } = await openSignedIn(stage());
    await mine.open(server);
    await mine.shows("alice member", "hello alice, member");
    // So that the other tab knows the user, and has nothing to ask.
    await mine.tab.evaluate(() => page.client.refresh());
    const other = await new ClientPage(await stage().newTab()).open(server);
    await mine.take();
    for (const user of ["bob", "alice"]) {
      await other.signIn(user);
      await mine.shows(`${user} member`, `hello ${user}, member`);
      const text = `${user} member`;
      expect(await mine.take()).toEqual({ renders: { [`c0: ${text}`]: 1 }, commits: 1, texts: [text], problems: [] });
    }
    await other.signOut();
    await mine.shows("nobody sign-out", "sign in, please");
    await mine.tab.evaluate(() => page.renderAgain());
    await mine.take();
    expect(await mine.shown()).toBe("nobody sign-out|sign in, please");
  });

  test("another session, whose user is being asked for: nothing of the first one, also when the app renders again", async () => {
    const { server, mine } = await openSignedIn(stage());
    await mine.open(server);
    await mine.shows("alice member", "hello alice, member");
    server.refresh.hold();
    // A plain form in a frame, say, and then the page's own call, which finds other cookies.
    await mine.tab.evaluate(async () => {
      await fetch("/login", { method: "POST", body: JSON.stringify({ user: "bob", claims: { role: "admin" } }) });
      // It was made for alice, so it is not sent.
      page.client.fetch("/open").catch(() => undefined);
    });
    await mine.shows("loading", "one moment");
    await mine.tab.evaluate(() => page.renderAgain());
    await mine.take();
    expect(await mine.shown()).toBe("loading|one moment");
    server.refresh.release();
    await mine.shows("bob admin", "hello bob, admin");
    expect((await mine.take()).problems).toEqual([]);
  });
});
