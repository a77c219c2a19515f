/** axios and ky keep the session by nothing but their own options. */
import { expect, test } from "vitest";
import { countRefreshes } from "../refresh-count.ts";
import { serveScript } from "../serve-script.ts";
import type { SessionServer } from "../session-server.ts";
import { describeInAnyBrowser, type Stage } from "../stage.ts";
import type { Tab } from "../tab.ts";
import type { HttpClient, HttpClientsScript, Outcome } from "./page-script.ts";

declare const page: HttpClientsScript;

const CLIENTS = ["axios", "axios on XHR", "ky"] as const;
const ME = { data: { user: "alice", claims: {} } };

async function openSignedIn(stage: Stage): Promise<{ readonly server: SessionServer; readonly tab: Tab }> {
  const server = await stage.serve();
  serveScript(server, "clients", import.meta.resolve("./page-script.ts"));
  const tab = await stage.newTab();
  expect(await tab.goto(`${server.origin}/clients`)).toBe(200);
  const signIn = () => page.client.signIn("/login", { method: "POST", body: '{"user":"alice"}' }).then((one) => one.ok);
  expect(await tab.evaluate(signIn)).toBe(true);
  server.takeCalls();
  return { server, tab };
}

const get = (tab: Tab, by: HttpClient, url = "/me"): Promise<Outcome> =>
  tab.evaluate((given) => page.call(given.by, "get", given.url), { by, url });

const post = (tab: Tab, by: HttpClient, url: string, json: object): Promise<Outcome> =>
  tab.evaluate((given) => page.call(given.by, "post", given.url, given.json), { by, url, json });

describeInAnyBrowser("HTTP clients", (stage) => {
  test.for(CLIENTS)("%s: a GET and a POST that are refused succeed after one refresh each", async (by) => {
    const { server, tab } = await openSignedIn(stage());
    server.expire();
    expect(await get(tab, by)).toEqual(ME);
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 200", "GET /me 200"]);
    server.expire();
    expect(await post(tab, by, "/notes", { text: "grün" })).toEqual({ data: {} });
    const traffic = server.takeTraffic();
    expect(traffic.map((one) => `${one.call} ${one.body?.toString()}`)).toEqual([
      'POST /notes 401 {"text":"grün"}',
      "POST /session/refresh 200 undefined",
      'POST /notes 200 {"text":"grün"}',
    ]);
    expect(traffic[2]?.asked).toMatchObject({
      "content-type": "application/json",
      "anti-csrf": expect.stringMatching(/./),
    });
  });

  test.for(CLIENTS)("%s: a failed refresh shows as an error, and is not repeated", async (by) => {
    const { server, tab } = await openSignedIn(stage());
    server.expire();
    server.refresh.answer(503, { "retry-after": "60" }, "", 9);
    const error = by === "ky" ? "HTTPError" : "AxiosError";
    expect(await get(tab, by)).toEqual({ error, status: 401 });
    expect(countRefreshes(server)).toBe(1);
  });

  test("retries of ky make no more refreshes", async () => {
    const { server, tab } = await openSignedIn(stage());
    server.expire();
    server.at("GET /open").answer(503, { "retry-after": "0" }, "", 2);
    const [open, me] = await Promise.all([get(tab, "ky", "/open"), get(tab, "ky")]);
    expect([open, me]).toEqual([{ data: { open: true } }, ME]);
    expect(countRefreshes(server)).toBe(1);
  });
});
