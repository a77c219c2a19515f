import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import {
  apiCookies,
  clearedOf,
  type Credentials,
  FRAMEWORKS,
  refresh,
  refreshCookies,
  signIn,
  startApp,
  type TestApp,
} from "./fixtures.ts";
import type { RawResponse } from "./send.ts";

const PLAIN = { cookie: { hostPrefix: false } } as const;

const ROUTES = [
  { method: "GET", path: "/api" },
  { method: "POST", path: "/session/refresh" },
  { method: "GET", path: "/session/sessions" },
  { method: "POST", path: "/session/signout" },
  { method: "POST", path: "/login" },
] as const;

/**
 * An answer sets all three cookies, or clears all three, or touches none: a browser is never left
 * with half a session.
 */
function expectWhole(answer: RawResponse): void {
  const own = answer.cookies.map((line) => line.slice(0, line.indexOf("=") + 2));
  const names = ["sAccessToken", "sRefreshToken", "sIdRefreshToken"];
  const isSet = names.map((name) => own.some((start) => start.startsWith(`${name}=`) && start !== `${name}=;`));
  expect(new Set(isSet).size, answer.cookies.join("\n")).toBe(1);
  // Lines of another scope are of cookies that are not ours.
  const cleared = clearedOf({ names: { access: "sAccessToken", refresh: "sRefreshToken", marker: "sIdRefreshToken" } });
  const clearing = cleared.filter((line) => answer.cookies.includes(line));
  if (!isSet.includes(true)) expect([[], cleared]).toContainEqual(clearing);
}

/**
 * Sends one `Cookie` header to each route; all are answered, whole, and the app has not crashed.
 */
async function sendEverywhere(app: TestApp, cookie: string | readonly string[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const { method, path } of ROUTES) {
    const answer = await app.send({ method, path, headers: { cookie } });
    expectWhole(answer);
    statuses.push(answer.status);
  }
  expect(app.appErrors).toEqual([]);
  return statuses;
}

describe.each(FRAMEWORKS)("odd cookies in $name", ({ express }) => {
  const ODD: readonly { name: string; readonly header: (own: Credentials) => string; status: number }[] = [
    { name: "a name without a value", header: () => "sAccessToken", status: 401 },
    { name: "an empty value", header: () => "sAccessToken=", status: 401 },
    { name: "an empty value in quotes", header: () => 'sAccessToken=""', status: 401 },
    { name: "ours in quotes", header: ({ access }) => `sAccessToken="${access}"`, status: 200 },
    { name: "ours in two pairs of quotes", header: ({ access }) => `sAccessToken=""${access}""`, status: 401 },
    { name: "ours behind one quote", header: ({ access }) => `sAccessToken="${access}`, status: 401 },
    {
      name: "ours between quotes that open elsewhere",
      header: ({ access }) => `a="; sAccessToken=${access}; b="`,
      status: 200,
    },
    { name: "only separators", header: () => ";;; ; =; ==;", status: 401 },
    { name: "a value without a name", header: ({ access }) => `=${access}`, status: 401 },
    { name: "another case of letters", header: ({ access }) => `SACCESSTOKEN=${access}`, status: 401 },
    { name: "a comma for a semicolon", header: ({ access }) => `a=1, sAccessToken=${access}`, status: 401 },
    { name: "bytes beyond ASCII", header: () => "sAccessToken=\u00e9\u00ff", status: 401 },
    { name: "percent encoding", header: ({ access }) => `sAccessToken=${access.replace(/\./g, "%2E")}`, status: 401 },
    // Browsers take the byte for a part of the name, so a sibling may set it although it looks like
    // a __Host- name to a parser that trims it.
    { name: "our name behind a no-break space", header: ({ access }) => `\u00a0sAccessToken=${access}`, status: 401 },
    { name: "our name before a no-break space", header: ({ access }) => `sAccessToken\u00a0=${access}`, status: 401 },
    { name: "ours beside an empty one", header: ({ access }) => `sAccessToken=; sAccessToken=${access}`, status: 200 },
    {
      name: "ours beside names that end like it",
      header: ({ access }) => `xsAccessToken=1; sAccessToken=${access}`,
      status: 200,
    },
    {
      name: "ours beside one with the host prefix",
      header: ({ access }) => `__Host-sAccessToken=1; sAccessToken=${access}`,
      status: 200,
    },
    {
      name: "ours beside names of every object",
      header: ({ access }) => `__proto__=1; constructor=2; sAccessToken=${access}`,
      status: 200,
    },
    { name: "spaces and tabs around", header: ({ access }) => `a=1 ;\t sAccessToken =  ${access} `, status: 200 },
    { name: "no space between", header: ({ access }) => `a=1;sAccessToken=${access};b=2`, status: 200 },
    { name: "a trailing separator", header: ({ access }) => `sAccessToken=${access};`, status: 200 },
  ];
  test.each(ODD)("$name -> $status", async ({ header, status }) => {
    await using app = await startApp({ express, config: PLAIN });
    const cookie = header(await signIn(app));
    expect((await app.send({ path: "/api", headers: { cookie } })).status).toBe(status);
    await sendEverywhere(app, cookie);
  });

  test.each([
    { name: "a JWT without a signature", token: "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiJhbGljZSJ9." },
    { name: "dots", token: "..." },
    { name: "long and without a dot", token: "a".repeat(60_000) },
    { name: "many segments", token: "a.".repeat(30_000) },
    { name: "deep JSON", token: `${Buffer.from("[".repeat(20_000)).toString("base64url")}.e30.x` },
    { name: "our prefix and nothing of ours", token: `cfr1.${"A".repeat(148)}` },
  ])("a token that is $name is refused everywhere", async ({ token }) => {
    await using app = await startApp({ express, config: PLAIN });
    const names = ["sAccessToken", "sRefreshToken", "sIdRefreshToken"];
    const statuses = await sendEverywhere(app, names.map((name) => `${name}=${token.slice(0, 20_000)}`).join("; "));
    expect(statuses).toEqual([401, 401, 401, 401, 200]);
  });

  test.each([
    { name: "10,000 cookies before ours", junk: (index: number) => `c${index}=1`, count: 10_000 },
    {
      name: "3,000 cookies with a part of our name before ours",
      junk: (index: number) => `sAccessToke=${index}`,
      count: 3000,
    },
  ])("$name: ours is found", async ({ junk, count }) => {
    await using app = await startApp({ express, config: PLAIN });
    const own = await signIn(app);
    const cookie = `${Array.from({ length: count }, (_, index) => junk(index)).join(";")};${refreshCookies(own)}`;
    expect(await sendEverywhere(app, cookie)).toEqual([200, 200, 200, 200, 200]);
  });

  test.each([
    { name: "a header over 64 KB", junk: `a=${"1".repeat(64 * 1024)}` },
    { name: "a header of 500 KB", junk: `a=${"1".repeat(500 * 1024)}` },
  ])("$name beside ours: ours is found, and nobody is logged out by a jar that has grown", async ({ junk }) => {
    await using app = await startApp({ express, config: PLAIN });
    const own = await signIn(app);
    expect(await sendEverywhere(app, `${junk}; ${refreshCookies(own)}`)).toEqual([200, 200, 200, 200, 200]);
  });

  test("10,000 cookies of our name beside ours: refused, whole, and the session can go on without them", async () => {
    await using app = await startApp({ express, config: PLAIN });
    const own = await signIn(app);
    const junk = Array.from({ length: 10_000 }, (_, i) => `sAccessToken=${i}`).join("; ");
    for (const cookie of [`${junk}; ${refreshCookies(own)}`, `${refreshCookies(own)}; ${junk}`]) {
      const answer = await app.send({ path: "/api", headers: { cookie } });
      expectWhole(answer);
      expect(answer.status).toBe(401);
    }
    expect((await refresh(app, own)).status).toBe(200);
    expect((await sendEverywhere(app, `${junk}; ${refreshCookies(own)}`))[0]).toBe(401);
  });
});

