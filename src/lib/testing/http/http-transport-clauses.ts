import { deepStrictEqual as same, notStrictEqual as differ, ok } from "node:assert";
import {
  against,
  allCookiesOf,
  call,
  clearedOf,
  cookiesOf,
  FOREIGN,
  credentialsOf,
  type ClientCredentials,
  type HttpApp,
  type HttpClause,
  isAlive,
  MINUTE,
  ours,
  refreshed,
  SECOND,
  signIn,
  withCookies,
} from "./http-app.ts";
import { SPOKEN } from "./http-dialect-clauses.ts";
import { type RawResponse, cookieHeader, type SentHeaders } from "./raw-request.ts";

const NOTHING = [undefined, undefined];
const HEADER_MODE = { "st-auth-mode": "header" };
const bearer = (token: string): SentHeaders => ({ authorization: `Bearer ${token}` });

const refreshBy = (app: HttpApp, headers: SentHeaders): Promise<RawResponse> =>
  call(app, "/session/refresh", { method: "POST", headers });

/**
 * The tokens of a response in header transport, which sets no cookie and needs no anti-CSRF token.
 */
function tokensOf(response: RawResponse): readonly [string, string | undefined] {
  same([response.status, ours(response), response.header("anti-csrf")], [200, [], undefined]);
  same(response.header("cache-control"), "no-store");
  return [response.header("st-access-token") ?? "", response.header("st-refresh-token")];
}

/** The tokens in a response's headers, whatever cookies it clears. */
const headerCredentialsOf = (response: RawResponse): ClientCredentials => ({
  ...credentialsOf(response),
  access: response.header("st-access-token") ?? "",
  refresh: response.header("st-refresh-token") ?? "",
});

