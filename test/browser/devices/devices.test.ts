/** The list of the user's own devices, in the page. */
import type { CounterfoilConfig, SessionInfo } from "counterfoil";
import { sessionRoutes } from "counterfoil/express";
import type { DeviceCallOptions } from "counterfoil/devices";
import { expect, test } from "vitest";
import { MINUTE } from "../../fixtures/constants.ts";
import { serve, serveScript } from "../serve-script.ts";
import type { SessionServer } from "../session-server.ts";
import { describeInAnyBrowser, type Stage } from "../stage.ts";
import type { Tab } from "../tab.ts";
import type { DevicesPageScript } from "./page-script.ts";

declare const page: DevicesPageScript;

const SESSIONS = "GET /session/sessions";
const REVOKE = "POST /session/sessions/revoke";
const RENAME = "POST /session/sessions/rename";

async function open(stage: Stage, server: SessionServer, options: DeviceCallOptions = {}): Promise<Tab> {
  serveScript(server, "devices", import.meta.resolve("./page-script.ts"));
  const tab = await stage.newTab();
  expect(await tab.goto(`${server.origin}/devices?${new URLSearchParams({ options: JSON.stringify(options) })}`)).toBe(
    200,
  );
  return tab;
}

async function signIn(tab: Tab, origin = ""): Promise<void> {
  const status = await tab.evaluate(
    async (from) => (await page.client.signIn(`${from}/login`, { method: "POST", body: '{"user":"alice"}' })).status,
    origin,
  );
  expect(status).toBe(200);
}

/** A page where alice has signed in, and so many other sessions of hers; calls have been taken. */
async function openSignedIn(stage: Stage, others: number, config: CounterfoilConfig = {}) {
  const server = await stage.serve(config);
  const tab = await open(stage, server);
  await signIn(tab);
  for (let n = 0; n < others; n += 1) await server.sessions.createNewSession("alice");
  await server.sessions.createNewSession("bob");
  server.takeCalls();
  return { server, tab };
}

const handlesOf = (server: SessionServer, user = "alice"): Promise<string[]> =>
  server.sessions.getAllSessionHandlesForUser(user);
const ownHandle = (tab: Tab): Promise<string> =>
  tab.evaluate(() => (page.client.session() as { readonly handle: string }).handle);