describe.each(FRAMEWORKS)("repeated and odd headers in $name", ({ express }) => {
  test("two Cookie headers count as one: ours and others, ours twice, ours and another of the name", async () => {
    await using app = await startApp({ express, config: PLAIN });
    const own = await signIn(app);
    const status = async (cookie: readonly string[]): Promise<number> =>
      (await app.send({ path: "/api", headers: { cookie } })).status;
    const ours = `sAccessToken=${own.access}`;
    expect(await status(["a=1", ours])).toBe(200);
    expect(await status([ours, ours])).toBe(200);
    expect(await status([ours, "sAccessToken=x"])).toBe(401);
    expect(await status(["sAccessToken=x", ours])).toBe(401);
  });

  test("a repeated anti-CSRF token, rid, User-Agent or X-Forwarded-For confuses nothing", async () => {
    await using app = await startApp({ express, config: PLAIN });
    const own = await signIn(app, "user=alice", { "user-agent": ["Mozilla/5.0 (X11; Linux) Firefox/130.0", "evil"] });
    const headers = {
      cookie: apiCookies(own),
      "anti-csrf": own.antiCsrf,
      "x-forwarded-for": ["192.0.2.1", "192.0.2.2"],
    };
    expect((await app.send({ method: "POST", path: "/api", headers })).status).toBe(200);
    const [session] = await app.sessions.getSessionsForUser("alice");
    expect(session?.device).toEqual({ ip: "127.0.0.0/24", userAgent: "Firefox on Linux" });
  });

  test.each([
    "//session/refresh",
    "/session/refresh//",
    "/session/../session/refresh",
    "/SESSION/REFRESH",
    "/session/refresh;x=1",
    "/session%2Frefresh",
    "/__proto__",
    "/constructor",
  ])("%s is no session route", async (path) => {
    await using app = await startApp({ express, config: PLAIN });
    const own = await signIn(app);
    const answer = await app.send({ method: "POST", path, headers: { cookie: refreshCookies(own) } });
    expect([answer.status, answer.cookies]).toEqual([404, []]);
  });

  test.each([
    "/session/refresh?x=1",
    "/session/refresh/?x=1",
    "/session/refresh?",
    "/session/refresh?/session/signout",
  ])("%s is", async (path) => {
    await using app = await startApp({ express, config: PLAIN });
    const own = await signIn(app);
    const answer = await app.send({ method: "POST", path, headers: { cookie: refreshCookies(own) } });
    expect([answer.status, answer.json(), answer.cookies.length]).toEqual([200, {}, 3]);
  });

  test.each([
    {
      name: "HTTP/1.0 without a Host",
      request: "POST /session/refresh HTTP/1.0\r\nOrigin: https://evil.example\r\n\r\n",
    },
    {
      name: "an empty Host",
      request: "POST /login HTTP/1.1\r\nHost:\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n",
    },
    {
      name: "two Hosts",
      request:
        "POST /login HTTP/1.1\r\nHost: shop.example\r\nHost: evil.example\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n",
    },
  ])("$name does not make a foreign origin the own one", async ({ request }) => {
    await using app = await startApp({ express, config: PLAIN });
    const socket = connect(app.port, "127.0.0.1");
    socket.end(request);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 40[03] /);
    expect(await app.sessions.getAllSessionHandlesForUser("alice")).toEqual([]);
  });
});
