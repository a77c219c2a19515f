/** The hook that lists the user's own sessions. */
import type { CounterfoilConfig } from "counterfoil";
import { createSessionClient } from "counterfoil/browser";
import { SessionProvider, useOwnSessions } from "counterfoil/react";
import { createElement as h } from "react";
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import { until } from "../../servers/until.ts";
import { serveScript } from "../serve-script.ts";
import type { SessionServer } from "../session-server.ts";
import { describeInAnyBrowser, type Stage } from "../stage.ts";
import type { Tab } from "../tab.ts";
import type { OwnSessionsScript } from "./own-sessions-script.ts";

declare const page: OwnSessionsScript;

const LIST = "GET /session/sessions";
const define = { "process.env.NODE_ENV": '"development"' };

async function open(stage: Stage, config: CounterfoilConfig = {}): Promise<{ server: SessionServer; tab: Tab }> {
  const server = await stage.serve(config);
  serveScript(server, "own-sessions", import.meta.resolve("./own-sessions-script.ts"), { define });
  const tab = await stage.newTab();
  expect(await tab.goto(`${server.origin}/own-sessions`)).toBe(200);
  return { server, tab };
}

/** Signs in, and names the session. */
async function signIn(server: SessionServer, tab: Tab, user: string, label: string): Promise<string> {
  const handle = await tab.evaluate(async (body) => {
    await page.client.signIn("/login", { method: "POST", body });
    return (page.client.session() as { readonly handle: string }).handle;
  }, JSON.stringify({ user }));
  await server.sessions.renameSession(handle, label);
  return handle;
}

/** Another session of hers, which is newer than those before. */
async function addSession(server: SessionServer, label: string): Promise<string> {
  server.advance(1);
  const { session } = await server.sessions.createNewSession("alice", {}, {}, { device: { label } });
  return session.handle;
}

const shows = (tab: Tab, text: string): Promise<unknown> =>
  until(`the page shows ${text}`, async () => (await shown(tab)) === text);
const shown = (tab: Tab): Promise<string | null | undefined> =>
  tab.evaluate(() => document.querySelector("#devices")?.textContent);
const mount = (tab: Tab, isStrict = false): Promise<void> => tab.evaluate((given) => page.mount(given), isStrict);
const problems = (tab: Tab): Promise<readonly string[]> => tab.evaluate(() => page.problems);

