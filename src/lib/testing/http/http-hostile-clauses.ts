import { deepStrictEqual as same, match, ok } from "node:assert";
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
  type HttpAppOptions,
  type HttpClause,
  isAlive,
  ours,
  OVER,
  refreshed,
  signIn,
  withCookies,
} from "./http-app.ts";
import type { RawResponse } from "./raw-request.ts";

/** Names that a sibling sub-domain can set, too. */
const PLAIN: HttpAppOptions = { config: { cookie: { hostPrefix: false } } };

const ROUTES = [
  ["GET", "/api"],
  ["POST", "/session/refresh"],
  ["POST", "/session/signout"],
  ["POST", "/login"],
] as const;

/** A response sets all three cookies, or none. */
function expectWhole(response: RawResponse): void {
  const set = ours(response).filter((line) => !line.includes("=; Max-Age=0"));
  ok(set.length === 0 || set.length === 3, set.join("\n"));
}

async function sendEverywhere(app: HttpApp, cookie: string | readonly string[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const [method, path] of ROUTES) {
    const response = await call(app, path, { method, headers: { cookie } });
    expectWhole(response);
    statuses.push(response.status);
  }
  return statuses;
}

const ODD: readonly ((own: ClientCredentials) => string)[] = [
  ({ names }) => names.access,
  ({ names }) => `${names.access}=`,
  ({ names }) => `${names.access}=""; ${names.refresh}=""`,
  ({ access, names }) => `${names.access}="${access}`,
  () => ";;; ; =; ==;",
  ({ access }) => `=${access}`,
  ({ access, names }) => `${names.access.toUpperCase()}=${access}`,
  ({ names }) => `${names.access}=\u00e9\u00ff; ${names.refresh}=\u00e9`,
  ({ access, names }) => `${names.access}=${access.replaceAll(".", "%2E")}`,
  ({ access, names }) => `\u00a0${names.access}=${access}`,
  ({ names }) => `${names.access}=${"a.".repeat(3000)}; ${names.refresh}=${"A".repeat(6000)}`,
  ({ names }) => `${names.access}=eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.; ${names.refresh}=...`,
];

