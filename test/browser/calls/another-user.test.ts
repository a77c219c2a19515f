/** A call belongs to the user for whom it was made, whoever has signed in since. */
import { expect, test } from "vitest";
import { ClientPage } from "../client-page.ts";
import { holdTimers, passTimer } from "../page-clocks.ts";
import { describeInAnyBrowser } from "../stage.ts";
import { type CallsPage, openTwo } from "./calls-page.ts";
import type { CallsPageScript, Way } from "./page-script.ts";

declare const page: CallsPageScript;

const WAYS: readonly Way[] = ["fetch", "intercepted fetch", "XMLHttpRequest", "intercepted XMLHttpRequest", "worker"];
const NOTES = "POST /notes";
const REFRESH = "POST /session/refresh";
const CHANGED = { code: "USER_CHANGED" };

describeInAnyBrowser("a call of alice's", (stage) => {
  test("refused after bob has signed in in the same tab is not sent again as bob", async () => {
    const { server, alice } = await openTwo(stage(), { tokens: { accessToken: { revocation: "store" } } });
    for (const way of WAYS) {
      await alice.signIn("alice");
      server.at(NOTES).hold("before", 1);
      server.takeCalls();
      await alice.begin(way);
      await server.seen(NOTES);
      expect(await alice.signOut()).toBe(true);
      await alice.signIn("bob");
      server.at(NOTES).release();
      expect(await alice.end(), way).toEqual({ status: 401, ...CHANGED });
      expect(server.takeCalls(), way).toEqual([`${NOTES} 401`, "POST /session/signout 200", "POST /login 200"]);
      expect(await alice.call(way), way).toEqual({ status: 200 });
    }
    expect(server.writers).toEqual(WAYS.map(() => "bob"));
  });

  test.for(["signIn", "signInPlainly"] as const)(
    "refused after bob has signed in in another tab (%s) is not sent again as bob",
    async (signIn) => {
      const { server, alice, other } = await openTwo(stage());
      for (const way of WAYS) {
        await alice.signIn("alice");
        server.expire();
        server.at(NOTES).hold("before", 1);
        server.takeCalls();
        await alice.begin(way);
        await server.seen(NOTES);
        await other[signIn]("bob");
        server.at(NOTES).release();
        expect(await alice.end(), way).toEqual({ status: 401, ...CHANGED });
        // After a plain form the page knows a marker and no name, and asks.
        const asked = signIn === "signIn" ? [] : [`${REFRESH} 200`];
        expect(server.takeCalls(), way).toEqual([`${NOTES} 401`, "POST /login 200", ...asked]);
      }
      expect(server.writers).toEqual([]);
    },
  );

  test.for(["POST", "GET"])("(%s) made while the page still shows alice is not sent as bob", async (method) => {
    const { server, alice, other } = await openTwo(stage());
    for (const way of WAYS) {
      await alice.signIn("alice");
      await other.signInPlainly("bob");
      server.takeCalls();
      expect(await alice.shown()).toBe("alice");
      expect(await alice.call(way, method), way).toEqual(CHANGED);
      expect(server.takeCalls(), way).toEqual([`${REFRESH} 200`]);
      expect(await alice.shown()).toBe("bob");
      expect(await alice.call(way, method), way).toEqual({ status: 200 });
    }
    expect(server.writers).toEqual(WAYS.map(() => "bob"));
  });

  test("that waits for a refresh while bob signs in by a plain form is not sent as bob", async () => {
    const { server, alice, other } = await openTwo(stage());
    await holdTimers(alice.tab);
    for (const way of WAYS) {
      await alice.signIn("alice");
      server.takeCalls();
      // Another request has just refreshed.
      server.refresh.answer(409, { "retry-after": "1" });
      server.refresh.hold("before", 1);
      await alice.tab.evaluate(() => void page.client.refresh().catch(() => undefined));
      await server.seen(REFRESH);
      await alice.begin(way);
      await other.signInPlainly("bob");
      server.refresh.release();
      await server.seen(`${REFRESH} 409`);
      await passTimer(alice.tab, 1000);
      expect(await alice.end(), way).toEqual(CHANGED);
      expect(server.takeCalls(), way).toEqual([`${REFRESH} 409`, "POST /login 200", `${REFRESH} 200`]);
    }
    expect(server.writers).toEqual([]);
  });

  test("made while the page does not know who is signed in is not sent as bob either", async () => {
    const { server, alice, other } = await openTwo(stage());
    await other.tab.evaluate(() => localStorage.clear());
    server.refresh.answer(503);
    server.refresh.hold("before", 1);
    await other.tab.reload();
    await server.seen(REFRESH);
    expect(await other.shown()).toBe("loading");
    await other.begin("fetch", "GET");
    await alice.signInPlainly("bob");
    server.refresh.release();
    expect(await other.end()).toEqual(CHANGED);
    expect(server.writers).toEqual([]);
    await expect.poll(() => other.shown()).toBe("bob");
  });

  test("goes on where alice herself has signed in again", async () => {
    const { server, alice, other } = await openTwo(stage());
    for (const way of WAYS) {
      await other.signInPlainly("alice");
      expect(await alice.call(way), way).toEqual({ status: 200 });
      server.expire();
      server.at(NOTES).hold("before", 1);
      server.takeCalls();
      await alice.begin(way);
      await server.seen(NOTES);
      await other.signInPlainly("alice");
      server.at(NOTES).release();
      expect(await alice.end(), way).toEqual({ status: 200 });
    }
    expect(server.writers).toEqual([...WAYS, ...WAYS].map(() => "alice"));
  });

  test("by a worker that has not heard yet of bob is not sent as bob", async () => {
    const { server, alice } = await openTwo(stage());
    expect(await alice.tab.evaluate(() => page.callBeforeItIsTold("bob"))).toEqual(CHANGED);
    expect(server.takeCalls()).toEqual(["POST /login 200"]);
  });
});

