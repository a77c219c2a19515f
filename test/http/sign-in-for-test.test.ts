/** A user who is signed in without a request has what one has who signs in by one. */
import { type CounterfoilConfig, createSessions, type Sessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { createFakeClock, signInForTest } from "counterfoil/testing";
import { createNewSession, sessionOf, verifySession, withSessions } from "counterfoil/web";
import { describe, expect, onTestFinished, test } from "vitest";

const START = 1_790_000_000_000;
const ORIGIN = "https://app.shop.example";
const MINUTE = 60_000;

interface App {
  readonly sessions: Sessions;
  readonly advance: (ms: number) => void;
  /** Status, or the code of the refusal in development. */
  readonly send: (call: string, headers?: Readonly<Record<string, string>>) => Promise<Response>;
}

function openApp(config: CounterfoilConfig = {}): App {
  const clock = createFakeClock(START);
  const sessions = createSessions({
    store: memory(),
    clock: clock.now,
    ...config,
    http: { publicOrigin: ORIGIN, ...config.http },
  });
  onTestFinished(() => sessions.close());
  const show = verifySession((request) => Response.json(sessionOf(request).getUserId()), { sessions });
  const fresh = verifySession(() => Response.json("fresh"), { sessions, maxAuthAge: "10m" });
  const handler = withSessions(
    async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname.endsWith("/fresh")) return fresh(request);
      if (!pathname.endsWith("/login")) return show(request);
      await createNewSession(request, "alice", { sessions });
      return new Response();
    },
    { sessions },
  );
  return {
    sessions,
    advance: clock.advance,
    send: async (call, headers = {}) => {
      const [method = "GET", path = "/"] = call.split(" ");
      return handler(new Request(ORIGIN + path, { method, headers }));
    },
  };
}

const withoutValues = (lines: readonly string[]): readonly string[] => lines.map((line) => line.replace(/=[^;]*/, ""));

const CONFIGS: Readonly<Record<string, CounterfoilConfig>> = {
  "the defaults": {},
  "__Host-": { cookie: { hostPrefix: true } },
  "a prefix and a domain": { cookie: { prefix: "shop_", domain: "shop.example", sameSite: "strict" } },
  "a base path": { http: { basePath: "/shop" } },
  "another refresh path": { tokens: { refreshToken: { renewTokenPath: "/auth/renew" } } },
  "http, and cookies that end with the browser": {
    http: { publicOrigin: "http://localhost:3000" },
    cookie: { secure: false },
    session: { persistent: false },
  },
};

describe.each(Object.entries(CONFIGS))("with %s", (_, config) => {
  test("the cookies are those of a sign-in", async () => {
    const app = openApp(config);
    const base = config.http?.basePath ?? "";
    const real = (await app.send(`POST ${base}/login`)).headers.getSetCookie();
    const { setCookies, cookies } = await signInForTest("alice", { sessions: app.sessions });
    expect(withoutValues(setCookies)).toEqual(withoutValues(real));
    const written = cookies.map(({ name, path, domain, expires, httpOnly, secure, sameSite }) =>
      [
        name,
        ...(expires === undefined
          ? []
          : [`Max-Age=${(expires - START) / 1000}`, `Expires=${new Date(expires).toUTCString()}`]),
        `Path=${path}`,
        ...(domain === undefined ? [] : [`Domain=${domain}`]),
        ...(httpOnly ? ["HttpOnly"] : []),
        ...(secure ? ["Secure"] : []),
        `SameSite=${sameSite}`,
      ].join("; "),
    );
    expect(written).toEqual(withoutValues(real));
  });

  test("the headers pass for every method, and refresh", async () => {
    const app = openApp(config);
    const base = config.http?.basePath ?? "";
    const { headers, refreshHeaders, refreshToken } = await signInForTest("alice", { sessions: app.sessions });
    for (const method of ["GET", "POST", "DELETE"])
      expect(await (await app.send(`${method} ${base}/me`, headers)).json()).toBe("alice");
    const renew = `POST ${base}${config.tokens?.refreshToken?.renewTokenPath ?? "/session/refresh"}`;
    expect((await app.send(renew, refreshHeaders)).status).toBe(200);
    // As in a browser, which sends that cookie nowhere else; with __Host- everywhere.
    expect(headers["cookie"]?.includes(refreshToken)).toBe(config.cookie?.hostPrefix === true);
  });
});

test("the anti-CSRF header is what lets an unsafe request pass", async () => {
  const { sessions, send } = openApp();
  const { headers } = await signInForTest("alice", { sessions });
  const { "anti-csrf": _, ...rest } = headers;
  expect((await send("POST /me", rest)).status).toBe(401);
  const other = openApp({ tokens: { enableAntiCsrf: false } });
  const without = await signInForTest("alice", { sessions: other.sessions });
  expect(without.antiCsrfToken).toBeUndefined();
  expect((await other.send("POST /me", without.headers)).status).toBe(200);
  expect((await other.send("POST /me", { cookie: without.headers["cookie"] ?? "" })).status).toBe(403);
});

