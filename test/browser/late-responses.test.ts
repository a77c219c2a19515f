/** An answer that comes after the session has changed, and brings back nothing. */
import { expect, test } from "vitest";
import { ClientPage, openSignedIn } from "./client-page.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import { describeInAnyBrowser } from "./stage.ts";

declare const page: ClientPageScript;

const signInAs = (visitor: ClientPage, user: string): Promise<void> =>
  visitor.tab.evaluate(
    (name) => void page.signIn("/login", { method: "POST", body: JSON.stringify({ user: name, claims: {} }) }),
    user,
  );

describeInAnyBrowser("a late answer", (stage) => {
  test("to a refresh is waited for by a sign-in of the same tab, so that its cookies cannot lie over the new ones", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    server.refresh.hold("after", 1);
    await visitor.tab.evaluate(() => void page.refresh());
    await server.seen("POST /session/refresh");
    await signInAs(visitor, "bob");
    expect(await visitor.tab.evaluate(async () => (await fetch("/open")).status)).toBe(200);
    expect(server.takeCalls()).toEqual(["POST /session/refresh pending", "GET /open 200"]);
    server.refresh.release();
    await server.seen("POST /login 200");
    await expect.poll(() => visitor.session()).toMatchObject({ userId: "bob" });
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200, body: { user: "bob" } });
    expect(await visitor.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    expect(await visitor.refresh()).toMatchObject({ state: { userId: "bob" } });
  });

  test("to a refresh is waited for by a sign-in of another tab", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    const other = await new ClientPage(await stage().newTab()).open(server);
    server.refresh.hold("after", 1);
    await visitor.tab.evaluate(() => void page.refresh());
    await server.seen("POST /session/refresh");
    await signInAs(other, "bob");
    expect(await other.tab.evaluate(async () => (await fetch("/open")).status)).toBe(200);
    expect(server.takeCalls()).toEqual(["POST /session/refresh pending", "GET /open 200"]);
    server.refresh.release();
    await server.seen("POST /login 200");
    for (const tab of [visitor, other]) {
      await expect.poll(() => tab.session()).toMatchObject({ userId: "bob" });
      expect(await tab.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    }
  });

  test("to an earlier sign-in changes nothing once somebody else has signed in", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    // By plain fetch in another tab, which waits for nobody.
    const other = await new ClientPage(await stage().newTab()).open(server);
    server.at("POST /login").hold("after", 1);
    await other.tab.evaluate(
      () => void fetch("/login", { method: "POST", body: JSON.stringify({ user: "mallory", claims: {} }) }),
    );
    await server.seen("POST /login");
    expect(await visitor.signIn("bob")).toMatchObject({ status: 200 });
    expect(await visitor.session()).toMatchObject({ userId: "bob" });
    expect(await other.session()).toMatchObject({ userId: "bob" });
    server.at("POST /login").release();
    // The browser has laid those cookies over, which no script can stop: the state follows what
    // will be sent.
    await expect.poll(async () => (await visitor.fetch("/me")).body).toEqual({ user: "mallory", claims: {} });
    await expect.poll(() => visitor.session()).toMatchObject({ userId: "mallory" });
  });

  test("to an earlier sign-in is noticed with the answer of a call that was sent before it", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    const other = await new ClientPage(await stage().newTab()).open(server);
    server.at("GET /me").hold("after", 1);
    const call = visitor.fetch("/me");
    await server.seen("GET /me");
    expect(
      await other.tab.evaluate(
        async () =>
          (await fetch("/login", { method: "POST", body: JSON.stringify({ user: "mallory", claims: {} }) })).status,
      ),
    ).toBe(200);
    expect(await visitor.session()).not.toMatchObject({ userId: "mallory" });
    server.at("GET /me").release();
    expect((await call).status).toBe(200);
    await expect.poll(() => visitor.session()).toMatchObject({ userId: "mallory" });
  });

  test("to a call of the user before changes nothing", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    server.at("POST /claims").hold("after", 1);
    await visitor.tab.evaluate(
      () =>
        void Object.assign(globalThis, {
          late: page.fetch("/claims", { method: "POST", body: JSON.stringify({ role: "admin" }) }),
        }),
    );
    await server.seen("POST /claims");
    expect(await visitor.signIn("bob")).toMatchObject({ status: 200 });
    const before = await visitor.session();
    expect(before).toMatchObject({ userId: "bob", claims: { role: "member" } });
    server.at("POST /claims").release();
    await visitor.tab.evaluate(() => (globalThis as unknown as { late: Promise<unknown> }).late);
    expect(await visitor.session()).toEqual(before);
    expect((await visitor.events()).map(({ name }) => name)).toEqual(["signed-in", "user-changed"]);
  });

  test("of somebody else to a sign-in is no sign-in", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    const before = await visitor.session();
    server.at("POST /login").answer(200, { "content-type": "text/html" }, "<h1>Please log in</h1>", 2);
    expect(await visitor.signIn("bob")).toMatchObject({ status: 200 });
    expect(await visitor.session()).toEqual(before);
    await visitor.signOut();
    expect(await visitor.signIn("bob")).toMatchObject({ status: 200 });
    expect(await visitor.session()).toEqual({ status: "signed-out", reason: "sign-out" });
    expect((await visitor.events()).map(({ name }) => name)).toEqual(["signed-in", "signed-out"]);
  });

  test("claims that a call has changed are known at once, in all tabs", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    const other = await new ClientPage(await stage().newTab()).open(server);
    expect(await visitor.fetch("/claims", { method: "POST", body: JSON.stringify({ role: "admin ✓" }) })).toMatchObject(
      {
        status: 200,
      },
    );
    for (const tab of [visitor, other]) {
      await expect.poll(() => tab.session()).toMatchObject({ claims: { role: "admin ✓" } });
    }
    expect(server.takeCalls()).toEqual(["POST /claims 200"]);
  });
});
