/** Set-ups that cannot work, and ones that do, as requests to an app over an adapter. */
import type { NoticeCode } from "../../src/lib/notices.ts";
import type { HttpApp, HttpAppOptions } from "counterfoil/testing";
import { deepStrictEqual as same } from "node:assert";
import type { RawResponse, SentHeaders } from "../http/send.ts";
import {
  allCookiesOf,
  call,
  cookiesOf,
  type ClientCredentials,
  credentialsOf,
  MINUTE,
  signIn,
  withCookies,
} from "../../src/lib/testing/http/http-app.ts";

type Config = HttpAppOptions["config"];

export interface Scene {
  readonly name: string;
  readonly config?: Config;
  /** What is told of; undefined: nothing. */
  readonly told?: NoticeCode;
  /** What the warning says, beside its code: what was seen, what is configured, what to write. */
  readonly says?: readonly string[];
  /** @param other an app over a store of its own */
  readonly run: (app: HttpApp, other: HttpApp) => Promise<unknown>;
}

const SHOP = "http://shop.test:4000";
const VITE = "http://localhost:5173";
const BROWSER = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };
const BY_SCRIPT = { "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };
const post = (app: HttpApp, path: string, headers: SentHeaders = {}): Promise<unknown> =>
  call(app, path, { method: "POST", headers });

/** Each mistake, and what is told of it. */
export const MISTAKES: readonly Scene[] = [
  {
    name: "another publicOrigin than the page's",
    config: { http: { publicOrigin: "http://localhost:4000" } },
    told: "COUNTERFOIL_ORIGIN",
    says: [`"${SHOP}"`, '"http://localhost:4000"', `http: { publicOrigin: "${SHOP}" }`],
    run: (app) => post(app, "/login", { origin: SHOP }),
  },
  {
    name: "the same where a script of that page reads first",
    config: { http: { publicOrigin: "http://localhost:4000" }, cookie: { secure: false } },
    told: "COUNTERFOIL_ORIGIN",
    says: [`write http: { publicOrigin: "${SHOP}" }`],
    async run(app) {
      await call(app, "/maybe", { headers: { host: "shop.test:4000", origin: SHOP } });
      await post(app, "/login", { host: "shop.test:4000", origin: SHOP });
    },
  },
  {
    name: "a page over http that reads from the same name by https",
    config: { http: { publicOrigin: "https://shop.test" } },
    told: "COUNTERFOIL_CORS",
    run: (app) => call(app, "/maybe", { headers: { host: "shop.test", origin: "http://shop.test" } }),
  },
  {
    name: "a trusted origin that is missing",
    config: { http: { publicOrigin: SHOP, trustedOrigins: ["http://app.shop.test"] }, cookie: { secure: false } },
    told: "COUNTERFOIL_ORIGIN",
    says: [`"${VITE}"`, '["http://app.shop.test"]', `trustedOrigins: ["http://app.shop.test", "${VITE}"]`],
    run: (app) => post(app, "/login", { origin: VITE, "sec-fetch-site": "cross-site", ...BY_SCRIPT }),
  },
  {
    name: "a sandboxed frame",
    told: "COUNTERFOIL_ORIGIN",
    says: ['"null"', "http.publicOrigin is not set", "sandboxed frames"],
    run: (app) => post(app, "/login", { origin: "null" }),
  },
  {
    name: "a preflight from an origin that is not trusted",
    told: "COUNTERFOIL_CORS",
    says: [`"${VITE}"`, "http.trustedOrigins is []", `trustedOrigins: ["${VITE}"]`],
    run: (app) =>
      call(app, "/maybe", {
        method: "OPTIONS",
        headers: { origin: VITE, "access-control-request-method": "POST", ...BY_SCRIPT },
      }),
  },
  {
    name: "a page of an origin that is not trusted reads",
    config: { http: { trustedOrigins: ["http://app.test"] } },
    told: "COUNTERFOIL_CORS",
    says: [`trustedOrigins: ["http://app.test", "${VITE}"]`],
    run: (app) => call(app, "/maybe", { headers: { origin: VITE, "sec-fetch-site": "cross-site", ...BY_SCRIPT } }),
  },
  {
    name: "Secure cookies on a page over http",
    told: "COUNTERFOIL_SECURE_COOKIE",
    says: [`"${SHOP}"`, "cookie.secure is true", "cookie: { secure: false }"],
    run: (app) => post(app, "/login", { host: "shop.test:4000", origin: SHOP }),
  },
  {
    name: "the same with the preset strict",
    config: { preset: "strict" },
    told: "COUNTERFOIL_SECURE_COOKIE",
    says: ["cookie: { secure: false, hostPrefix: false }"],
    run: (app) => post(app, "/login", { host: "shop.test:4000", origin: SHOP }),
  },
  {
    name: "a page on localhost, and the API on 127.0.0.1",
    config: { http: { trustedOrigins: [VITE] }, cookie: { sameSite: "strict" } },
    told: "COUNTERFOIL_SAME_SITE",
    says: [`"${VITE}"`, '"127.0.0.1:', 'cookie.sameSite is "strict"', "localhost and 127.0.0.1 are two"],
    run: (app) =>
      post(app, "/login", {
        host: `127.0.0.1:${app.port}`,
        origin: VITE,
        "sec-fetch-site": "cross-site",
        ...BY_SCRIPT,
      }),
  },
  {
    name: "a proxy that strips the path of the refresh cookie",
    told: "COUNTERFOIL_COOKIE_PATH",
    says: ['"/session/refresh"', "without sRefreshToken", 'http: { basePath: "/shop" }'],
    async run(app) {
      const own = await signIn(app);
      await post(app, "/session/refresh", { cookie: cookiesOf(own) });
    },
  },
  {
    name: "the same when a page is loaded through the refresh route",
    told: "COUNTERFOIL_COOKIE_PATH",
    async run(app) {
      const own = await signIn(app);
      await call(app, "/session/refresh?to=/", {
        headers: { cookie: cookiesOf(own), "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
      });
    },
  },
  {
    name: "a base path that the page does not know",
    config: { http: { basePath: "/shop" } },
    told: "COUNTERFOIL_COOKIE_PATH",
    says: ['createSessionClient({ basePath: "/shop" })', "leave http.basePath out", 'cookie: { prefix: "shop" }'],
    async run(app) {
      const own = await signIn(app);
      await post(app, "/session/refresh", { cookie: cookiesOf(own) });
    },
  },
  {
    name: "a proxy that strips a path in front of the base path",
    config: { http: { basePath: "/shop" } },
    told: "COUNTERFOIL_COOKIE_PATH",
    says: ['"/shop/session/refresh"', 'browsers see "/outer/shop/session/refresh"'],
    async run(app) {
      const own = await signIn(app);
      await post(app, "/shop/session/refresh", { cookie: cookiesOf(own) });
    },
  },
  {
    name: "a proxy that strips cookies, after a sign-in",
    told: "COUNTERFOIL_COOKIES_LOST",
    says: ["no cookie at all", "headers Cookie or Set-Cookie"],
    async run(app) {
      await signIn(app, BROWSER);
      await post(app, "/session/refresh", BROWSER);
    },
  },
  {
    name: "a fetch without credentials",
    told: "COUNTERFOIL_COOKIES_LOST",
    says: ["other cookies, and none of ours", 'credentials: "include"'],
    async run(app) {
      const { antiCsrf } = await signIn(app);
      await post(app, "/api", { "anti-csrf": antiCsrf, cookie: "theme=dark" });
    },
  },
  {
    name: "a refresh below a path where the ready routes are not",
    told: "COUNTERFOIL_MOUNTED_BELOW",
    says: ['"/keep/session/refresh"', 'http: { basePath: "/keep" }'],
    run: (app) => post(app, "/keep/session/refresh"),
  },
  {
    name: "two memory stores, at a protected route",
    told: "COUNTERFOIL_MEMORY_STORE",
    says: ["another process has signed", "sqlite({ path })"],
    run: async (app, other) => call(app, "/api", { headers: { cookie: cookiesOf(await signIn(other)) } }),
  },
  {
    name: "two memory stores, at the refresh route",
    told: "COUNTERFOIL_MEMORY_STORE",
    run: async (app, other) => post(app, "/session/refresh", { cookie: allCookiesOf(await signIn(other)) }),
  },
];

/** What a client sends of its session: to a route, and to the refresh route. */
function sentOf(
  own: ClientCredentials,
  headers: SentHeaders,
): { readonly call: SentHeaders; readonly refresh: SentHeaders } {
  if (own.names.access !== "")
    return { call: { ...headers, ...withCookies(own) }, refresh: { ...headers, cookie: allCookiesOf(own) } };
  const bearer = (token: string): SentHeaders => ({ ...headers, authorization: `Bearer ${token}` });
  return { call: bearer(own.access), refresh: bearer(own.refresh) };
}

/** A visit from sign-in to sign-out, with an expired token, a page and a stranger in between. */
async function visit(app: HttpApp, headers: SentHeaders = {}, expired = 16 * MINUTE): Promise<void> {
  const ask = (path: string, sent: SentHeaders, method = "GET"): Promise<RawResponse> =>
    call(app, path, { method, headers: sent });
  await ask("/maybe", headers);
  await ask("/api", headers);
  const first = await signIn(app, headers);
  const own = sentOf(first, headers);
  await ask("/api", own.call);
  await ask("/api", own.call, "POST");
  await ask("/fault", own.call);
  app.clock.now += expired;
  await ask("/api", own.call, "POST");
  const renewed = sentOf(credentialsOf(await ask("/session/refresh", own.refresh, "POST"), first), headers);
  await ask("/fresh", renewed.call);
  await ask("/session/sessions", renewed.call);
  same((await ask("/session/signout", renewed.call, "POST")).status, 200);
  // Signed out, a page asks again.
  await ask("/session/refresh", headers, "POST");
  await ask("/api", headers);
}

const asPage = (origin: string, site: string): SentHeaders => ({
  ...BROWSER,
  ...BY_SCRIPT,
  origin,
  "sec-fetch-site": site,
});

/** Set-ups that work. */
export const HEALTHY: readonly Scene[] = [
  { name: "localhost, nothing configured", run: (app) => visit(app, BROWSER) },
  {
    name: "https behind a proxy that changes Host",
    config: { http: { publicOrigin: "https://shop.example" } },
    run: (app) => visit(app, { ...asPage("https://shop.example", "same-origin"), host: "10.0.0.7:4000" }),
  },
  {
    name: "a browser without Fetch Metadata",
    config: { http: { publicOrigin: "https://shop.example" } },
    run: (app) => visit(app, { ...BROWSER, origin: "https://shop.example" }),
  },
  {
    name: "a page on another port of localhost",
    config: {
      http: { publicOrigin: "http://localhost:4000", trustedOrigins: [VITE] },
      cookie: { secure: false },
    },
    async run(app) {
      await call(app, "/maybe", {
        method: "OPTIONS",
        headers: { origin: VITE, "access-control-request-method": "POST" },
      });
      await visit(app, asPage(VITE, "same-site"));
    },
  },
  {
    name: "development over http at a name of its own",
    config: { http: { publicOrigin: SHOP }, cookie: { secure: false } },
    run: (app) => visit(app, { ...BROWSER, host: "shop.test:4000", origin: SHOP }),
  },
  {
    name: "a page of another site with sameSite none",
    config: {
      http: { publicOrigin: "https://api.example", trustedOrigins: ["https://shop.example"] },
      cookie: { sameSite: "none" },
    },
    run: (app) => visit(app, asPage("https://shop.example", "cross-site")),
  },
  { name: "the preset strict", config: { preset: "strict" }, run: (app) => visit(app, BROWSER, 6 * MINUTE) },
  { name: "no __Host- names", config: { cookie: { hostPrefix: false } }, run: (app) => visit(app, BROWSER) },
  {
    name: "tokens in headers, by an app that is no browser",
    run: (app) => visit(app, { "st-auth-mode": "header", "user-agent": "okhttp/5.1.0" }),
  },
  {
    name: "a callback that another site sends the browser to",
    run: (app) =>
      call(app, "/login", {
        headers: {
          ...BROWSER,
          "sec-fetch-site": "cross-site",
          "sec-fetch-mode": "navigate",
          "sec-fetch-dest": "document",
        },
      }),
  },
  {
    name: "everybody's keys are replaced",
    async run(app) {
      const own = await signIn(app);
      await app.sessions.revokeAllSessions();
      await call(app, "/api", { headers: { cookie: cookiesOf(own) } });
      await call(app, "/session/refresh", { method: "POST", headers: { cookie: allCookiesOf(own) } });
    },
  },
  {
    name: "visitors, crawlers and curl",
    async run(app) {
      for (const path of ["/", "/api", "/maybe", "/session/sessions", "/page", "/.well-known/jwks.json"])
        for (const headers of [{}, BROWSER, { cookie: "theme=dark" }]) await call(app, path, { headers });
      for (const path of ["/session/refresh", "/session/signout", "/session", "/refresh", "/keep/signout"])
        await post(app, path);
    },
  },
];
