import { deepStrictEqual as same, notStrictEqual as differ } from "node:assert";
import {
  against,
  allCookiesOf,
  call,
  credentialsOf,
  type ClientCredentials,
  type HttpApp,
  type HttpClause,
  MINUTE,
  SECOND,
  signIn,
  withCookies,
} from "./http-app.ts";
import type { RawResponse, SentHeaders } from "./raw-request.ts";

/** A config that supports SuperTokens clients. */
export const SPOKEN = { http: { dialects: ["counterfoil", "supertokens"] } } as const;

const front = (response: RawResponse): unknown =>
  JSON.parse(Buffer.from(response.header("front-token") ?? "", "base64").toString("utf8")) as unknown;
const refreshPage = (app: HttpApp, own: ClientCredentials, headers: SentHeaders = {}): Promise<RawResponse> =>
  call(app, "/auth/session/refresh", { method: "POST", headers: { cookie: allCookiesOf(own), ...headers } });

export const dialectClauses: readonly HttpClause[] = [
  {
    id: "dialect-1",
    name: "MUST tell SuperTokens clients of each new access token, in header and cookie transport",
    run: (start) =>
      against(start, { config: SPOKEN }, async (app) => {
        for (const mode of ["cookie", "header"]) {
          const response = await call(app, "/login?user=alice", { method: "POST", headers: { "st-auth-mode": mode } });
          const own = credentialsOf(response);
          const up = { role: "member", iat: Math.floor(app.clock.now / SECOND) };
          same(front(response), { uid: "alice", ate: app.clock.now + 15 * MINUTE, up });
          const id = mode === "cookie" ? `${own.marker};${app.clock.now + 100 * 24 * 60 * MINUTE}` : undefined;
          same(response.header("id-refresh-token"), id);
          const headers = mode === "cookie" ? withCookies(own) : { authorization: `Bearer ${own.access}` };
          const changed = await call(app, "/claims", { method: "POST", headers });
          same(front(changed), {
            uid: "alice",
            ate: app.clock.now + 15 * MINUTE,
            up: { ...up, role: "Ädmin ☃" },
          });
        }
      }),
  },
  {
    id: "dialect-2",
    name: "MUST refresh and sign out where SuperTokens clients look for it, and say when the session is over",
    run: (start) =>
      against(start, { config: SPOKEN }, async (app) => {
        const own = await signIn(app);
        const response = await refreshPage(app, own);
        same([response.status, response.json()], [200, { status: "OK" }]);
        const next = credentialsOf(response, own);
        differ(response.header("id-refresh-token"), undefined);
        const mode = { "st-auth-mode": "cookie" };
        const out = await call(app, "/auth/signout", { method: "POST", headers: { ...withCookies(next), ...mode } });
        same([out.status, out.json()], [200, { status: "OK" }]);
        same([out.header("id-refresh-token"), out.header("front-token")], ["remove", "remove"]);
        // Older clients, which do not send their mode, cannot parse the front token.
        const over = await refreshPage(app, next);
        same([over.status, over.header("id-refresh-token"), over.header("front-token")], [401, "remove", undefined]);
      }),
  },
  {
    id: "dialect-3",
    name: "MUST answer 440 in place of 401 where http.sessionExpiredStatus says so",
    run: (start) =>
      against(start, { config: { http: { ...SPOKEN.http, sessionExpiredStatus: 440 } } }, async (app) => {
        const own = await signIn(app);
        same((await call(app, "/api")).status, 440);
        same((await refreshPage(app, { ...own, refresh: "x" })).status, 440);
        app.clock.now += 5 * MINUTE + SECOND;
        same((await call(app, "/fresh", { headers: withCookies(own) })).status, 401);
      }),
  },
  {
    id: "dialect-4",
    name: "MUST speak not a word of SuperTokens where it is not asked to",
    run: (start) =>
      against(start, {}, async (app) => {
        const response = await call(app, "/login?user=alice", { method: "POST" });
        same([response.header("front-token"), response.header("id-refresh-token")], [undefined, undefined]);
        same((await call(app, "/auth/signout", { method: "POST" })).status, 404);
      }),
  },
  {
    id: "dialect-5",
    name: "MUST tell a SuperTokens client the claims once, and every other client in the header that it reads",
    async run(start) {
      const login = (app: HttpApp, headers: SentHeaders): Promise<RawResponse> =>
        call(app, "/login?user=alice", { method: "POST", headers });
      const theirs = [
        { "st-auth-mode": "cookie" },
        { "st-auth-mode": "header" },
        { rid: "anti-csrf" },
        { "fdi-version": "1.16" },
      ];
      const others = [{}, { rid: "1" }];
      await against(start, { config: SPOKEN }, async (app) => {
        for (const headers of theirs) {
          const response = await login(app, headers);
          same([response.status, response.header("counterfoil-user")], [200, undefined]);
          differ(response.header("front-token"), undefined);
        }
        for (const headers of others) differ((await login(app, headers)).header("counterfoil-user"), undefined);
      });
      await against(start, {}, async (app) => {
        for (const headers of [...theirs, ...others])
          differ((await login(app, headers)).header("counterfoil-user"), undefined);
      });
    },
  },
];