test("tokens in headers", async () => {
  const { sessions, send } = openApp({ http: { transports: ["cookie", "header"] } });
  const phone = await signInForTest("alice", { sessions, transport: "header" });
  expect(phone).toMatchObject({ transport: "header", cookies: [], setCookies: [], antiCsrfToken: undefined });
  expect(phone.headers).toEqual({ authorization: `Bearer ${phone.accessToken}` });
  expect((await send("POST /me", phone.headers)).status).toBe(200);
  const refreshed = await send("POST /session/refresh", phone.refreshHeaders);
  expect(refreshed.headers.get("st-refresh-token")).toMatch(/^cfr1\./);
});

test("a transport that is off is refused", async () => {
  const { sessions } = openApp({ http: { transports: ["cookie"] } });
  await expect(signInForTest("alice", { sessions, transport: "header" })).rejects.toMatchObject({
    code: "TRANSPORT_REFUSED",
  });
});

test("an expired access token is refused, and the refresh token is not", async () => {
  const { sessions, send } = openApp({ tokens: { accessToken: { revocation: "feed" } } });
  await sessions.revokeAllSessionsForUser("alice");
  const { headers, refreshHeaders, cookies } = await signInForTest("alice", { sessions, expired: true });
  const refused = await send("GET /me", headers);
  expect(refused.status).toBe(401);
  expect(refused.headers.get("www-authenticate")).toContain('realm="session"');
  // The page knows it, too.
  const [, , , issuedAt, expires] = (cookies.find(({ httpOnly }) => !httpOnly)?.value ?? "").split(".");
  expect(Number(expires)).toBeLessThan(Number(issuedAt));
  const renewed = await send("POST /session/refresh", refreshHeaders);
  const access = renewed.headers.getSetCookie().find((line) => line.includes("sAccessToken="));
  expect((await send("GET /me", { cookie: access?.split(";", 1)[0] ?? "" })).status).toBe(200);
});

test("the clock of the instance makes tokens expire", async () => {
  const { sessions, send, advance } = openApp();
  const { headers } = await signInForTest("alice", { sessions });
  advance(14 * MINUTE);
  expect((await send("GET /me", headers)).status).toBe(200);
  advance(2 * MINUTE);
  expect((await send("GET /me", headers)).status).toBe(401);
});

test("an old sign-in meets a demand for a step-up", async () => {
  const { sessions, send } = openApp();
  const old = await signInForTest("alice", { sessions, authTime: START - 11 * MINUTE });
  const refused = await send("GET /fresh", old.headers);
  expect(refused.headers.get("www-authenticate")).toContain("insufficient_user_authentication");
  const { headers } = await signInForTest("alice", { sessions });
  expect((await send("GET /fresh", headers)).status).toBe(200);
});

test("claims, data, device and the event are those of a sign-in", async () => {
  const { sessions } = openApp();
  const created: unknown[] = [];
  sessions.on("session-created", ({ userId, handle }) => created.push({ userId, handle }));
  const { handle, userId, accessToken } = await signInForTest(7, {
    sessions,
    jwtPayload: { role: "admin" },
    sessionData: { cart: [1] },
    deviceLabel: "Laptop",
    userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
  });
  expect(created).toEqual([{ userId, handle }]);
  expect(userId).toBe(7);
  expect((await sessions.getSession(accessToken, null)).session.jwtPayload).toEqual({ role: "admin" });
  expect(await sessions.getSessionData(handle)).toEqual({ cart: [1] });
  const listed = await sessions.getSessionsForUser(7);
  expect(listed.map(({ device }) => [device.label, device.userAgent])).toEqual([["Laptop", "Firefox on Linux"]]);
});

describe("the cookies for Playwright", () => {
  test("are for the host of the URL, or for the domain of the config", async () => {
    const { sessions } = openApp();
    const plain = (await signInForTest("alice", { sessions })).playwrightCookies("https://a.example:8443/x");
    expect(new Set(plain.map(({ domain }) => domain))).toEqual(new Set(["a.example"]));
    const wide = openApp({ cookie: { domain: "shop.example" } });
    const cookies = (await signInForTest("alice", { sessions: wide.sessions })).playwrightCookies(ORIGIN);
    expect(new Set(cookies.map(({ domain }) => domain))).toEqual(new Set([".shop.example"]));
    expect(cookies[0]?.expires).toBeGreaterThan(START / 1000);
  });

  test.each([
    ["http://app.test", "cookie.secure is true"],
    ["/login", "is no URL"],
  ])("are refused for %s, where a browser would not send them", async (url, why) => {
    const { sessions } = openApp();
    const signedIn = await signInForTest("alice", { sessions });
    expect(() => signedIn.playwrightCookies(url)).toThrow(why);
    expect(() => signedIn.playwrightCookies("http://localhost:3000")).not.toThrow();
  });

  test("are refused for a host outside cookie.domain", async () => {
    const { sessions } = openApp({ cookie: { domain: "shop.example" } });
    const signedIn = await signInForTest("alice", { sessions });
    expect(() => signedIn.playwrightCookies("http://localhost:3000")).toThrow('cookie.domain is "shop.example"');
  });
});

test("a misspelt option is refused with its name", async () => {
  const { sessions } = openApp();
  // @ts-expect-error there is no such option
  await expect(signInForTest("alice", { sessions, claims: {} })).rejects.toThrow("signInForTest.claims");
  // @ts-expect-error no transport
  await expect(signInForTest("alice", { sessions, transport: "bearer" })).rejects.toThrow('"cookie" or "header"');
});
