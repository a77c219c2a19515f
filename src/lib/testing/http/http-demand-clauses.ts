import { deepStrictEqual as same, ok } from "node:assert";
import { against, call, type HttpApp, type HttpAppOptions, type HttpClause, MINUTE } from "./http-app.ts";
import { type RawResponse, cookieHeader, parseSetCookie, type SentHeaders } from "./raw-request.ts";

const LOAD = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" };
const MEMBER = { user: "alice", claims: { role: "member" } };
const NOBODY = { user: null, claims: null };
const STEP_UP = { message: "insufficient_user_authentication" };
const TRY_REFRESH = { message: "try refresh token" };

const isAccess = (name: string): boolean => name.endsWith("AccessToken");
const isRefresh = (name: string): boolean => name.endsWith("RefreshToken") && !name.endsWith("IdRefreshToken");

/**
 * A client that stores cookies by name, and sends those that a test selects, whatever their path.
 */
class Client {
  readonly jar = new Map<string, string>();
  antiCsrf = "";
  readonly #app: HttpApp;
  /** Path and domain by name: clearing a duplicate of another scope clears nothing here. */
  readonly #places = new Map<string, string>();

  constructor(app: HttpApp) {
    this.#app = app;
  }

  async ask(
    path: string,
    {
      method = "GET",
      headers = {},
      keep = () => true,
    }: { method?: string; headers?: SentHeaders; keep?: (name: string) => boolean } = {},
  ): Promise<RawResponse> {
    const cookie = cookieHeader([...this.jar].filter(([name]) => keep(name)));
    return this.#take(await call(this.#app, path, { method, headers: { cookie, ...headers } }));
  }

  /** Loads a page and follows redirects, as a browser does. */
  async load(path: string, keep?: (name: string) => boolean, headers: SentHeaders = {}): Promise<RawResponse> {
    let address = path;
    for (let count = 0; count < 6; count += 1) {
      const isRoute = address.startsWith("/session/refresh");
      const response = await this.ask(address, {
        headers: { ...LOAD, ...headers },
        ...(isRoute || keep === undefined ? {} : { keep }),
      });
      if (response.status < 300 || response.status > 399) return response;
      const { pathname, search } = new URL(response.header("location") ?? "", "http://page.invalid");
      address = pathname + search;
    }
    throw new Error(`${path} is sent around`);
  }

  #take(response: RawResponse): RawResponse {
    for (const { name, value, attributes } of response.cookies.map(parseSetCookie)) {
      const place = attributes
        .split("; ")
        .filter((one) => /^(Path|Domain)=/.test(one))
        .join("; ");
      if (value !== "") {
        this.jar.set(name, value);
        this.#places.set(name, place);
      } else if (this.#places.get(name) === place) this.jar.delete(name);
    }
    this.antiCsrf = response.header("anti-csrf") ?? this.antiCsrf;
    return response;
  }
}

async function signedIn(app: HttpApp): Promise<Client> {
  const client = new Client(app);
  await client.ask("/login", { method: "POST" });
  ok(client.jar.size >= 3, "sign-in sets three cookies");
  return client;
}

const SHORT = { tokens: { accessToken: { validity: "1m" } } } as const;
const CONFIGS: readonly NonNullable<HttpAppOptions["config"]>[] = [
  { ...SHORT, cookie: { hostPrefix: true } },
  { ...SHORT, cookie: { hostPrefix: false } },
];

/** The ways in which a page's access token can be unusable, and the cookies of the page load. */
const WAYS: readonly { readonly spoil: (client: Client) => void; readonly keep?: (name: string) => boolean }[] = [
  // Expired: with the refresh token, as with __Host- cookies or a client that is no browser, and
  // without it.
  { spoil: () => undefined },
  { spoil: () => undefined, keep: (name) => !isRefresh(name) },
  // Missing.
  { spoil: ({ jar }) => remove(jar) },
  { spoil: ({ jar }) => remove(jar), keep: (name) => !isRefresh(name) },
  // Foreign.
  { spoil: ({ jar }) => replace(jar) },
  { spoil: ({ jar }) => replace(jar), keep: (name) => !isRefresh(name) },
];

function remove(jar: Map<string, string>): void {
  for (const name of [...jar.keys()].filter(isAccess)) jar.delete(name);
}

function replace(jar: Map<string, string>): void {
  for (const name of [...jar.keys()].filter(isAccess)) jar.set(name, "not.a.token");
}

const FRESH_PAGES = ["/page-fresh", "/page-fresh-maybe"] as const;