describeInAnyBrowser("the list of own sessions by React", (stage) => {
  test.each([false, true])("is loaded when it is shown, and after each change, StrictMode %s", async (isStrict) => {
    const { server, tab } = await open(stage());
    await signIn(server, tab, "alice", "here");
    const [phone, desk] = [await addSession(server, "phone"), await addSession(server, "desk")];
    server.takeCalls();
    await mount(tab, isStrict);
    await shows(tab, "loaded desk phone here*");
    const lists = server.takeCalls().filter((call) => call.startsWith(LIST) && !call.endsWith("gone"));
    // React mounts twice in StrictMode.
    expect(lists.length).toBeLessThanOrEqual(isStrict ? 2 : 1);

    expect(await tab.evaluate((handle) => page.now!.rename(handle, "Büro"), desk)).toBe(true);
    expect(await shown(tab)).toBe("loaded Büro phone here*");
    expect(await tab.evaluate((handle) => page.now!.end(handle), phone)).toBe(true);
    expect(await shown(tab)).toBe("loaded Büro here*");
    expect(await tab.evaluate((handle) => page.now!.end(handle), phone)).toBe(false);
    expect(await tab.evaluate(() => page.now!.endOthers())).toBe(1);
    expect(await shown(tab)).toBe("loaded here*");
    await addSession(server, "tablet");
    await tab.evaluate(() => page.now!.reload());
    expect(await shown(tab)).toBe("loaded tablet here*");
    const calls = server.takeCalls().map((call) => call.split("/").at(-1));
    const change = (name: string) => [`${name} 200`, "sessions 200"];
    expect(calls).toEqual([...["rename", "revoke", "revoke", "revoke"].flatMap(change), "sessions 200"]);
    expect(await problems(tab)).toEqual([]);
  });

  test("is another user's as soon as the user is another, and nobody's after the sign-out", async () => {
    const { server, tab } = await open(stage());
    await mount(tab);
    await shows(tab, "loaded");
    expect(server.takeCalls().filter((call) => call.startsWith(LIST))).toEqual([]);
    await signIn(server, tab, "alice", "alice's");
    await tab.evaluate(() => page.now!.reload());
    await shows(tab, "loaded alice's*");
    server.takeCalls();
    server.at(LIST).hold("before", 1);
    await tab.evaluate(() => void page.client.signIn("/login", { method: "POST", body: '{"user":"bob"}' }));
    await server.seen(LIST);
    // While the server is asked for bob's.
    expect(await shown(tab)).toBe("loading");
    server.at(LIST).release();
    await shows(tab, "loaded nameless*");
    await tab.evaluate(() => page.client.signOut());
    expect(await shown(tab)).toBe("loaded");
    const texts = await tab.evaluate(() => page.texts);
    expect(texts.slice(texts.lastIndexOf("loaded alice's*") + 1).join()).not.toContain("alice");
    expect(await problems(tab)).toEqual([]);
  });

  test("ends with the session that the user ends here", async () => {
    const { server, tab } = await open(stage());
    const own = await signIn(server, tab, "alice", "here");
    await mount(tab);
    await shows(tab, "loaded here*");
    expect(await tab.evaluate((handle) => page.now!.end(handle), own)).toBe(true);
    await shows(tab, "loaded");
    expect(await tab.evaluate(() => page.client.session().status)).toBe("signed-out");
  });

  test("grows page by page, and keeps its pages over a change", async () => {
    const { server, tab } = await open(stage(), { session: { maxPerUser: false } });
    await signIn(server, tab, "alice", "here");
    for (let n = 0; n < 204; n += 1) await addSession(server, "x");
    const newest = await addSession(server, "new");
    server.takeCalls();
    await mount(tab);
    await shows(tab, "loaded new x x of 100 and more");
    await tab.evaluate(() => page.now!.more());
    expect(await shown(tab)).toBe("loaded new x x of 200 and more");
    await tab.evaluate((handle) => page.now!.end(handle), newest);
    expect(await shown(tab)).toBe("loaded x x x of 200 and more");
    await tab.evaluate(() => page.now!.more());
    expect(await shown(tab)).toBe("loaded x x x of 205");
    await tab.evaluate(() => page.now!.more());
    expect(await shown(tab)).toBe("loaded x x x of 205");
  });

  test("says why a call failed, and forgets it with the next one", async () => {
    const { server, tab } = await open(stage());
    await signIn(server, tab, "alice", "here");
    server.at(LIST).answer(503);
    await mount(tab);
    await shows(tab, "loaded CALL_REFUSED");
    await tab.evaluate(() => page.now!.reload());
    expect(await shown(tab)).toBe("loaded here*");
    server.at("POST /session/sessions/revoke").answer(500);
    expect(await tab.evaluate(async () => (await page.now!.endOthers()) === undefined)).toBe(true);
    expect(await shown(tab)).toBe("loaded here* CALL_REFUSED");
    await tab.evaluate(() => page.now!.endOthers());
    expect(await shown(tab)).toBe("loaded here*");
    expect(await problems(tab)).toEqual([]);
  });

  test("is not loaded for a component that is gone", async () => {
    const { server, tab } = await open(stage());
    await signIn(server, tab, "alice", "here");
    await mount(tab);
    await shows(tab, "loaded here*");
    await tab.evaluate(() => page.unmount());
    server.takeCalls();
    await signIn(server, tab, "bob", "here");
    await tab.evaluate(async () => void (await fetch("/open")));
    expect(server.takeCalls()).toEqual(["POST /login 200", "GET /open 200"]);
  });
});

test("on a server the list is empty and loading", () => {
  function Devices(): string {
    const { sessions, isLoading, hasMore, error } = useOwnSessions();
    return JSON.stringify([sessions, isLoading, hasMore, error === undefined]).replaceAll('"', "");
  }
  const html = renderToString(h(SessionProvider, { client: createSessionClient() }, h(Devices)));
  expect(html).toBe("[[],true,false,true]");
});
