/** Addresses to come back to, and page loads, that try to lead a browser to another origin. */
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { verifySession, findSession } from "counterfoil/express";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  apiCookies,
  type Credentials,
  FRAMEWORKS,
  MINUTE,
  refreshCookies,
  signIn,
  startApp,
  type TestApp,
} from "../http/fixtures.ts";

const HOST = "shop.example";
const [{ express }] = FRAMEWORKS;
/** What browsers see in front of every path. */
const BASES = ["", "/shop"] as const;
type Base = (typeof BASES)[number];
const apps = new Map<Base, { readonly app: TestApp; readonly own: Credentials }>();
const at = (base: Base): { readonly app: TestApp; readonly own: Credentials } =>
  apps.get(base) ?? expect.fail("no app");

beforeAll(async () => {
  for (const base of BASES) {
    const app = await startApp({
      express,
      ...(base === "" ? {} : { config: { http: { basePath: base } } }),
      extend: (pages, sessions) =>
        void pages.get(/.*/, verifySession({ sessions, page: true }), (request, response) => {
          response.send(findSession(request)?.getUserId() ?? "nobody");
        }),
    });
    apps.set(base, { app, own: await signIn(app) });
    app.clock.now += 15 * MINUTE;
  }
});
afterAll(async () => {
  for (const { app } of apps.values()) await app[Symbol.asyncDispose]();
});

/** A page load as it stands on the wire, since clients clean addresses up. */
async function load(
  base: Base,
  target: string,
  cookie: string,
): Promise<{ status: number; location: string | undefined }> {
  const socket = connect(at(base).app.port, "127.0.0.1");
  socket.write(
    [
      `GET ${target} HTTP/1.1`,
      `Host: ${HOST}`,
      "Sec-Fetch-Mode: navigate",
      "Sec-Fetch-Dest: document",
      "Accept: text/html",
      `Cookie: ${cookie}`,
      "Connection: close",
      "\r\n",
    ].join("\r\n"),
  );
  const answer = await text(socket);
  const location = /^location: (.*)\r$/im.exec(answer)?.[1];
  return { status: Number(answer.slice(9, 12)), location };
}

/** Where a browser at our origin goes, and whether it stays there, from each of our pages. */
function expectOwnOrigin(location: string): void {
  for (const from of ["/", "/session/refresh", "//x/y"]) {
    const base = `https://${HOST}${from}`;
    expect(new URL(location, base).origin, location).toBe(`https://${HOST}`);
  }
}

const RETURNS = [
  "//evil.example",
  "///evil.example",
  "/\\/evil.example",
  "/\t/evil.example",
  "/%09/evil.example",
  "/%5cevil.example",
  "/.//evil.example",
  "/a/..//evil.example",
  "/a/../..//evil.example",
  "/%2e%2e//evil.example",
  "/%2E/%2e//evil.example",
  "/%0d%0aLocation:%20https://evil.example",
  "/\r\nLocation: https://evil.example",
  "/@evil.example",
  "@evil.example",
  "/;//evil.example",
  "/?//evil.example",
  "/#//evil.example",
  "#//evil.example",
  "?//evil.example",
  "http:/evil.example",
  "https:evil.example",
  "data:text/html,x",
  "blob:https://evil.example/x",
  "/session/refresh?to=//evil.example",
  "/page?to=https://evil.example",
  "/ｅvil.example",
  "/\u2028/evil.example",
  "/:80//evil.example",
  " //evil.example",
  "/./\\evil.example",
  "/shop//evil.example",
  "/shop/..//evil.example",
  "/shop/%2e%2e//evil.example",
  "/shop/x/../..//evil.example",
  "/shop@evil.example",
  "/shop\\evil.example",
  "/shop/.//evil.example",
  "/shop/shop/session/refresh?to=//evil.example",
];

describe.each(BASES)("below %j", (base) => {
  test.each(RETURNS)("coming back to %j", async (to) => {
    for (const spelt of [encodeURIComponent(to), encodeURIComponent(encodeURIComponent(to))]) {
      const { status, location } = await load(base, `/session/refresh?to=${spelt}`, refreshCookies(at(base).own));
      expect([303, 400]).toContain(status);
      expect(location === undefined).toBe(status === 400);
      if (location !== undefined) expectOwnOrigin(location);
    }
  });

  test("an ordinary page is come back to, so the rows above can fail", async () => {
    const { status, location = "" } = await load(
      base,
      `/session/refresh?to=${encodeURIComponent(`${base}/page?a=1`)}`,
      refreshCookies(at(base).own),
    );
    expect([status, location.startsWith(`${base}/page?a=1&`)]).toEqual([303, true]);
  });

  test.each([
    "http://evil.example/page",
    "https://evil.example/page",
    "//evil.example/page",
    "///evil.example/page",
    "/page/..//evil.example",
    "/.//evil.example",
    "/%2e%2e//evil.example",
    "/\\evil.example",
    "/page;//evil.example",
    "/page?to=//evil.example",
    "/@evil.example",
    "/shop//evil.example",
    "/shop/..//evil.example",
    "//shop/evil.example",
    "*",
  ])("the page load of %s with an access token that has expired", async (target) => {
    const { status, location } = await load(base, target, apiCookies(at(base).own));
    expect(status).toBeLessThan(500);
    if (location === undefined) return;
    expectOwnOrigin(location);
    const to = new URL(location, `https://${HOST}`).searchParams.get("to");
    if (to !== null) expectOwnOrigin(to);
  });
});
