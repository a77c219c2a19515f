import { deepStrictEqual as same, notStrictEqual as differ, ok } from "node:assert";
import {
  against,
  allCookiesOf,
  call,
  clearedOf,
  type ClientCredentials,
  DAY,
  cookiesOf,
  credentialsOf,
  handleOf,
  type HttpApp,
  type HttpAppOptions,
  type HttpClause,
  isAlive,
  ours,
  OVER,
  refreshed,
  SECOND,
  signIn,
  withCookies,
} from "./http-app.ts";
import { type RawResponse, parseSetCookie, type SentHeaders } from "./raw-request.ts";

/** The attributes of access token, refresh token and marker, byte for byte. */
const LINES: readonly {
  readonly name: string;
  readonly config: HttpAppOptions["config"];
  readonly lines: readonly string[];
}[] = [
  {
    name: "with the default config",
    config: {},
    lines: [
      "__Host-sAccessToken Path=/; HttpOnly; Secure; SameSite=Lax",
      "sRefreshToken Path=/session/refresh; HttpOnly; Secure; SameSite=Lax",
      "__Host-sIdRefreshToken Path=/; Secure; SameSite=Lax",
    ],
  },
  {
    name: "with a domain, SameSite=None and a refresh route elsewhere",
    config: {
      cookie: { domain: "example.com", sameSite: "none" },
      tokens: { refreshToken: { renewTokenPath: "/auth/renew" } },
    },
    lines: [
      "sAccessToken Path=/; Domain=example.com; HttpOnly; Secure; SameSite=None",
      "sRefreshToken Path=/auth/renew; Domain=example.com; HttpOnly; Secure; SameSite=None",
      "sIdRefreshToken Path=/; Domain=example.com; Secure; SameSite=None",
    ],
  },
  {
    name: "with cookie.hostPrefix",
    config: { cookie: { hostPrefix: true, sameSite: "strict" } },
    lines: [
      "__Host-sAccessToken Path=/; HttpOnly; Secure; SameSite=Strict",
      "__Host-sRefreshToken Path=/; HttpOnly; Secure; SameSite=Strict",
      "__Host-sIdRefreshToken Path=/; Secure; SameSite=Strict",
    ],
  },
  {
    name: "with cookie.secure false",
    config: { cookie: { secure: false } },
    lines: [
      "sAccessToken Path=/; HttpOnly; SameSite=Lax",
      "sRefreshToken Path=/session/refresh; HttpOnly; SameSite=Lax",
      "sIdRefreshToken Path=/; SameSite=Lax",
    ],
  },
];

const HUNDRED_DAYS = 8_640_000;

/** Both attributes of a cookie that lives for the idle timeout from now. */
const lifetime = (app: HttpApp): string =>
  `Max-Age=${HUNDRED_DAYS}; Expires=${new Date(app.clock.now + HUNDRED_DAYS * SECOND).toUTCString()}`;

/** Name, lifetime and attributes of our cookies. Using the values checks them. */
const setBy = (response: RawResponse): string[] => {
  same(response.header("cache-control"), "no-store");
  return ours(response).map((line) => {
    const { name, value, attributes } = parseSetCookie(line);
    ok(value !== "");
    return `${name} ${attributes}`;
  });
};

const expectedLines = (app: HttpApp, lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(" ", ` ${lifetime(app)}; `));