export const demandClauses: readonly HttpClause[] = [
  {
    id: "pages-8",
    name: "MUST judge a refreshed page by maxAuthAge, however its access token came to be no good",
    async run(start) {
      for (const config of CONFIGS) {
        await against(start, { config }, async (app) => {
          for (const path of FRESH_PAGES) {
            for (const [way, { spoil, keep }] of WAYS.entries()) {
              const client = await signedIn(app);
              // The token has expired, and the sign-in is fresh.
              app.clock.now += 2 * MINUTE;
              spoil(client);
              same([path, way, (await client.load(path, keep)).json()], [path, way, MEMBER]);
              app.clock.now += 4 * MINUTE;
              spoil(client);
              const stale = await client.load(path, keep);
              same([path, way, stale.status, stale.json()], [path, way, 401, STEP_UP]);
              // The refresh counts: its tokens were sent to the client.
              same((await client.ask("/api")).status, 200);
            }
          }
        });
      }
    },
  },
  {
    id: "pages-9",
    name: "MUST NOT refresh a page without the anti-CSRF token that it demands, nor take a refresh for one",
    async run(start) {
      for (const config of CONFIGS) {
        await against(start, { config }, async (app) => {
          const client = await signedIn(app);
          const bare = await client.load("/page-checked");
          same([bare.status, bare.json(), bare.cookies], [401, TRY_REFRESH, []]);
          const wrong = await client.load("/page-checked", undefined, { "anti-csrf": "AAAA" });
          same([wrong.status, wrong.json(), wrong.cookies], [401, TRY_REFRESH, []]);
          const right = { "anti-csrf": client.antiCsrf };
          same((await client.load("/page-checked", undefined, right)).json(), MEMBER);
          for (const { spoil, keep } of WAYS) {
            app.clock.now += 2 * MINUTE;
            spoil(client);
            same((await client.load("/page-checked", keep)).status, 401);
            app.clock.now += 2 * MINUTE;
            spoil(client);
            same((await client.load("/page-checked", keep, right)).json(), MEMBER);
          }
        });
      }
    },
  },
  {
    id: "pages-10",
    name: "MUST refresh no page with duplicate cookies or with two transports, and load it again once they are cleared",
    async run(start) {
      for (const config of CONFIGS) {
        await against(start, { config }, async (app) => {
          const client = await signedIn(app);
          const [name, value] = [...client.jar].find(([one]) => isAccess(one)) ?? ["", ""];
          const others = cookieHeader([...client.jar].filter(([one]) => one !== name));
          const cookie = `${name}=${value}; ${name}=x.y.z; ${others}`;
          for (const [path, status, body] of [
            ["/page-fresh", 401, TRY_REFRESH],
            ["/page", 200, NOBODY],
          ] as const) {
            const away = await client.ask(path, { headers: { ...LOAD, cookie } });
            same([path, away.status, away.cookies.filter((line) => !line.includes("=; Max-Age=0"))], [path, 303, []]);
            // The duplicates stay: the page is reloaded once. They are gone: it is rendered without
            // a refresh.
            const again = away.header("location") ?? "";
            ok(again.startsWith(path), again);
            const still = await client.ask(again, { headers: { ...LOAD, cookie } });
            same([path, still.status, still.json()], [path, status, body]);
            same((await client.load(again)).json(), MEMBER);
          }
          const two = { authorization: "Bearer x.y.z" };
          const refused = await client.load("/page-fresh", undefined, two);
          same([refused.status, refused.json(), refused.cookies], [400, { message: "transport conflict" }, []]);
          same([...client.jar.values()].includes(value), true);
        });
      }
    },
  },
  {
    id: "pages-11",
    name: "MUST refuse a page of a session that has ended, where each request asks the store",
    async run(start) {
      for (const config of CONFIGS) {
        const tokens = { accessToken: { validity: "1m", revocation: "store" } } as const;
        await against(start, { config: { ...config, tokens } }, async (app) => {
          for (const [path, status, body] of [
            ["/page-fresh", 401, { message: "unauthorised" }],
            ["/page-fresh-maybe", 200, NOBODY],
          ] as const) {
            for (const { spoil, keep } of WAYS) {
              const client = await signedIn(app);
              await app.sessions.revokeAllSessionsForUser("alice");
              app.clock.now += 6 * MINUTE;
              spoil(client);
              // A page that needs a session and returns without a cookie has no token at all.
              const over = await client.load(path, keep);
              same([path, over.status], [path, status]);
              if (status === 200) same(over.json(), body);
              same([...client.jar.keys()].filter(isRefresh), []);
            }
          }
        });
      }
    },
  },
  {
    id: "pages-12",
    name: "MUST NOT come back from the refresh route to the refresh route, so that one link costs one refresh",
    run: (start) =>
      against(start, {}, async (app) => {
        const client = await signedIn(app);
        let refreshes = 0;
        app.sessions.on("session-refreshed", () => (refreshes += 1));
        const nested = Array.from({ length: 8 }).reduce<string>(
          (to) => `/session/refresh?to=${encodeURIComponent(to)}`,
          "/page",
        );
        for (const to of [nested, ...SPELLINGS]) {
          const response = await client.load(`/session/refresh?to=${encodeURIComponent(to)}`);
          same([to, response.status, response.cookies], [to, 400, []]);
        }
        same(refreshes, 0);
        const inside = `/page?next=${encodeURIComponent("/session/refresh?to=/page")}`;
        same((await client.load(`/session/refresh?to=${encodeURIComponent(inside)}`)).json(), MEMBER);
        same(refreshes, 1);
      }),
  },
];

const SPELLINGS = [
  "/session/refresh",
  "/session/refresh/",
  "/session/refresh?a=b",
  "/session/refresh#a",
  "/session/refresh;a=b",
  "/session//refresh",
  "/%73ession/refresh",
  "/session%2Frefresh",
  "/session/refres%68?to=%2Fpage",
  "/Session/Refresh",
  "/x/../session/refresh",
  "/x/%2e%2e/session/refresh",
  "/./session/./refresh/.",
];
