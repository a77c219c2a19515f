import { deepStrictEqual as same, ok } from "node:assert";
import {
  against,
  allCookiesOf,
  call,
  clearedOf,
  cookiesOf,
  handleOf,
  credentialsOf,
  type ClientCredentials,
  type HttpApp,
  type HttpClause,
  MINUTE,
  ours,
  SECOND,
  signIn,
} from "./http-app.ts";
import type { RawResponse, SentHeaders } from "./raw-request.ts";

const LOAD = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" };
const load = (app: HttpApp, path: string, cookie: string | undefined, more: SentHeaders = {}): Promise<RawResponse> =>
  call(app, path, { headers: { ...LOAD, cookie, ...more } });

const alice = { user: "alice", claims: { role: "member" } };
const nobody = { user: null, claims: null };

/** The URL of a redirect of this library, which must not be cached nor lead to another origin. */
function locationOf(response: RawResponse): string {
  same([response.status, response.header("cache-control")], [303, "no-store"]);
  const { pathname, search } = new URL(response.header("location") ?? "//", "http://page.invalid");
  return pathname + search;
}

async function expire(app: HttpApp): Promise<ClientCredentials> {
  const own = await signIn(app);
  app.clock.now += 15 * MINUTE;
  return own;
}

const HOSTILE = [
  "",
  "//evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "https://evil.example/",
  "javascript:alert(1)",
  "evil.example",
  "/%0d%0aset-cookie:a=b\r\n",
  "/\tevil",
  "/..//evil.example",
  "/é",
  `/${"a".repeat(7000)}`,
];

export const pageClauses: readonly HttpClause[] = [
  {
    id: "pages-1",
    name: "MUST send a page load with an expired token through the refresh route and back, to its own clean address",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await expire(app);
        const away = locationOf(await load(app, "/page?a=1&b=x", cookiesOf(own)));
        same(away, `/session/refresh?to=${encodeURIComponent("/page?a=1&b=x")}`);
        const refreshing = await load(app, away, allCookiesOf(own));
        const next = credentialsOf(refreshing, own);
        same(ours(refreshing).length, 3);
        const back = locationOf(refreshing);
        ok(back.startsWith("/page?a=1&b=x&"), back);
        same(locationOf(await load(app, back, cookiesOf(next))), "/page?a=1&b=x");
        same((await load(app, "/page?a=1&b=x", cookiesOf(next))).json(), alice);
      }),
  },
  {
    id: "pages-14",
    name: "MUST render a page with the cookies that it has just refreshed, also if they end with the browser",
    run: (start) =>
      against(start, { config: { cookie: { hostPrefix: true }, session: { persistent: false } } }, async (app) => {
        const own = await expire(app);
        const page = await load(app, "/page", allCookiesOf(own));
        same([page.status, page.json()], [200, alice]);
        same(
          ours(page).map((line) => line.includes("Max-Age")),
          [false, false, false],
        );
      }),
  },
  {
    id: "pages-2",
    name: "MUST render for nobody without a redirect, and refuse a script that fetches data",
    run: (start) =>
      against(start, {}, async (app) => {
        same((await load(app, "/page", undefined)).json(), nobody);
        const own = await expire(app);
        for (const headers of [{ "sec-fetch-mode": "cors" }, { accept: "application/json" }]) {
          const response = await call(app, "/page", { headers: { cookie: cookiesOf(own), ...headers } });
          same([response.status, response.json()], [401, { message: "try refresh token" }]);
        }
      }),
  },
  {
    id: "pages-3",
    name: "MUST NOT send a browser around that keeps no cookie of ours, however old the mark in a copied address is",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await expire(app);
        const back = locationOf(await load(app, "/session/refresh?to=%2Fpage", allCookiesOf(own)));
        same((await load(app, back, cookiesOf(own))).json(), nobody);
        app.clock.now += MINUTE;
        ok(locationOf(await load(app, back, cookiesOf(own))).startsWith("/session/refresh?to="));
      }),
  },
  {
    id: "pages-4",
    name: "MUST bring a page back signed out, with cookies cleared, when the session is gone",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await expire(app);
        await app.sessions.revokeSessionUsingSessionHandle(handleOf(own));
        const response = await load(app, "/session/refresh?to=%2Fpage", allCookiesOf(own));
        same(ours(response), clearedOf(own));
        const clean = locationOf(await load(app, locationOf(response), undefined));
        same([clean, (await load(app, clean, undefined)).json()], ["/page", nobody]);
      }),
  },
  {
    id: "pages-5",
    name: "MUST go to no other origin, whatever the address to come back to says",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        for (const to of HOSTILE) {
          const path = `/session/refresh?to=${encodeURIComponent(to)}`;
          const response = await load(app, path, allCookiesOf(own));
          same([to, response.status, response.cookies], [to, 400, []]);
        }
        same(
          (await call(app, "/session/refresh?to=%2Fpage", { headers: { cookie: allCookiesOf(own), accept: "*/*" } }))
            .status,
          405,
        );
      }),
  },
  {
    id: "pages-6",
    name: "MUST refresh a page on the spot where the refresh token comes along",
    run: (start) =>
      against(start, { config: { cookie: { hostPrefix: true } } }, async (app) => {
        const own = await expire(app);
        const response = await load(app, "/page", allCookiesOf(own));
        same([response.status, response.json(), ours(response).length], [200, alice, 3]);
        await app.sessions.revokeSessionUsingSessionHandle(handleOf(own));
        app.clock.now += 15 * MINUTE;
        const over = await load(app, "/page", allCookiesOf(credentialsOf(response, own)));
        same([over.status, over.json(), ours(over).length], [200, nobody, 3]);
      }),
  },
  {
    id: "pages-7",
    name: "MUST answer a page load with 503 while the store is down, and log nobody out",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await expire(app);
        app.setStoreDown(true);
        const response = await load(app, "/session/refresh?to=%2Fpage", allCookiesOf(own));
        same([response.status, response.cookies], [503, []]);
      }),
  },
  {
    id: "pages-13",
    name: "MUST judge a request by the first look at its token for a minute, so that nobody is shown a page for nobody",
    async run(start) {
      for (const hostPrefix of [false, true]) {
        await against(start, { config: { cookie: { hostPrefix } } }, async (app) => {
          const own = await signIn(app);
          const cookies = allCookiesOf(own);
          const ordinary = hostPrefix ? cookies : cookiesOf(own);
          app.clock.now += 15 * MINUTE - SECOND;
          same((await load(app, "/late?ms=999", ordinary)).json(), alice);
          app.clock.now -= 999;
          same((await load(app, "/late?ms=1500", ordinary)).json(), alice);
          // Another request with the same token, which has expired.
          const next = await load(app, "/late?ms=0", ordinary);
          if (hostPrefix) same(next.json(), alice);
          else same(next.status, 303);
          const fresh = await signIn(app);
          app.clock.now += 15 * MINUTE - SECOND;
          const long = await load(app, `/late?ms=${MINUTE}`, cookiesOf(fresh));
          ok(long.status === 401 || (long.json() as typeof nobody).user === null, "it is judged so for ever");
        });
      }
    },
  },
];