export const transportClauses: readonly HttpClause[] = [
  {
    id: "transport-1",
    name: "MUST serve a client of header mode through a whole session without a cookie and without an anti-CSRF token",
    run: (start) =>
      against(start, {}, async (app) => {
        const first = await call(app, "/login?user=alice", { method: "POST", headers: HEADER_MODE });
        const [access, refresh = ""] = tokensOf(first);
        same((await call(app, "/api", { method: "POST", headers: bearer(access) })).json(), {
          user: "alice",
          claims: { role: "member" },
        });
        same((await call(app, "/api", { headers: { "st-access-token": access } })).status, 200);
        app.clock.now += 15 * MINUTE;
        same((await call(app, "/api", { headers: bearer(access) })).json(), { message: "try refresh token" });
        const [second, next = ""] = tokensOf(await refreshBy(app, { ...HEADER_MODE, ...bearer(refresh) }));
        differ(next, refresh);
        app.clock.now += SECOND;
        const [third] = tokensOf(await refreshBy(app, { "st-refresh-token": next }));
        ok(third !== "" && second !== "");
        const [changed, none] = tokensOf(await call(app, "/claims", { method: "POST", headers: bearer(third) }));
        same(none, undefined);
        same((await call(app, "/api", { headers: bearer(changed) })).json(), {
          user: "alice",
          claims: { role: "Ädmin ☃" },
        });
        const out = await call(app, "/session/signout", { method: "POST", headers: bearer(changed) });
        same(tokensOf(out), ["", ""]);
        const over = await refreshBy(app, { ...HEADER_MODE, ...bearer(next) });
        same(
          [over.status, over.json(), over.header("st-access-token"), over.header("st-refresh-token"), over.cookies],
          [401, { message: "unauthorised" }, "", "", []],
        );
      }),
  },
  {
    id: "transport-3",
    name: "MUST never hand a cookie's session out in headers, nor the other way round",
    run: (start) =>
      against(start, {}, async (app) => {
        const page = await signIn(app);
        const asked = await refreshBy(app, { ...HEADER_MODE, cookie: allCookiesOf(page) });
        same([asked.status, asked.header("st-access-token"), asked.header("st-refresh-token")], [200, ...NOTHING]);
        same(ours(asked).length, 3);
        const native = await signIn(app, HEADER_MODE);
        const response = await refreshBy(app, { "st-auth-mode": "cookie", ...bearer(native.refresh) });
        same(tokensOf(response).includes(""), false);
      }),
  },
  {
    id: "transport-4",
    name: "MUST refuse a cookie and a header that contradict each other, on every route, and touch nothing",
    run: (start) =>
      against(start, {}, async (app) => {
        const page = await signIn(app);
        const native = await signIn(app, HEADER_MODE, "bob");
        const asks: readonly (readonly [string, SentHeaders])[] = [
          ["/api", { ...withCookies(page), ...bearer(native.access) }],
          ["/api", { ...withCookies(page), ...bearer("something.else.entirely") }],
          ["/session/signout", { ...withCookies(page), ...bearer(native.access) }],
          ["/session/refresh", { cookie: allCookiesOf(page), ...bearer(native.refresh) }],
        ];
        for (const [path, headers] of asks) {
          const response = await call(app, path, { method: "POST", headers });
          same(
            [path, response.status, response.json(), response.cookies],
            [path, 400, { message: "transport conflict" }, []],
          );
          same(response.header("www-authenticate"), undefined);
        }
        ok(await isAlive(app, page));
        const agreeing = { cookie: cookiesOf(page), ...bearer(page.access) };
        same((await call(app, "/api", { method: "POST", headers: agreeing })).status, 200);
        const said = { ...withCookies(page), ...bearer(native.access), "st-auth-mode": "cookie" };
        same((await call(app, "/api", { method: "POST", headers: said })).json(), {
          user: "alice",
          claims: { role: "member" },
        });
        const basic = { ...withCookies(page), authorization: "Basic YTpi" };
        same((await call(app, "/api", { method: "POST", headers: basic })).status, 200);
      }),
  },
  {
    id: "transport-5",
    name: "MUST let cookies win where http.preferCookies says so, with all that is demanded of cookies",
    run: (start) =>
      against(start, { config: { http: { preferCookies: true } } }, async (app) => {
        const page = await signIn(app);
        const foreign = bearer("a.proxy.token");
        same((await call(app, "/api", { method: "POST", headers: { ...withCookies(page), ...foreign } })).status, 200);
        same(
          (await call(app, "/api", { method: "POST", headers: { cookie: cookiesOf(page), ...foreign } })).status,
          401,
        );
        same((await refreshBy(app, { cookie: allCookiesOf(page), ...foreign })).status, 200);
      }),
  },
  {
    id: "transport-6",
    name: "MUST refuse malformed and repeated Authorization headers without a crash",
    run: (start) =>
      against(start, {}, async (app) => {
        const native = await signIn(app, HEADER_MODE);
        const values = [
          "Bearer",
          "Bearer ",
          `Bearer ${native.access} x`,
          `Token ${native.access}`,
          `Bearer ${"a.".repeat(5000)}`,
        ];
        for (const authorization of values) same((await call(app, "/api", { headers: { authorization } })).status, 401);
        // Platforms that show only the first header use that one. The last one, which a proxy may
        // not have checked, must never count.
        const twice = ["Bearer other", `Bearer ${native.access}`];
        same((await call(app, "/api", { headers: { authorization: twice } })).status, 401);
        same((await call(app, "/api", { headers: { authorization: `bearer  ${native.access}` } })).status, 200);
      }),
  },
  {
    id: "transport-7",
    name: "MUST let an access token that has expired for longer than the idle timeout end nothing, and a younger one its session",
    run: (start) =>
      against(start, { config: { session: { idleTimeout: "1h" } } }, async (app) => {
        const first = await signIn(app);
        const native = await signIn(app, HEADER_MODE, "bob");
        const young = await signIn(app, {}, "carol");
        const begun = app.clock.now;
        let [own, refresh] = [first, native.refresh];
        for (const minutes of [45, 75]) {
          app.clock.now = begun + minutes * MINUTE;
          own = credentialsOf(await refreshed(app, own), own);
          refresh = tokensOf(await refreshBy(app, { ...HEADER_MODE, ...bearer(refresh) }))[1] ?? refresh;
          ok(await isAlive(app, young));
        }
        const out = await call(app, "/session/signout", { method: "POST", headers: { cookie: cookiesOf(young) } });
        same([out.status, await isAlive(app, young)], [200, false]);
        const old: readonly SentHeaders[] = [
          { cookie: cookiesOf(first) },
          { ...HEADER_MODE, ...bearer(native.access) },
          { cookie: cookiesOf(first), ...bearer(first.access) },
        ];
        app.clock.now += SECOND;
        for (const headers of old) {
          same((await call(app, "/session/signout", { method: "POST", headers })).status, 401);
          await call(app, "/login?user=alice", { method: "POST", headers });
        }
        ok(await isAlive(app, own));
        same((await refreshBy(app, { ...HEADER_MODE, ...bearer(refresh) })).status, 200);
      }),
  },
  {
    id: "transport-8",
    name: "MUST refuse a browser that signs in in header mode, make no session, and let sessions in headers go on",
    run: (start) =>
      against(start, {}, async (app) => {
        const native = await signIn(app, HEADER_MODE);
        const browser = { ...HEADER_MODE, "sec-fetch-site": "same-origin" };
        const refused = await call(app, "/login?user=alice", {
          method: "POST",
          headers: { ...browser, ...bearer(native.access) },
        });
        same([refused.status, refused.json()], [403, { message: "transport refused" }]);
        same([ours(refused), refused.header("st-access-token"), refused.header("st-refresh-token")], [[], ...NOTHING]);
        same((await app.sessions.getSessionsForUser("alice")).length, 1);
        const own = { ...bearer(native.access), ...browser };
        same((await call(app, "/api", { method: "POST", headers: own })).status, 200);
        tokensOf(await refreshBy(app, { ...browser, ...bearer(native.refresh) }));
        same((await call(app, "/session/signout", { method: "POST", headers: own })).status, 200);
        await signIn(app, { "sec-fetch-site": "same-origin" });
      }),
  },
  {
    id: "transport-9",
    name: "MUST let browsers sign in in header mode where http.transports names it, also beside strict, or SuperTokens is spoken",
    async run(start) {
      const named = { http: { transports: ["cookie", "header"] } } as const;
      for (const config of [named, { ...named, preset: "strict" as const }, SPOKEN]) {
        await against(start, { config }, async (app) => {
          const headers = { ...HEADER_MODE, "sec-fetch-site": "same-origin" };
          const [access] = tokensOf(await call(app, "/login?user=alice", { method: "POST", headers }));
          same((await call(app, "/api", { headers: bearer(access) })).status, 200);
        });
      }
    },
  },
  {
    id: "transport-10",
    name: "MUST read no token in a header where cookies are the only transport, and hand none out",
    async run(start) {
      for (const config of [{ http: { transports: ["cookie"] } }, { preset: "strict" }] as const) {
        await against(start, { config }, async (app) => {
          const refused = await call(app, "/login?user=alice", { method: "POST", headers: HEADER_MODE });
          same([refused.status, refused.json(), ours(refused)], [403, { message: "transport refused" }, []]);
          same((await app.sessions.getSessionsForUser("alice")).length, 0);
          const own = await signIn(app);
          for (const mode of [undefined, "header"]) {
            const headers = { "st-auth-mode": mode, "st-access-token": own.access, ...bearer(own.access) };
            same((await call(app, "/api", { headers })).status, 401);
            const renewing = { "st-auth-mode": mode, "st-refresh-token": own.refresh };
            same((await refreshBy(app, renewing)).status, 401);
            // The request's cookies count, with all rules for cookies.
            const both = { ...headers, cookie: cookiesOf(own) };
            same((await call(app, "/api", { headers: both })).status, 200);
            same((await call(app, "/api", { method: "POST", headers: both })).status, 401);
          }
        });
      }
    },
  },
  {
    id: "transport-11",
    name: "MUST neither read nor set a cookie where headers are the only transport",
    run: (start) =>
      against(start, { config: { http: { transports: ["header"] } } }, async (app) => {
        const [access, refresh = ""] = tokensOf(await call(app, "/login?user=alice", { method: "POST" }));
        const { access: name, refresh: other, marker } = app.sessions.cookieNames;
        const cookie = cookieHeader([
          [name, access],
          [other, refresh],
          [marker, "1"],
        ]);
        const asks = [
          await call(app, "/api", { headers: { cookie } }),
          await call(app, "/page", { headers: { cookie, "sec-fetch-mode": "navigate" } }),
          await call(app, "/session/signout", { method: "POST", headers: { cookie } }),
          await refreshBy(app, { cookie }),
          await call(app, "/login?user=bob", { method: "POST", headers: { cookie, "st-auth-mode": "cookie" } }),
        ];
        same(
          asks.map(({ status }) => status),
          [401, 200, 401, 401, 403],
        );
        same(asks.flatMap(ours), []);
        same((await app.sessions.getSessionsForUser("bob")).length, 0);
        // A foreign cookie does not affect a header.
        const headers = { ...bearer(access), cookie: `${name}=x`, "st-auth-mode": "cookie" };
        same((await call(app, "/api", { method: "POST", headers })).status, 200);
        tokensOf(await refreshBy(app, { ...bearer(refresh), cookie }));
      }),
  },
  {
    id: "transport-12",
    name: "MUST end every session that a sign-in carries, whichever way it came, and take its tokens back",
    run: (start) =>
      against(start, {}, async (app) => {
        const isNativeAlive = async (own: ClientCredentials): Promise<boolean> =>
          (await refreshBy(app, { ...HEADER_MODE, ...bearer(own.refresh) })).status === 200;
        const login = (headers: SentHeaders): Promise<RawResponse> =>
          call(app, "/login?user=bob", { method: "POST", headers });

        // From another site it changes nothing, because the browser sent the cookies unasked.
        const page = await signIn(app);
        const asked = { ...HEADER_MODE, cookie: cookiesOf(page) };
        for (const from of [{ origin: FOREIGN }, { "sec-fetch-site": "cross-site" }])
          same((await login({ ...asked, ...from })).status, 403);
        same([await isAlive(app, page), (await app.sessions.getSessionsForUser("bob")).length], [true, 0]);

        const second = await login(asked);
        same(ours(second), clearedOf(page));
        const native = headerCredentialsOf(second);
        const first = await login({ ...HEADER_MODE, ...bearer(native.access), cookie: cookiesOf(await signIn(app)) });
        same([first.status, ours(first), first.header("counterfoil-session")], [200, clearedOf(page), "none"]);
        same([await isAlive(app, page), await isNativeAlive(native)], [false, false]);
        same((await app.sessions.getSessionsForUser("alice")).length, 0);
        const next = headerCredentialsOf(first);
        same((await call(app, "/api", { method: "POST", headers: bearer(next.access) })).status, 200);

        const back = await login(bearer(next.access));
        same([back.header("st-access-token"), back.header("st-refresh-token"), ours(back).length], ["", "", 3]);
        same([await isNativeAlive(next), await isAlive(app, credentialsOf(back))], [false, true]);
        same((await app.sessions.getSessionsForUser("bob")).length, 1);
        const proxied = await login(bearer("a.proxy.token"));
        same([proxied.status, proxied.header("st-access-token"), ours(proxied).length], [200, undefined, 3]);
      }),
  },
  {
    id: "transport-13",
    name: "MUST take the mode that a client names for its next session's, and let the session that it carries go on in cookies, by all rules of cookies",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        const modes = ["header", "Header"];
        for (const mode of modes) {
          const headers = { "st-auth-mode": mode, cookie: cookiesOf(own) };
          const post = (path: string, more: SentHeaders = {}): Promise<RawResponse> =>
            call(app, path, { method: "POST", headers: { ...headers, ...more } });
          same((await call(app, "/api", { headers })).status, 200);
          same([(await post("/api")).status, (await post("/api", { "anti-csrf": "x" })).status], [401, 401]);
          same((await post("/api", { "anti-csrf": own.antiCsrf })).status, 200);
          const foreign = { "anti-csrf": own.antiCsrf, origin: FOREIGN };
          const all = { ...foreign, cookie: allCookiesOf(own) };
          same([(await post("/api", foreign)).status, (await post("/session/refresh", all)).status], [403, 403]);
          same((await post("/session/signout", foreign)).status, 403);
          const changed = await post("/claims", { "anti-csrf": own.antiCsrf });
          same([ours(changed).length, changed.header("st-access-token")], [1, undefined]);
          same((await call(app, "/maybe", { headers: { "st-auth-mode": mode } })).status, 200);
        }
        const begun = app.clock.now;
        app.clock.now += 15 * MINUTE;
        const load = { ...HEADER_MODE, cookie: cookiesOf(own), "sec-fetch-mode": "navigate" };
        same((await call(app, "/page", { headers: load })).status, 303);
        app.clock.now = begun;
        const out = await call(app, "/session/signout", {
          method: "POST",
          headers: { ...HEADER_MODE, cookie: cookiesOf(own) },
        });
        same([out.status, ours(out), out.header("st-access-token")], [200, clearedOf(own), undefined]);
      }),
  },
  {
    id: "transport-14",
    name: "MUST let a session in headers go on where the client asks for cookies, and take a proxy's token for nobody's",
    run: (start) =>
      against(start, {}, async (app) => {
        for (const mode of ["cookie", "COOKIE"]) {
          const native = await signIn(app, { "st-auth-mode": "HEADER" });
          const wish = { "st-auth-mode": mode };
          same(
            (await call(app, "/api", { method: "POST", headers: { ...wish, ...bearer(native.access) } })).status,
            200,
          );
          const [access, refresh = ""] = tokensOf(
            await refreshBy(app, { ...wish, "st-refresh-token": native.refresh }),
          );
          const headers = { ...wish, "st-access-token": access };
          const out = await call(app, "/session/signout", { method: "POST", headers });
          same(tokensOf(out), ["", ""]);
          same((await refreshBy(app, { ...wish, ...bearer(refresh) })).status, 401);
          const proxied = { ...wish, ...bearer("a.proxy.token") };
          same((await call(app, "/maybe", { headers: proxied })).json(), { user: null, claims: null });
          same((await call(app, "/api", { headers: proxied })).status, 401);
        }
        // An unknown mode counts as none.
        const other = await call(app, "/login?user=alice", { method: "POST", headers: { "st-auth-mode": "any" } });
        same([other.status, ours(other).length, other.header("st-access-token")], [200, 3, undefined]);
      }),
  },
];
