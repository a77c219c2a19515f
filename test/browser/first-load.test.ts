/** What a page knows when it is loaded, and what it asks. */
import { expect, test } from "vitest";
import { ClientPage, openSignedIn } from "./client-page.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import { describeInAnyBrowser } from "./stage.ts";

declare const page: ClientPageScript;

describeInAnyBrowser("a page that is loaded", (stage) => {
  test("by a stranger: no refresh, whatever it calls", async () => {
    const server = await stage().serve();
    const visitor = await new ClientPage(await stage().newTab()).open(server);
    expect(await visitor.session()).toEqual({ status: "signed-out" });
    expect(await visitor.fetch("/open")).toMatchObject({ status: 200 });
    expect(await visitor.fetch("/me")).toMatchObject({ status: 401, body: { message: "try refresh token" } });
    expect(await visitor.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 401 });
    await visitor.tab.reload();
    expect(await visitor.events()).toEqual([]);
    expect(server.takeCalls()).toEqual(["GET /open 200", "GET /me 401", "POST /notes 401"]);
  });

  test("with a session knows whose it is, and needs no call for it", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    const known = await visitor.session();
    for (let n = 0; n < 3; n++) {
      await visitor.tab.reload();
      expect(await visitor.session()).toEqual(known);
    }
    expect(await visitor.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    expect(await visitor.events()).toEqual([]);
    expect(server.takeCalls()).toEqual(["POST /notes 200"]);
  });

  test.each(["a string", 7, "naïve ✓ \u{1F511}", " spaces "])("tells a user id as it was given: %j", async (user) => {
    const server = await stage().serve();
    const visitor = await new ClientPage(await stage().newTab()).open(server);
    await visitor.signIn(user as string, { deep: { list: [1, "ü"] } });
    await visitor.tab.reload();
    expect(await visitor.session()).toMatchObject({ userId: user, claims: { deep: { list: [1, "ü"] } } });
  });

  test("after the browser has lost what it had stored: one call brings back user and anti-CSRF token", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    const known = await visitor.session();
    await visitor.tab.evaluate(() => localStorage.clear());
    await visitor.tab.reload();
    const { handle, userId, claims } = known as { handle: string; userId: string; claims: object };
    await expect.poll(() => visitor.session()).toMatchObject({ status: "signed-in", handle, userId, claims });
    expect(server.takeCalls()).toEqual(["POST /session/refresh 200"]);
    expect(await visitor.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(["POST /notes 200"]);
  });

  test("and has lost it, with unsafe calls from the first moment: they wait for that one call", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    await visitor.tab.evaluate(() => localStorage.clear());
    await visitor.tab.reload();
    const statuses = await visitor.tab.evaluate(async () => {
      const calls = [1, 2, 3].map((n) => page.fetch("/notes", { method: "POST", body: String(n) }));
      return (await Promise.all(calls)).map(({ status }) => status);
    });
    expect(statuses).toEqual([200, 200, 200]);
    expect(server.takeCalls()).toEqual([
      "POST /session/refresh 200",
      "POST /notes 200",
      "POST /notes 200",
      "POST /notes 200",
    ]);
  });

  test("and has lost the readable marker: the refusal of a token that came starts a refresh", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    await visitor.tab.evaluate(() => {
      localStorage.clear();
      for (const name of ["sIdRefreshToken", "__Host-sIdRefreshToken"])
        document.cookie = `${name}=; Max-Age=0; Path=/; Secure`;
    });
    await visitor.tab.reload();
    expect(await visitor.session()).toEqual({ status: "signed-out" });
    server.expire();
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200, body: { user: "alice" } });
    expect(await visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 200", "GET /me 200"]);
  });

  test("that the server has rendered for the user, knows it without storage and without a call", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    const { handle, userId, claims } = (await visitor.session()) as { handle: string; userId: string; claims: object };
    await visitor.tab.evaluate(() => localStorage.clear());
    await visitor.open(server, { initialSession: { handle, userId, claims } });
    expect(await visitor.session()).toMatchObject({ status: "signed-in", handle, userId, claims });
    expect(server.takeCalls()).toEqual([]);
    // Of another session it counts for nothing.
    await visitor.open(server, { initialSession: { handle: "x".repeat(24), userId: "mallory", claims } });
    await expect.poll(() => visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
    expect(server.takeCalls()).toEqual(["POST /session/refresh 200"]);
  });

  test("with cookies of the name prefix __Host- reads that marker", async () => {
    const server = await stage().serve();
    const visitor = await new ClientPage(await stage().newTab()).open(server);
    // Only https has such cookies in every browser, so the page is told that it has one.
    const state = await visitor.tab.evaluate(() => {
      const marker = `1.${"h".repeat(24)}.4.1000.901000`;
      Object.defineProperty(document, "cookie", {
        get: () => `a=1; sIdRefreshToken=1.x; __Host-sIdRefreshToken=${marker}`,
      });
      const initialSession = { handle: "h".repeat(24), userId: "alice", claims: {} };
      page.create({ initialSession });
      return page.client.session();
    });
    expect(state).toMatchObject({ status: "signed-in", userId: "alice", accessExpires: 901_000 });
  });
});
