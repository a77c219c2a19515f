import { deepStrictEqual as same, ok } from "node:assert";
import {
  against,
  allCookiesOf,
  call,
  cookiesOf,
  credentialsOf,
  type ClientCredentials,
  type HttpApp,
  type HttpAppOptions,
  type HttpClause,
  MINUTE,
  ours,
  OVER,
  signIn,
  withCookies,
} from "./http-app.ts";
import type { RawResponse, Sent } from "./raw-request.ts";

const BASE = "/shop";
const BELOW: HttpAppOptions = { config: { http: { basePath: BASE } } };
const LOAD = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" };
/** How a proxy in front of the app changes the browser's path, which begins with the base path. */
const PROXIES: readonly { readonly name: string; readonly pass: (path: string) => string }[] = [
  { name: "strips the base path", pass: (path) => path.slice(BASE.length) },
  { name: "keeps the base path", pass: (path) => path },
];

/** Asks as browsers do: a framework may redirect a path with a trailing slash by a 308. */
async function ask(app: HttpApp, path: string, sent: Omit<Sent, "path"> = {}): Promise<RawResponse> {
  const response = await call(app, path, sent);
  if (response.status !== 308) return response;
  const { pathname, search } = new URL(response.header("location") ?? "//", "http://page.invalid");
  return call(app, pathname + search, sent);
}

const refresh = (app: HttpApp, path: string, own: ClientCredentials): Promise<RawResponse> =>
  ask(app, path, { method: "POST", headers: { cookie: allCookiesOf(own) } });

/** Asks each session route, the sign-out last. */
async function askRoutes(app: HttpApp, at: (path: string) => string): Promise<void> {
  const own = await signIn(app, {}, "bob");
  const other = await signIn(app, {}, "bob");
  const response = await refresh(app, at("/session/refresh"), own);
  same([response.status, ours(response).length], [200, 3]);
  const next = credentialsOf(response, own);
  const list = await ask(app, at("/session/sessions"), { headers: withCookies(next) });
  same([list.status, (list.json() as { readonly sessions: readonly unknown[] }).sessions.length], [200, 2]);
  const revoke = `${at("/session/sessions/revoke")}?others=true`;
  const ended = await ask(app, revoke, { method: "POST", headers: withCookies(next) });
  same([ended.status, ended.json()], [200, { revoked: 1 }]);
  same((await refresh(app, at("/session/refresh"), other)).status, 401);
  same((await ask(app, at("/.well-known/jwks.json"))).status, 200);
  const gone = await ask(app, at("/session/signout"), { method: "POST", headers: withCookies(next) });
  same([gone.status, ours(gone).length], [200, 3]);
  same((await refresh(app, at("/session/refresh"), next)).status, 401);
}

export const pathClauses: readonly HttpClause[] = [
  {
    id: "paths-1",
    name: "MUST answer the ready routes with one slash at the end of their paths as well, and with no more than one",
    run: (start) =>
      against(start, {}, async (app) => {
        await askRoutes(app, (path) => `${path}/`);
        const own = await signIn(app);
        const response = await call(app, "/session/refresh//", {
          method: "POST",
          headers: { cookie: allCookiesOf(own) },
        });
        ok(ours(response).length === 0, "a path of its own was taken for the refresh route");
        const load = { headers: { ...LOAD, cookie: allCookiesOf(own) } };
        const back = (await ask(app, "/session/refresh/?to=%2Fpage", load)).header("location") ?? "";
        ok(back.includes("/page?session-refreshed="), back);
      }),
  },
  ...PROXIES.map(({ name, pass }, index) => ({
    id: `paths-${index + 2}`,
    name: `MUST answer the ready routes behind a proxy that ${name}, and set the refresh cookie where browsers send it`,
    run: (start: Parameters<HttpClause["run"]>[0]) =>
      against(start, BELOW, async (app) => {
        const response = await call(app, "/login?user=alice", { method: "POST" });
        const paths = ours(response).map((line) => /; Path=([^;]*)/.exec(line)?.[1]);
        same(paths, ["/", "/shop/session/refresh", "/"]);
        await askRoutes(app, (path) => pass(BASE + path));
        const own = await signIn(app);
        const gone = await call(app, pass("/shop/session/signout"), {
          method: "POST",
          headers: { cookie: cookiesOf(own) },
        });
        same(ours(gone)[0], `sRefreshToken=; ${OVER}; Path=/shop/session/refresh; HttpOnly; Secure; SameSite=Lax`);
        same((await call(app, "/shopping/session/signout", { method: "POST" })).cookies, []);
      }),
  })),
  {
    id: "paths-4",
    name: "MUST send a page load below the base path through the refresh route and back, and to no other app of the host",
    run: (start) =>
      against(start, BELOW, async (app) => {
        const own = await signIn(app);
        app.clock.now += 15 * MINUTE;
        const go = async (path: string, cookie: string): Promise<string> => {
          const response = await call(app, path, { headers: { ...LOAD, cookie } });
          same([path, response.status], [path, 303]);
          const { pathname, search } = new URL(response.header("location") ?? "//", "http://page.invalid");
          return pathname + search;
        };
        const strip = (path: string): string => path.slice(BASE.length);
        const away = await go("/page?a=1", cookiesOf(own));
        same(away, `/shop/session/refresh?to=${encodeURIComponent("/shop/page?a=1")}`);
        const response = await call(app, strip(away), { headers: { ...LOAD, cookie: allCookiesOf(own) } });
        const next = credentialsOf(response, own);
        const back = new URL(response.header("location") ?? "//", "http://page.invalid");
        same([response.status, back.pathname], [303, "/shop/page"]);
        same(await go(strip(back.pathname + back.search), cookiesOf(next)), "/shop/page?a=1");
        for (const to of ["/blog/page", "/shop/../blog", "/shopping", "/shop/session/refresh", "//evil.example"]) {
          const path = `/session/refresh?to=${encodeURIComponent(to)}`;
          const refused = await call(app, path, { headers: { ...LOAD, cookie: allCookiesOf(next) } });
          same([to, refused.status, refused.cookies], [to, 400, []]);
        }
      }),
  },
  {
    id: "paths-5",
    name: "MUST tell the apps of one host apart by cookie.prefix, with and without __Host-",
    async run(start) {
      for (const hostPrefix of ["auto", true, false] as const) {
        await against(start, { config: { cookie: { hostPrefix, prefix: "shop_" } } }, async (app) => {
          const own = await signIn(app);
          same(own.names, app.sessions.cookieNames);
          ok(Object.values(own.names).every((name) => /^(?:__Host-)?shop_s/.test(name)));
          // Cookies of another app: of equal length, with names without and with another prefix.
          const others = allCookiesOf(own).replace(/=[^;]*/g, (value) => `=${"x".repeat(value.length - 1)}`);
          const jar = `${others.replaceAll("shop_", "")}; ${allCookiesOf(own)}; ${others.replaceAll("shop_", "blog_")}`;
          const headers = { cookie: jar, "anti-csrf": own.antiCsrf };
          same((await call(app, "/api", { method: "POST", headers })).json(), ALICE);
          const response = await call(app, "/session/refresh", { method: "POST", headers });
          same([response.status, ours(response).length], [200, 3]);
          same(credentialsOf(response).names, own.names);
          const gone = await call(app, "/session/signout", { method: "POST", headers });
          same([gone.status, ours(gone).length], [200, 3]);
          for (const line of ours(gone)) ok(/^(?:__Host-)?shop_s/.test(line), line);
        });
      }
    },
  },
];

const ALICE = { user: "alice", claims: { role: "member" } };
