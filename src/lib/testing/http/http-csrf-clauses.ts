import { deepStrictEqual as same, ok } from "node:assert";
import {
  against,
  allCookiesOf,
  call,
  clearedOf,
  cookiesOf,
  FOREIGN,
  type ClientCredentials,
  type HttpApp,
  type HttpClause,
  isAlive,
  ours,
  SHOP,
  SHOP_CONFIG,
  signIn,
  TRUSTED,
  withCookies,
} from "./http-app.ts";
import type { RawResponse, SentHeaders } from "./raw-request.ts";

const SITES = [undefined, "same-origin", "none", "same-site", "cross-site", ""] as const;
const ORIGINS = [
  undefined,
  SHOP,
  TRUSTED,
  FOREIGN,
  "https://x.shop.example",
  "http://shop.example",
  "null",
  "",
] as const;
const METHODS = ["GET", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] as const;
const SAFE: readonly string[] = ["GET", "OPTIONS"];

/**
 * The whole first layer: whether the browser's headers about a request's origin let an unsafe
 * request pass.
 */
function passes(site: string | undefined, origin: string | undefined): boolean {
  if (origin === TRUSTED || site === "same-origin" || site === "none") return true;
  return site === undefined && (origin === undefined || origin === SHOP);
}

/** @returns the unexpected responses, for every method, site and origin */
async function tryAll(
  methods: readonly string[],
  ask: (method: string, headers: SentHeaders) => Promise<number>,
  isExpected: (method: string, site: string | undefined, origin: string | undefined) => boolean,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const method of methods) {
    for (const site of SITES) {
      for (const origin of ORIGINS) {
        const status = await ask(method, { "sec-fetch-site": site, origin });
        const expected = isExpected(method, site, origin) ? 200 : 403;
        if (status !== expected) wrong.push(`${method} ${site} ${origin}: ${status}`);
      }
    }
  }
  return wrong;
}

/** The ways in which browsers send a GET: the address bar, a frame, an image, a script. */
const WAYS = [
  { mode: undefined, dest: undefined, isPage: true },
  { mode: "navigate", dest: "document", isPage: true },
  { mode: "navigate", dest: "iframe", isPage: false },
  { mode: "no-cors", dest: "image", isPage: false },
  { mode: "no-cors", dest: "empty", isPage: false },
  { mode: "cors", dest: "empty", isPage: false },
] as const;

const byLayer = (method: string, site: string | undefined, origin: string | undefined): boolean =>
  SAFE.includes(method) || passes(site, origin);

/** Whether a line sets a cookie of this library, not the app's. */
const isSession = (line: string): boolean => !line.startsWith("app=");

const statusOf = async (app: HttpApp, path: string, sent: Parameters<typeof call>[2]): Promise<number> =>
  (await call(app, path, sent)).status;