describeInAnyBrowser("a page that cannot read the marker, since the API is on another origin,", (stage) => {
  test("sends no call of alice's again as bob: the refresh tells who it is", async () => {
    const pages = await stage().serve();
    const config = { http: { trustedOrigins: [pages.origin] } };
    const api = await stage().serve(config, `api.${stage().site}`);
    const visitor = await new ClientPage(await stage().newTab()).open(pages, { api: api.origin });
    expect(await visitor.signIn("alice", {}, `${api.origin}/login`)).toMatchObject({ status: 200 });
    const other = await stage().newTab();
    await other.goto(`${pages.origin}/blank`);
    await other.evaluate(async (url) => {
      await fetch(url, { method: "POST", credentials: "include", body: '{"user":"bob"}' });
    }, `${api.origin}/login`);
    api.takeCalls();
    const post = { method: "POST", body: "a draft of alice's" };
    expect(await visitor.fetch(`${api.origin}/notes`, post)).toMatchObject({ status: 401, ...CHANGED });
    expect(api.takeCalls()).toEqual([`${NOTES} 401`, `${REFRESH} 200`]);
    expect(await visitor.session()).toMatchObject({ userId: "bob" });
    expect(api.writers).toEqual([]);
  });
});

describeInAnyBrowser("a call of nobody's", (stage) => {
  test("that was refused goes on as the user who has signed in since", async () => {
    const { server, alice, other } = await openTwo(stage());
    for (const way of WAYS) {
      await alice.signOut();
      server.at(NOTES).hold("before", 1);
      server.takeCalls();
      await alice.begin(way);
      await server.seen(NOTES);
      await other.signIn("bob");
      await expect.poll(() => alice.shown()).toBe("bob");
      server.at(NOTES).release();
      expect(await alice.end(), way).toEqual({ status: 200 });
    }
    expect(server.writers).toEqual(WAYS.map(() => "bob"));
  });
});

describeInAnyBrowser("with somebody else signed in", (stage) => {
  test("a sign-in is sent all the same", async () => {
    const { server, alice, other } = await openTwo(stage());
    await other.signInPlainly("bob");
    await alice.signIn("carol");
    expect(await alice.shown()).toBe("carol");
    expect(server.takeCalls().filter((call) => call.startsWith("POST /login"))).toHaveLength(2);
  });

  const beginSignOut = ({ tab }: CallsPage): Promise<void> =>
    tab.evaluate(() => void Object.assign(globalThis, { leaving: page.client.signOut() }));

  test("a sign-out that waited for that sign-in does not end its session", async () => {
    const { server, alice, other } = await openTwo(stage());
    server.at("POST /login").hold("after", 1);
    await other.tab.evaluate(() => void page.signIn("bob"));
    await server.seen("POST /login");
    await beginSignOut(alice);
    await expect.poll(() => alice.shown()).toBe("signed-out");
    server.at("POST /login").release();
    expect(await alice.tab.evaluate(() => (globalThis as unknown as { leaving: Promise<boolean> }).leaving)).toBe(true);
    await expect.poll(() => other.shown()).toBe("bob");
    expect(server.takeCalls()).toEqual(["POST /login 200"]);
    expect(await other.call("fetch")).toEqual({ status: 200 });
  });
});