describeInAnyBrowser("the user's devices", (stage) => {
  test("are listed with their facts, the current one marked", async () => {
    const { server, tab } = await openSignedIn(stage(), 1);
    const { value } = await tab.evaluate(() => page.run((client) => client.sessions()));
    const [other, own] = (await server.sessions.getSessionsForUser("alice")) as [SessionInfo, SessionInfo];
    const facts = ({ handle, createdAt, lastSeenAt, expiresAt, device }: SessionInfo) => ({
      handle,
      createdAt,
      lastSeenAt,
      expiresAt,
      device,
      binding: null,
    });
    expect(value).toEqual({
      sessions: [
        { ...facts(other), current: false },
        { ...facts(own), current: true },
      ],
    });
    expect(own.device.userAgent).toMatch(/ on Linux$/);
    expect([await ownHandle(tab), await tab.evaluate(() => page.isSame)]).toEqual([own.handle, true]);
    expect(server.takeCalls()).toEqual([`${SESSIONS} 200`]);
  });

  test("come page by page", async () => {
    const { server, tab } = await openSignedIn(stage(), 204, { session: { maxPerUser: false } });
    const pages = await tab.evaluate(async () => {
      const found: string[][] = [];
      let after: string | undefined;
      do {
        const one = await page.client.sessions({ after });
        found.push(one.sessions.map(({ handle }) => handle));
        after = one.next;
      } while (after !== undefined);
      return found;
    });
    expect(pages.map(({ length }) => length)).toEqual([100, 100, 5]);
    expect(pages.flat()).toEqual(await handlesOf(server));
  });

  test("are ended one by one, and all but the current one", async () => {
    const { server, tab } = await openSignedIn(stage(), 3);
    const own = await ownHandle(tab);
    const [first = ""] = (await handlesOf(server)).filter((handle) => handle !== own);
    const [bobs = ""] = await handlesOf(server, "bob");
    const end = (handle: string) => tab.evaluate((one) => page.run((client) => client.endSession(one)), handle);
    expect(await end(first)).toEqual({ value: true });
    expect([await end(first), await end(bobs), await end("none & such")]).toEqual([
      { value: false },
      { value: false },
      { value: false },
    ]);
    expect(await tab.evaluate(() => page.run((client) => client.endOtherSessions()))).toEqual({ value: 2 });
    expect([await handlesOf(server), await handlesOf(server, "bob")]).toEqual([[own], [bobs]]);
    expect(server.takeCalls()).toEqual(Array.from({ length: 5 }, () => `${REVOKE} 200`));
    // The page is signed in as before.
    expect(await tab.evaluate(() => page.client.session().status)).toBe("signed-in");
  });

  test("include the current one, whose end signs the page out", async () => {
    const { server, tab } = await openSignedIn(stage(), 1);
    const own = await ownHandle(tab);
    expect(await tab.evaluate((handle) => page.run((client) => client.endSession(handle)), own)).toEqual({
      value: true,
    });
    expect(await tab.evaluate(() => page.client.session())).toEqual({ status: "signed-out", reason: "sign-out" });
    expect(await handlesOf(server)).toHaveLength(1);
  });

  test("get names of any language, which are in no URL", async () => {
    const { server, tab } = await openSignedIn(stage(), 1);
    const [other = ""] = await handlesOf(server);
    const label = "Zoë's 笔记本 🪜 & 100 %";
    const rename = (handle: string, to: string | null) =>
      tab.evaluate((given) => page.run((client) => client.renameSession(given.handle, given.to)), { handle, to });
    const stored = async () => (await server.sessions.getSessionsForUser("alice"))[0]?.device.label;
    expect([await rename(other, label), await stored()]).toEqual([{ value: true }, label]);
    const urls = await tab.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
    expect(urls.filter((url) => url.includes("/rename"))).toEqual([
      `${server.origin}/session/sessions/rename?handle=${other}`,
    ]);
    expect([await rename(other, null), await stored()]).toEqual([{ value: true }, undefined]);
    const [bobs = ""] = await handlesOf(server, "bob");
    expect(await rename(bobs, "x")).toEqual({ value: false });
    expect(await rename(other, "x".repeat(5000))).toEqual({ code: "CALL_REFUSED", status: 400 });
    expect(server.takeCalls()).toEqual([200, 200, 200, 400].map((status) => `${RENAME} ${status}`));
  });

  test("are asked for again after a refresh, as by any call", async () => {
    const { server, tab } = await openSignedIn(stage(), 1);
    server.expire();
    expect(await tab.evaluate(() => page.run(async (client) => (await client.sessions()).sessions.length))).toEqual({
      value: 2,
    });
    server.expire();
    expect(await tab.evaluate(() => page.run((client) => client.endOtherSessions()))).toEqual({ value: 1 });
    const refreshed = (call: string) => [`${call} 401`, "POST /session/refresh 200", `${call} 200`];
    expect(server.takeCalls()).toEqual([...refreshed(SESSIONS), ...refreshed(REVOKE)]);
  });

  test("say why a call fails", async () => {
    const { server, tab } = await openSignedIn(stage(), 1);
    const list = () => tab.evaluate(() => page.run((client) => client.sessions()));
    server.at(SESSIONS).answer(200, { "content-type": "text/html" }, "<h1>Please log in to the hotel's network</h1>");
    server.at(SESSIONS).answer(200, {}, "null");
    server.at(SESSIONS).answer(503);
    for (const status of [200, 200, 503]) expect(await list()).toEqual({ code: "CALL_REFUSED", status });
    server.expire();
    server.refresh.answer(503);
    expect(await list()).toEqual({ code: "REFRESH_FAILED", status: 503 });
    expect(
      await tab.evaluate(() =>
        page.client.sessions({ signal: AbortSignal.abort() }).then(String, (error: Error) => error.name),
      ),
    ).toBe("AbortError");
    await tab.evaluate(() => page.client.signOut());
    expect(await list()).toEqual({ code: "CALL_REFUSED", status: 401 });
  });

  test("name the two options if something else than the session routes responds", async () => {
    const { server, tab } = await openSignedIn(stage(), 1);
    const refusal = () => tab.evaluate(() => page.client.sessions().then(String, (error: Error) => error.message));
    const advice = ", and is no session route: compare api and basePath";
    server.at(SESSIONS).answer(200, { "content-type": "text/html" }, "<div id=root></div>");
    server.at(SESSIONS).answer(404);
    server.at(SESSIONS).answer(503);
    for (const end of [`200${advice}`, `404${advice}`, "503"])
      expect(await refusal()).toBe(`${server.origin}/session/sessions answered ${end}`);
  });

  test("need a fresh sign-in to be ended, where the server says so", async () => {
    const { server, tab } = await openSignedIn(stage(), 1);
    const { sessions } = server;
    serve(server, REVOKE, sessionRoutes({ sessions, revokeMaxAuthAge: "10m" }));
    server.advance(11 * MINUTE);
    const refused = { code: "STEP_UP_REQUIRED", status: 401 };
    expect(await tab.evaluate(() => page.run((client) => client.endOtherSessions()))).toEqual(refused);
    expect(await handlesOf(server)).toHaveLength(2);
    await signIn(tab);
    expect(await tab.evaluate(() => page.run((client) => client.endOtherSessions()))).toMatchObject({
      value: expect.any(Number),
    });
    expect(await handlesOf(server)).toEqual([await ownHandle(tab)]);
  });

  test("of an app below a path", async () => {
    const server = await stage().serve({ http: { basePath: "/shop" } });
    const tab = await open(stage(), server, { basePath: "/shop" });
    await signIn(tab);
    server.takeCalls();
    expect(await tab.evaluate(() => page.run(async (client) => (await client.sessions()).sessions.length))).toEqual({
      value: 1,
    });
    expect(server.takeCalls()).toEqual(["GET /shop/session/sessions 200"]);
  });

  test("of an API on another origin", async () => {
    const pages = await stage().serve();
    const api = await stage().serve({ http: { trustedOrigins: [pages.origin] } }, `api.${stage().site}`);
    const tab = await open(stage(), pages, { api: api.origin });
    await signIn(tab, api.origin);
    const [own = ""] = await handlesOf(api);
    await api.sessions.createNewSession("alice");
    const renamed = tab.evaluate((handle) => page.run((client) => client.renameSession(handle, "Büro")), own);
    expect(await renamed).toEqual({ value: true });
    expect(await tab.evaluate(() => page.run((client) => client.endOtherSessions()))).toEqual({ value: 1 });
    const listed = tab.evaluate(() => page.run(async (client) => (await client.sessions()).sessions[0]?.device.label));
    expect(await listed).toEqual({ value: "Büro" });
    expect(pages.takeCalls().filter((call) => call.includes("session"))).toEqual([]);
  });
});