export const csrfClauses: readonly HttpClause[] = [
  {
    id: "csrf-1",
    name: "MUST judge every method of a protected route by Sec-Fetch-Site and Origin, and none in header transport",
    run: (start) =>
      against(start, { config: SHOP_CONFIG }, async (app) => {
        const own = await signIn(app);
        const cookie = withCookies(own);
        const ask = (method: string, headers: SentHeaders): Promise<number> =>
          statusOf(app, "/api", { method, headers: { ...cookie, ...headers } });
        same(await tryAll(METHODS, ask, byLayer), []);
        const native = await signIn(app, { "st-auth-mode": "header" });
        const bearer = (method: string, headers: SentHeaders): Promise<number> =>
          statusOf(app, "/api", { method, headers: { authorization: `Bearer ${native.access}`, ...headers } });
        same(await tryAll(["POST"], bearer, () => true), []);
        // For the other methods: a request that an adapter which checks them must refuse.
        const foreign = { "sec-fetch-site": "cross-site", origin: FOREIGN };
        for (const method of METHODS) same([method, await bearer(method, foreign)], [method, 200]);
      }),
  },
  {
    id: "csrf-2",
    name: "MUST judge sign-in, refresh, sign-out and the ending of other sessions in the same way",
    run: (start) =>
      against(start, { config: SHOP_CONFIG }, async (app) => {
        const own = await signIn(app);
        const route =
          (path: string, headersOf: () => Promise<ClientCredentials> | ClientCredentials) =>
          async (method: string, headers: SentHeaders): Promise<number> => {
            const holder = await headersOf();
            return statusOf(app, path, {
              method,
              headers: { cookie: allCookiesOf(holder), "anti-csrf": holder.antiCsrf, ...headers },
            });
          };
        const hosts = ["/session/refresh", "/renew", "/session/sessions/revoke?others=true"];
        for (const path of hosts)
          same(
            await tryAll(
              ["POST"],
              route(path, () => own),
              byLayer,
            ),
            [],
            path,
          );
        same(
          await tryAll(
            ["POST"],
            route("/session/signout", () => signIn(app)),
            byLayer,
          ),
          [],
        );
        const login = (method: string, headers: SentHeaders): Promise<number> =>
          statusOf(app, "/login", { method, headers });
        same(await tryAll(["POST"], login, byLayer), []);
      }),
  },
  {
    id: "csrf-3",
    name: "MUST change nothing for a request that it refuses",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        const headers = { ...withCookies(own), cookie: allCookiesOf(own), "sec-fetch-site": "cross-site" };
        for (const path of ["/login", "/claims", "/leave", "/session/refresh", "/session/signout"]) {
          const response = await call(app, path, { method: "POST", headers });
          same(
            [path, response.status, response.json(), response.header("anti-csrf")],
            [path, 403, { message: "csrf" }, undefined],
          );
        }
        same((await app.sessions.getSessionsForUser("alice")).length, 1);
        ok(await isAlive(app, own));
      }),
  },
  {
    id: "csrf-4",
    name: "MUST only report what it would refuse where http.csrf says so",
    run: (start) =>
      against(start, { config: { http: { csrf: "report" } } }, async (app) => {
        const own = await signIn(app);
        const seen: string[] = [];
        app.sessions.on("csrf-reported", ({ method, path }) => seen.push(`${method} ${path}`));
        same(await statusOf(app, "/api", { method: "POST", headers: { ...withCookies(own), origin: FOREIGN } }), 200);
        same(await statusOf(app, "/api", { method: "POST", headers: { cookie: cookiesOf(own) } }), 200);
        same(seen, ["POST /api", "POST /api"]);
      }),
  },
  {
    id: "csrf-5",
    name: "MUST demand the custom header where anti-CSRF tokens are off",
    run: (start) =>
      against(start, { config: { tokens: { enableAntiCsrf: false } } }, async (app) => {
        const own = await signIn(app);
        same(own.antiCsrf, "");
        const cookie = cookiesOf(own);
        same(await statusOf(app, "/api", { method: "POST", headers: { cookie } }), 403);
        same(await statusOf(app, "/api", { method: "POST", headers: { cookie, rid: "anti-csrf" } }), 200);
        same(await statusOf(app, "/api", { headers: { cookie } }), 200);
      }),
  },
  {
    id: "csrf-6",
    name: "MUST sign in by GET for another site only where the browser loads a page, and end no session otherwise",
    run: (start) =>
      against(start, { config: SHOP_CONFIG }, async (app) => {
        const own = await signIn(app);
        const wrong: string[] = [];
        for (const { mode, dest, isPage } of WAYS) {
          for (const site of SITES) {
            for (const origin of [undefined, SHOP, TRUSTED, FOREIGN, "null"]) {
              const sent = { "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest, origin };
              const isOwn = site === undefined || site === "same-origin" || site === "none" || origin === TRUSTED;
              const expected = isOwn || isPage ? 200 : 403;
              const cookie = expected === 403 ? cookiesOf(own) : undefined;
              const response = await call(app, "/login?user=mallory", { headers: { ...sent, cookie } });
              if (response.status !== expected || (expected === 403 && response.cookies.some(isSession)))
                wrong.push(`${site} ${mode} ${dest} ${origin}: ${response.status}`);
            }
          }
        }
        same(wrong, []);
        ok(await isAlive(app, own));
      }),
  },
  {
    id: "csrf-7",
    name: "MUST clear nothing for a link of another site that brings no cookie of ours to the refresh route",
    run: async (start) => {
      for (const hostPrefix of ["auto", true, false] as const) {
        // Browsers do not send such a cookie with the link, but store the response's cookies.
        await against(start, { config: { cookie: { hostPrefix, sameSite: "strict" } } }, async (app) => {
          const own = await signIn(app);
          const bare = await follow(app, undefined);
          same([bare.status, ours(bare)], [303, []]);
          if (hostPrefix !== "auto") return;
          // A sibling sub-domain can set a duplicate that is sent. It is cleared in its possible
          // scopes, and ours stays.
          const tossed = await follow(app, `${own.names.refresh}=${own.refresh}`);
          same(tossed.status, 303);
          same(
            ours(tossed).filter((line) => !line.startsWith(`${own.names.refresh}=;`)),
            [],
          );
          same(
            ours(tossed).filter((line) => line.includes("; Path=/session/refresh;") && !line.includes("; Domain=")),
            [],
          );
        });
      }
      await against(start, {}, async (app) => {
        const own = await signIn(app);
        await app.sessions.revokeAllSessionsForUser("alice");
        const over = await follow(app, allCookiesOf(own));
        for (const line of clearedOf(own)) ok(over.cookies.includes(line), line);
      });
    },
  },
];

/** Follows a link on another site to the refresh route. */
const follow = (app: HttpApp, cookie: string | undefined): Promise<RawResponse> =>
  call(app, "/session/refresh?to=%2Fpage", {
    headers: {
      host: "shop.example.com",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
      "sec-fetch-site": "cross-site",
      cookie,
    },
  });
