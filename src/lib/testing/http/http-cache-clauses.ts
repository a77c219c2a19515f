import { deepStrictEqual as same } from "node:assert";
import { against, call, cookiesOf, type HttpApp, type HttpClause, MINUTE, signIn, withCookies } from "./http-app.ts";
import type { RawResponse, SentHeaders } from "./raw-request.ts";

const PERSONAL = ["Authorization", "Cookie"];
const CACHED = ["/cached", "/cached-before"] as const;

/**
 * The headers for caches: the names in `Vary`, sorted, without those that the platform adds for
 * itself, and `Cache-Control`.
 */
const cacheHeadersOf = (response: RawResponse): readonly unknown[] => {
  const names = response.all("vary").flatMap((value) => value.split(/ *, */));
  const own = names.filter((name) => /^(cookie|authorization|accept-language|st-access-token|\*)$/i.test(name));
  return [own.toSorted(), response.header("cache-control")];
};

/** Next.js adds names of its own, none of which is ours. */
const ask = (app: HttpApp, path: string, headers: SentHeaders = {}): Promise<RawResponse> =>
  call(app, path, { headers });

export const cacheClauses: readonly HttpClause[] = [
  {
    id: "caches-1",
    name: "MUST keep responses of protected routes apart for caches, with a session and without, and private where the app does not say how they may be cached",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        const native = await signIn(app, { "st-auth-mode": "header" });
        const ways: readonly SentHeaders[] = [withCookies(own), { authorization: `Bearer ${native.access}` }];
        for (const path of ["/api", "/maybe", "/page", "/echo"]) {
          for (const headers of ways) {
            const response = await (path === "/echo"
              ? call(app, path, {
                  method: "POST",
                  headers: { "content-type": "application/json", ...headers },
                  body: "{}",
                })
              : ask(app, path, headers));
            same([path, response.status, ...cacheHeadersOf(response)], [path, 200, PERSONAL, "private"]);
          }
        }
        for (const path of ["/maybe", "/page"])
          same([path, ...cacheHeadersOf(await ask(app, path))], [path, PERSONAL, "private"]);
        const byToken = await ask(app, "/api", { "st-access-token": native.access });
        same(cacheHeadersOf(byToken), [[...PERSONAL, "st-access-token"], "private"]);
        const changed = await call(app, "/claims", { method: "POST", headers: withCookies(own) });
        same(cacheHeadersOf(changed), [PERSONAL, "no-store"]);
      }),
  },
  {
    id: "caches-2",
    name: "MUST add to what the app varies by, and leave its Cache-Control alone, set before the check or after it",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        for (const path of CACHED) {
          const response = await ask(app, path, withCookies(own));
          same([path, response.json()], [path, { user: "alice", claims: { role: "member" } }]);
          same([path, ...cacheHeadersOf(response)], [path, ["Accept-Language", ...PERSONAL], "public, max-age=60"]);
          // The app's caching does not apply to a refusal.
          const refused = await ask(app, path);
          same([path, refused.status, refused.header("cache-control")], [path, 401, "no-store"]);
        }
        app.clock.now += 15 * MINUTE;
        const load = { cookie: cookiesOf(own), "sec-fetch-mode": "navigate" };
        const away = await ask(app, "/page", load);
        same([away.status, away.header("cache-control")], [303, "no-store"]);
      }),
  },
  {
    id: "caches-3",
    name: "MUST tell caches nothing where http.cacheHeaders is false, nor on routes that ask for no session",
    run: (start) =>
      against(start, { config: { http: { cacheHeaders: false } } }, async (app) => {
        const own = await signIn(app);
        same(cacheHeadersOf(await ask(app, "/api", withCookies(own))), [[], undefined]);
        same(cacheHeadersOf(await ask(app, "/cached", withCookies(own))), [["Accept-Language"], "public, max-age=60"]);
        same(cacheHeadersOf(await ask(app, "/nothing")), [[], undefined]);
      }),
  },
  {
    id: "caches-4",
    name: "MUST keep responses with cookies or tokens of ours out of every cache, whatever the app says of its caching, before the check or after it",
    run: (start) =>
      against(start, { config: { tokens: { accessToken: { revocation: "store" } } } }, async (app) => {
        const own = await signIn(app);
        const native = await signIn(app, { "st-auth-mode": "header" }, "bob");
        const ways: readonly (readonly [user: string, headers: SentHeaders])[] = [
          ["alice", withCookies(own)],
          ["bob", { authorization: `Bearer ${native.access}` }],
        ];
        for (const path of CACHED) {
          for (const [user, headers] of ways) {
            // Newer claims send a new access token with the next response of any kind.
            for (const { handle } of await app.sessions.getSessionsForUser(user))
              await app.sessions.updateJwtPayload(handle, { role: path });
            const response = await ask(app, path, headers);
            const brought = [...response.all("set-cookie"), response.header("st-access-token")].filter(Boolean);
            same([path, user, response.status, brought.length], [path, user, 200, 1]);
            same([path, user, ...cacheHeadersOf(response)], [path, user, ["Accept-Language", ...PERSONAL], "no-store"]);
          }
        }
      }),
  },
];
