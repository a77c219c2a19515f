/** A page that was loaded before the server was updated goes on with the client that it has. */
import { readdirSync, readFileSync } from "node:fs";
import type * as Counterfoil from "counterfoil/browser";
import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { MARKER_COOKIE, SESSION_HEADER } from "counterfoil/protocol";
import { serve } from "./serve-script.ts";
import type { SessionServer } from "./session-server.ts";
import { describeInAnyBrowser, type Stage } from "./stage.ts";
import type { Tab } from "./tab.ts";

declare const counterfoil: typeof Counterfoil;
declare const client: Counterfoil.SessionClient;

const FOLDER = new URL("releases/", import.meta.url);
const RELEASES = readdirSync(FOLDER).filter((file) => file.endsWith(".js"));

/** A page with a released client in the global `client`. */
async function open(stage: Stage, server: SessionServer, release: string): Promise<Tab> {
  serve(
    server,
    "GET /release.js",
    (_req, res) => void res.type("js").send(readFileSync(new URL(release, FOLDER), "utf8")),
  );
  serve(server, "GET /release", (_req, res) => {
    res
      .type("html")
      .send('<!doctype html><html lang="en"><title>release</title><script src="/release.js"></script></html>');
  });
  const tab = await stage.newTab();
  expect(await tab.goto(`${server.origin}/release`)).toBe(200);
  await tab.evaluate(() => void Object.assign(globalThis, { client: counterfoil.createSessionClient() }));
  server.takeCalls();
  return tab;
}

const call = (tab: Tab, path: string, body?: string): Promise<number> =>
  tab.evaluate(
    async (to) => (await client.fetch(to.path, to.body === null ? {} : { method: "POST", body: to.body })).status,
    { path, body: body ?? null },
  );

const status = (tab: Tab): Promise<unknown> => tab.evaluate(() => client.session().status);

/** All that a page does in its life. */
async function live(tab: Tab, server: SessionServer): Promise<readonly string[]> {
  const login = '{"user":"alice","claims":{"role":"member"}}';
  expect(
    await tab.evaluate(async (body) => (await client.signIn("/login", { method: "POST", body })).status, login),
  ).toBe(200);
  expect(await tab.evaluate(() => client.session())).toMatchObject({
    status: "signed-in",
    userId: "alice",
    claims: { role: "member" },
  });
  expect(await call(tab, "/notes", "x")).toBe(200);
  for (let round = 0; round < 3; round++) {
    server.expire();
    expect(await call(tab, "/me")).toBe(200);
    server.expire();
    expect(await call(tab, "/notes", "y")).toBe(200);
  }
  expect(await tab.evaluate(() => client.signOut())).toBe(true);
  expect(await status(tab)).toBe("signed-out");
  expect(await call(tab, "/me")).toBe(401);
  return server.takeCalls();
}

const LIFE = [
  "POST /login 200",
  "POST /notes 200",
  ...[1, 2, 3].flatMap(() => [
    "GET /me 401",
    "POST /session/refresh 200",
    "GET /me 200",
    "POST /notes 401",
    "POST /session/refresh 200",
    "POST /notes 200",
  ]),
  "POST /session/signout 200",
  "GET /me 401",
];

/**
 * What a later wire may look like: markers of another version and form, and headers that nobody
 * knows yet.
 */
function speakLaterWire(response: ServerResponse): void {
  const later = (text: string): string => text.replaceAll(/\b1\.([\w-]{24}\.\d+\.\d+\.\d+)/g, "2~$1~more");
  const cookies = response.getHeader("set-cookie");
  if (Array.isArray(cookies)) {
    response.setHeader(
      "set-cookie",
      cookies.map((line) => (line.startsWith(MARKER_COOKIE) ? later(line) : line)),
    );
  }
  const marker = response.getHeader(SESSION_HEADER);
  if (typeof marker === "string") response.setHeader(SESSION_HEADER, later(marker));
  response.setHeader("counterfoil-later", "yes");
}

test("there is a release to try", () => {
  expect(RELEASES.length).toBeGreaterThan(0);
});

describeInAnyBrowser("a page with the client of an earlier release", (stage) => {
  test.each(RELEASES)("%s works against this server", async (release) => {
    const server = await stage().serve();
    expect(await live(await open(stage(), server, release), server)).toEqual(LIFE);
  });

  test.each(RELEASES)("%s works against a server with a later wire, and never loops", async (release) => {
    const server = await stage().serve();
    server.rewriteAnswers(speakLaterWire);
    const tab = await open(stage(), server, release);
    expect(await live(tab, server)).toEqual(LIFE);
    expect(server.count("session-refreshed")).toBe(6);
  });

  test.each(RELEASES)("%s, with a session of before the update, goes on after it", async (release) => {
    const server = await stage().serve();
    const tab = await open(stage(), server, release);
    await tab.evaluate(async () => void (await client.signIn("/login", { method: "POST", body: '{"user":"alice"}' })));
    server.rewriteAnswers(speakLaterWire);
    server.expire();
    expect(await call(tab, "/notes", "x")).toBe(200);
    expect(await status(tab)).toBe("signed-in");
    expect(await call(tab, "/notes", "x")).toBe(200);
    expect(server.takeCalls()).toEqual([
      "POST /login 200",
      "POST /notes 401",
      "POST /session/refresh 200",
      "POST /notes 200",
      "POST /notes 200",
    ]);
  });
});