export const hostileClauses: readonly HttpClause[] = [
  {
    id: "hostile-1",
    name: "MUST refuse malformed cookies of every kind, whole, and without a fault",
    run: (start) =>
      against(start, {}, async (app) => {
        for (const odd of ODD) same(await sendEverywhere(app, odd(await signIn(app))), [401, 401, 401, 200]);
      }),
  },
  {
    id: "hostile-2",
    name: "MUST find its cookies among a thousand others, at any place",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        const junk = Array.from({ length: 1000 }, (_, index) => `c${index}=1`).join(";");
        for (const cookie of [`${junk};${cookiesOf(own)}`, `${cookiesOf(own)};${junk}`, `a=1;\t${cookiesOf(own)} ;`])
          same((await call(app, "/api", { headers: { cookie } })).status, 200);
      }),
  },
  {
    id: "hostile-3",
    name: "MUST live through headers of 64 KB, and log nobody out",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        const big = "1".repeat(64 * 1024);
        for (const headers of [{ cookie: `a=${big}; ${cookiesOf(own)}` }, { ...withCookies(own), "anti-csrf": big }]) {
          // A server with a lower limit responds with 431, and may close the connection before it
          // has read all.
          const response = await call(app, "/api", { method: "POST", headers }).catch(() => undefined);
          ok(response === undefined || [200, 401, 431].includes(response.status), String(response?.status));
          same(response?.cookies ?? [], []);
        }
        ok(await isAlive(app, own));
      }),
  },
  {
    id: "hostile-4",
    name: "MUST refuse two access tokens once, clear the one that is not ours, and accept the same one twice",
    run: (start) =>
      against(start, PLAIN, async (app) => {
        const own = await signIn(app);
        const other = await signIn(app, {}, "mallory");
        for (const cookie of [
          `${cookiesOf(own)}; ${other.names.access}=${other.access}`,
          `${other.names.access}=${other.access}; ${cookiesOf(own)}`,
        ]) {
          const response = await call(app, "/api", { headers: { cookie, host: "shop.example.com" } });
          same([response.status, response.json()], [401, { message: "try refresh token" }]);
          ok(
            response.cookies.length > 0 &&
              response.cookies.every((line) => line.startsWith(`${own.names.access}=; Max-Age=0`)),
          );
          same(
            response.cookies.filter((line) => clearedOf(own).includes(line)),
            [],
          );
          same(response.header("cache-control"), "no-store");
        }
        const twice = `${cookiesOf(own)}; ${own.names.access}=${own.access}`;
        same((await call(app, "/api", { headers: { cookie: twice } })).status, 200);
      }),
  },
  {
    id: "hostile-5",
    name: "MUST answer two refresh tokens with a soft refusal that clears the one that is not ours, and log nobody out",
    run: (start) =>
      against(start, PLAIN, async (app) => {
        const own = await signIn(app);
        const other = await signIn(app, {}, "mallory");
        const cookie = `${other.names.refresh}=${other.refresh}; ${allCookiesOf(own)}`;
        const response = await call(app, "/session/refresh", { method: "POST", headers: { cookie } });
        same([response.status, response.json()], [409, { message: "retry" }]);
        ok(
          response.cookies.length > 0 &&
            response.cookies.every((line) => line.startsWith(`${own.names.refresh}=; Max-Age=0`)),
        );
        ok(await isAlive(app, own));
      }),
  },
  {
    id: "hostile-6",
    name: "MUST take repeated headers for no valid one, and several Cookie headers for one",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        const twice = { cookie: cookiesOf(own), "anti-csrf": [own.antiCsrf, own.antiCsrf] };
        same((await call(app, "/api", { method: "POST", headers: twice })).status, 401);
        const split = [`${own.names.access}=${own.access}`, `${own.names.marker}=${own.marker}`];
        same((await call(app, "/api", { headers: { cookie: split } })).status, 200);
        const modes = { cookie: cookiesOf(own), "st-auth-mode": ["header", "cookie"] };
        same((await call(app, "/api", { headers: modes })).status, 200);
      }),
  },
  {
    id: "hostile-7",
    name: "MUST take a cookie that is longer than browsers keep for nobody's, and judge the request by the others",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        const [name = ""] = cookiesOf(own).split("=");
        for (const filling of ["a".repeat(5000), `a${" ".repeat(5000)}b`]) {
          const cookie = `${name}=${filling}; ${cookiesOf(own)}; ${name}=${filling}c`;
          same((await call(app, "/api", { headers: { cookie } })).status, 200);
        }
      }),
  },
  {
    id: "hostile-8",
    name: "MUST serve a request with two markers, clear the one that is not ours, and clear no marker without need",
    run: (start) =>
      against(start, { config: { cookie: { hostPrefix: false } } }, async (app) => {
        const own = await signIn(app);
        const name = own.names.marker;
        const headers = { cookie: `${name}=another; ${allCookiesOf(own)}`, host: "www.shop.example.com" };
        const inOurPlace = `${name}=; ${OVER}; Path=/; Secure; SameSite=Lax`;
        const inTheSite = `${name}=; ${OVER}; Path=/; Domain=example.com; Secure; SameSite=Lax`;
        const ordinary = await call(app, "/api", { headers });
        same(ordinary.status, 200);
        ok(ordinary.cookies.every((line) => line.startsWith(`${name}=; Max-Age=0`)));
        const refreshedOnce = await call(app, "/session/refresh", { method: "POST", headers });
        same([refreshedOnce.status, credentialsOf(refreshedOnce).names], [200, own.names]);
        for (const { cookies } of [ordinary, refreshedOnce]) {
          ok(cookies.includes(inTheSite), cookies.join("\n"));
          ok(!cookies.includes(inOurPlace));
        }
        same((await call(app, "/api", { headers: { ...headers, cookie: allCookiesOf(own) } })).cookies, []);
        const signedOut = await call(app, "/session/signout", { method: "POST", headers });
        same(signedOut.status, 200);
        ok([inTheSite, inOurPlace].every((line) => signedOut.cookies.includes(line)));
      }),
  },
  {
    id: "hostile-9",
    name: "MUST use the refresh token of the session that the other cookies name, and clear the ones beside it",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        const other = await signIn(app, {}, "mallory");
        const tossed = `${other.names.refresh}=${other.refresh}`;
        const host = "shop.example.com";
        for (const cookie of [`${tossed}; ${allCookiesOf(own)}`, `${allCookiesOf(own)}; ${tossed}`]) {
          const response = await call(app, "/session/refresh", { method: "POST", headers: { cookie, host } });
          same([response.status, handleOf(credentialsOf(response))], [200, handleOf(own)]);
          const cleared = response.cookies.filter((line) => line.startsWith(`${own.names.refresh}=; Max-Age=0`));
          ok(cleared.some((line) => line.includes("; Domain=example.com;")));
        }
      }),
  },
  {
    id: "hostile-10",
    name: "MUST take a refresh token that no other cookie vouches for as absent, and sign nobody in by it",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        const other = await signIn(app, {}, "mallory");
        const tossed = `${other.names.refresh}=${other.refresh}`;
        for (const cookie of [tossed, `${cookiesOf(own)}; ${tossed}`]) {
          const response = await call(app, "/session/refresh", { method: "POST", headers: { cookie } });
          same([response.status, response.json()], [401, { message: "unauthorised" }]);
          for (const line of clearedOf(own)) ok(response.cookies.includes(line), line);
        }
      }),
  },
  {
    id: "hostile-11",
    name: "MUST NOT sign anybody out where tossed refresh tokens hide ours beside the marker of the session before",
    run: (start) =>
      against(start, {}, async (app) => {
        // A late response has set the cookies of the session that the sign-in replaced.
        const before = await signIn(app);
        const own = await signIn(app, { cookie: cookiesOf(before) });
        const tossed: string[] = [];
        for (const user of ["m1", "m2", "m3", "m4"]) tossed.push((await signIn(app, {}, user)).refresh);
        const jar = [...tossed, own.refresh].map((value) => `${own.names.refresh}=${value}`).join("; ");
        const host = "shop.example.com";
        const headers = { cookie: `${cookiesOf(before)}; ${jar}`, host };
        const response = await call(app, "/session/refresh", { method: "POST", headers });
        same([response.status, response.json()], [409, { message: "retry" }]);
        same(
          response.cookies.filter((line) => clearedOf(own).includes(line)),
          [],
        );
        ok(response.cookies.some((line) => line.startsWith(`${own.names.refresh}=; `) && line.includes("; Domain=")));
        const alone = { cookie: `${cookiesOf(before)}; ${own.names.refresh}=${own.refresh}`, host };
        const again = await call(app, "/session/refresh", { method: "POST", headers: alone });
        same([again.status, handleOf(credentialsOf(again))], [200, handleOf(own)]);
      }),
  },
  {
    id: "mounting-1",
    name: "MUST work with a body before and after it, and need none on its own routes",
    run: (start) =>
      against(start, {}, async (app) => {
        let own = await signIn(app);
        const body = JSON.stringify({ text: "Ä☃" });
        const json = { "content-type": "application/json" };
        const echo = await call(app, "/echo", { method: "POST", headers: { ...withCookies(own), ...json }, body });
        same([echo.status, echo.json()], [200, { text: "Ä☃" }]);
        const response = await call(app, "/session/refresh", {
          method: "POST",
          headers: { cookie: allCookiesOf(own), ...json },
          body,
        });
        same(response.status, 200);
        own = credentialsOf(response, own);
        const out = await call(app, "/session/signout", {
          method: "POST",
          headers: { ...withCookies(own), ...json },
          body,
        });
        same(out.status, 200);
      }),
  },
  {
    id: "mounting-2",
    name: "MUST do nothing twice when it is mounted twice",
    run: (start) =>
      against(start, { twice: true }, async (app) => {
        const response = await call(app, "/login?user=alice", { method: "POST" });
        same(ours(response).length, 3);
        const own = credentialsOf(response);
        same((await call(app, "/api", { method: "POST", headers: withCookies(own) })).status, 200);
        same(ours(await refreshed(app, own)).length, 3);
        same((await app.sessions.getSessionsForUser("alice")).length, 1);
      }),
  },
  {
    id: "mounting-3",
    name: "MUST refuse to set what can no longer be sent, with an error that says so, and end no answer",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        const response = await call(app, "/stream", { headers: withCookies(own) });
        same([response.status, response.text, ours(response)], [200, "begin RESPONSE_ALREADY_SENT", []]);
      }),
  },
  {
    id: "mounting-4",
    name: "MUST leave it to the app, with an error that names the fix, when init has not been called",
    run: (start) =>
      against(start, { uninitialised: true }, async (app) => {
        for (const path of ["/api", "/session/refresh"]) {
          const response = await call(app, path, { method: "POST" });
          same(response.status, 500);
          match(response.text, /NOT_INITIALISED/);
        }
      }),
  },
  {
    id: "mounting-5",
    name: "MUST NOT take the session that another instance has found for its own",
    run: (start) =>
      against(start, { config: { cookie: { hostPrefix: true } } }, async (app) => {
        const response = await call(app, "/second", { headers: { cookie: await signInJar(app) } });
        same([response.status, response.json()], [200, { user: null, claims: null }]);
      }),
  },
  {
    id: "mounting-6",
    name: "MUST NOT take what another middleware has left on the request for a session",
    run: (start) =>
      against(start, {}, async (app) => {
        same((await call(app, "/foreign")).json(), { user: null, claims: null });
        const own = await call(app, "/foreign", { headers: { cookie: await signInJar(app) } });
        same(own.json(), { user: "alice", claims: { role: "member" } });
      }),
  },
];

/** Signs in. @returns the response's cookies under its names */
async function signInJar(app: HttpApp): Promise<string> {
  const { cookies } = await call(app, "/login", { method: "POST" });
  return cookies.map((line) => line.slice(0, line.indexOf(";"))).join("; ");
}