export const cookieClauses: readonly HttpClause[] = [
  ...LINES.map(({ name, config = {}, lines }, index) => ({
    id: `cookies-${index + 1}`,
    name: `MUST set, replace and clear the three cookies byte for byte, ${name}`,
    run: (start: Parameters<HttpClause["run"]>[0]) =>
      against(start, { config }, async (app) => {
        const response = await call(app, "/login?user=alice", { method: "POST" });
        same(setBy(response), expectedLines(app, lines));
        ok(response.cookies.includes("app=1; Path=/"), "the app's own cookie is gone");
        const own = credentialsOf(response);
        same(own.antiCsrf.length, 43);
        const path = config.tokens?.refreshToken?.renewTokenPath ?? "/session/refresh";
        app.clock.now += SECOND;
        const again = await call(app, path, { method: "POST", headers: { cookie: allCookiesOf(own) } });
        same([again.status, again.text], [200, "{}"]);
        same(setBy(again), expectedLines(app, lines));
        const next = credentialsOf(again, own);
        differ(next.refresh, own.refresh);
        same(next.antiCsrf, own.antiCsrf);
        const gone = await call(app, "/session/signout", {
          method: "POST",
          headers: { cookie: cookiesOf(next) },
        });
        same([gone.status, gone.text, gone.header("cache-control")], [200, "{}", "no-store"]);
        // The access cookie last, for clients that delete only the last cookie of a response.
        const [access = "", ...others] = lines.map((line) => line.replace(" ", `=; ${OVER}; `));
        same(ours(gone), [...others, access]);
      }),
  })),
  {
    id: "cookies-5",
    name: "MUST set nothing on an ordinary answer, and only the access token's cookie when the claims change",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        const plain = await call(app, "/api", { headers: withCookies(own) });
        same([plain.status, plain.json(), plain.cookies], [200, { user: "alice", claims: { role: "member" } }, []]);
        const changed = await call(app, "/claims", { method: "POST", headers: withCookies(own) });
        same([changed.status, changed.json()], [200, { user: "alice", claims: { role: "Ädmin ☃" } }]);
        same(
          setBy(changed).map((line) => line.split(" ")[0]),
          [own.names.access],
        );
        const seen = await call(app, "/api", { headers: withCookies(credentialsOf(changed, own)) });
        same(seen.json(), { user: "alice", claims: { role: "Ädmin ☃" } });
      }),
  },
  {
    id: "cookies-6",
    name: "MUST clear all three when a route ends the session, and end the session that a sign-in finds",
    run: (start) =>
      against(start, {}, async (app) => {
        const first = await signIn(app);
        const second = await signIn(app, { cookie: cookiesOf(first) }, "bob");
        same([await isAlive(app, first), await isAlive(app, second)], [false, true]);
        const left = await call(app, "/leave", { method: "POST", headers: withCookies(second) });
        same([left.status, left.text, ours(left)], [200, '{"ok":true}', clearedOf(second)]);
        same(await isAlive(app, second), false);
      }),
  },
  {
    id: "cookies-7",
    name: "MUST refresh at a route of the app's own as at the ready one",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        const response = await call(app, "/renew", { method: "POST", headers: { cookie: allCookiesOf(own) } });
        same([response.status, response.json(), setBy(response).length], [200, { user: "alice" }, 3]);
        same((await refreshed(app, credentialsOf(response, own))).status, 200);
      }),
  },
  {
    id: "cookies-8",
    name: "MUST understand a cookie value in one pair of double quotes, as Java's own clients send it, and no more of them",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        const alice = { user: "alice", claims: { role: "member" } };
        const post = (path: string, cookie: string): Promise<RawResponse> =>
          call(app, path, { method: "POST", headers: { cookie, "anti-csrf": own.antiCsrf } });
        same((await post("/api", quoted(cookiesOf(own)))).json(), alice);
        const twice = `${cookiesOf(own)}; ${own.names.access}="${own.access}"`;
        same((await post("/api", twice)).json(), alice);
        for (const value of [`"${own.access}`, `${own.access}"`, `""${own.access}""`, '"', '""', "'a'"])
          same([value, (await post("/api", `${own.names.access}=${value}`)).status], [value, 401]);
        // A preceding cookie with an opening quote does not swallow ours.
        same((await post("/api", `a="; ${cookiesOf(own)}; b="`)).json(), alice);
        const other = await signIn(app, {}, "bob");
        const two = await post("/api", `${own.names.access}=${own.access}; ${other.names.access}="${other.access}"`);
        same([two.status, two.json()], [401, { message: "try refresh token" }]);
        const renewed = await call(app, "/session/refresh", {
          method: "POST",
          headers: { cookie: quoted(allCookiesOf(own)) },
        });
        const next = credentialsOf(renewed, own);
        same([renewed.status, setBy(renewed).length], [200, 3]);
        await signIn(app, { cookie: quoted(cookiesOf(next)) }, "carol");
        same([await isAlive(app, next), await isAlive(app, other)], [false, true]);
        const out = await post("/session/signout", quoted(cookiesOf(other)));
        same([out.status, await isAlive(app, other)], [200, false]);
      }),
  },
  {
    id: "cookies-11",
    name: "MUST sign out at a route of the app's own as at the ready one, and say there whether there was a session",
    run: (start) =>
      against(start, {}, async (app) => {
        const out = (own: ClientCredentials, headers: SentHeaders = {}): Promise<RawResponse> =>
          call(app, "/out", { method: "POST", headers: { cookie: cookiesOf(own), ...headers } });
        const [own, other] = [await signIn(app), await signIn(app, {}, "bob")];
        const crossSite = await out(own, { origin: "https://evil.example" });
        same([crossSite.status, crossSite.json(), crossSite.cookies], [403, { message: "csrf" }, []]);
        for (const existed of [true, false]) {
          const gone = await out(own);
          same([gone.status, gone.json(), ours(gone)], [200, { ok: existed }, clearedOf(own)]);
          same([gone.header("counterfoil-session"), gone.header("cache-control")], ["none", "no-store"]);
        }
        same([await isAlive(app, own), await isAlive(app, other)], [false, true]);
        // An expired access token still names its session.
        app.clock.now += DAY;
        same((await out(other)).json(), { ok: true });
        same(await isAlive(app, other), false);
        const third = await signIn(app);
        app.setStoreDown(true);
        const down = await out(third);
        same([down.status, down.cookies], [503, []]);
        app.setStoreDown(false);
        same(await isAlive(app, third), true);
      }),
  },
  {
    id: "cookies-9",
    name: "MUST set cookies that end with the browser for a session that is not persistent, at each refresh and with newer claims, and say so to pages",
    run: (start) =>
      against(start, { config: { tokens: { accessToken: { revocation: "store" } } } }, async (app) => {
        const login = await call(app, "/login?user=alice&persistent=false", { method: "POST" });
        same([setBy(login), persistentOf(login)], [LINES[0]?.lines, false]);
        let own = credentialsOf(login);
        app.clock.now += SECOND;
        const again = await refreshed(app, own);
        same([again.status, setBy(again), persistentOf(again)], [200, LINES[0]?.lines, false]);
        own = credentialsOf(again, own);
        const renewed = await call(app, "/renew", { method: "POST", headers: { cookie: allCookiesOf(own) } });
        // A refresh token that is not rotated is not set again.
        const [access = "", , marker = ""] = LINES[0]?.lines ?? [];
        same([renewed.status, setBy(renewed), persistentOf(renewed)], [200, [access, marker], false]);
        own = credentialsOf(renewed, own);
        const changed = await call(app, "/claims", { method: "POST", headers: withCookies(own) });
        same([changed.status, setBy(changed), persistentOf(changed)], [200, [access], false]);
        own = credentialsOf(changed, own);
        await app.sessions.updateJwtPayload(handleOf(own), { role: "guest" });
        const told = await call(app, "/api", { headers: withCookies(own) });
        same([told.status, setBy(told), persistentOf(told)], [200, [access], false]);
        const gone = await call(app, "/session/signout", { method: "POST", headers: { cookie: cookiesOf(own) } });
        same(ours(gone), clearedOf(own));
      }),
  },
  {
    id: "cookies-10",
    name: "MUST set such cookies by the config's session.persistent, which a sign-in overrides",
    async run(start) {
      for (const config of [{ session: { persistent: false } }, { preset: "strict" }] as const) {
        await against(start, { config }, async (app) => {
          const lines = LINES["preset" in config ? 2 : 0]?.lines.map((line) => line.replace("Strict", "Lax")) ?? [];
          const login = await call(app, "/login?user=alice", { method: "POST" });
          same([setBy(login), persistentOf(login)], [lines, false]);
          const lasting = await call(app, "/login?user=alice&persistent=true", { method: "POST" });
          same(persistentOf(lasting), undefined);
          ok(ours(lasting).every((line) => /; Max-Age=[1-9]\d*; Expires=/.test(line)));
          const again = await refreshed(app, credentialsOf(lasting));
          same([again.status, persistentOf(again)], [200, undefined]);
          ok(ours(again).every((line) => /; Max-Age=[1-9]\d*; Expires=/.test(line)));
        });
      }
    },
  },
];

/** What the page learns of the session's cookies. */
const persistentOf = (response: RawResponse): unknown =>
  (JSON.parse(response.header("counterfoil-user") ?? "") as { persistent?: unknown }).persistent;

/** Formats a `Cookie` header as in RFC 2965 3.3.4. */
const quoted = (cookie: string): string =>
  ['$Version="1"', ...cookie.split("; ").map((pair) => `${pair.replace("=", '="')}";$Path="/"`)].join("; ");
