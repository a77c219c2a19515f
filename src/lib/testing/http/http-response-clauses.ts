import { deepStrictEqual as same, ok } from "node:assert";
import {
  against,
  call,
  clearedOf,
  cookiesOf,
  handleOf,
  type HttpClause,
  MINUTE,
  ours,
  SHOP_CONFIG,
  signIn,
  TRUSTED,
  withCookies,
} from "./http-app.ts";
import { REFUSALS } from "./http-refusals.ts";

const refusals = REFUSALS.map(
  ({ id, name, config, bring, status, message, code, challenge, retryAfter, cleared }): HttpClause => ({
    id,
    name: `MUST answer ${name} with ${status} ${message}, ${cleared === true ? "clear" : "touch no"} cookies, and tell no token, and the reason only with http.diagnostics`,
    async run(start) {
      for (const diagnostics of [false, true]) {
        await against(start, { config: { ...config, http: { diagnostics } } }, async (app) => {
          const own = await signIn(app);
          const response = await bring(app, own);
          same(
            {
              status: response.status,
              body: response.json(),
              cookies: ours(response),
              challenge: response.header("www-authenticate")?.replace(handleOf(own), "<handle>"),
              retryAfter: response.header("retry-after"),
              cacheControl: response.header("cache-control"),
              contentType: response.header("content-type"),
              reason: response.header("counterfoil-reason"),
            },
            {
              status,
              body: { message },
              cookies: cleared === true ? clearedOf(own) : [],
              challenge: diagnostics ? challenge : challenge?.replace(/, error_description="[^"]*"/, ""),
              retryAfter,
              cacheControl: "no-store",
              contentType: "application/json; charset=utf-8",
              reason: diagnostics ? code : undefined,
            },
          );
          const said = [response.text, ...response.headers.flat()].join("\n");
          for (const token of [own.access, own.refresh, own.antiCsrf]) same(said.includes(token.slice(-20)), false);
        });
      }
    },
  }),
);

export const responseClauses: readonly HttpClause[] = [
  ...refusals,
  {
    id: "answers-24",
    name: "MUST let pass what needs no session, and refuse one that has expired, so that it is refreshed",
    run: (start) =>
      against(start, {}, async (app) => {
        const nobody = { user: null, claims: null };
        same((await call(app, "/maybe")).json(), nobody);
        const own = await signIn(app);
        same((await call(app, "/maybe", { headers: withCookies(own) })).json(), {
          user: "alice",
          claims: { role: "member" },
        });
        const marker = { cookie: `${own.names.marker}=${own.marker}` };
        same((await call(app, "/maybe", { headers: marker })).status, 401);
        app.clock.now += 15 * MINUTE;
        same((await call(app, "/maybe", { headers: withCookies(own) })).status, 401);
      }),
  },
  {
    id: "answers-25",
    name: "MUST list a user's own devices, end one of them or all others, and publish public keys only",
    run: (start) =>
      against(start, { config: { tokens: { accessToken: { signing: "EdDSA" } } } }, async (app) => {
        const own = await signIn(app);
        const other = await signIn(app);
        await signIn(app, {}, "bob");
        const revoke = (query: string): ReturnType<typeof call> =>
          call(app, `/session/sessions/revoke${query}`, { method: "POST", headers: withCookies(own) });
        const list = await call(app, "/session/sessions", { headers: withCookies(own) });
        const { sessions } = list.json() as { sessions: readonly { handle: string; current: boolean }[] };
        same([list.status, list.header("cache-control")], [200, "no-store"]);
        same(
          new Map(sessions.map(({ handle, current }) => [handle, current])),
          new Map([
            [handleOf(own), true],
            [handleOf(other), false],
          ]),
        );
        const end = await revoke(`?handle=${handleOf(other)}`);
        same([end.status, end.json()], [200, { revoked: 1 }]);
        const rest = await revoke("?others=true");
        same([rest.status, rest.json()], [200, { revoked: 0 }]);
        const keys = (await call(app, "/.well-known/jwks.json")).json() as { keys: Record<string, unknown>[] };
        same(keys.keys.length > 0 && keys.keys.every((key) => !("d" in key) && !("k" in key)), true);
      }),
  },
  {
    id: "answers-26",
    name: "MUST answer a wrong method at a ready route with 405, HEAD as GET without a body, and leave other paths to the app",
    run: (start) =>
      against(start, {}, async (app) => {
        const wrong = await call(app, "/session/refresh");
        same([wrong.status, wrong.header("allow"), wrong.json()], [405, "POST", { message: "method not allowed" }]);
        const head = await call(app, "/.well-known/jwks.json", { method: "HEAD" });
        same([head.status, head.text], [200, ""]);
        same((await call(app, "/session/nothing")).status, 404);
      }),
  },
  {
    id: "answers-27",
    name: "MUST leave errors of the app's own to the app",
    run: (start) =>
      against(start, {}, async (app) => {
        const response = await call(app, "/fault");
        same([response.status, response.json()], [500, { app: "fault" }]);
      }),
  },
  {
    id: "answers-28",
    name: "MUST answer an error without the headers of the body that never came, and with its cookies and those of CORS",
    run: (start) =>
      against(start, { config: { ...SHOP_CONFIG, cookie: { hostPrefix: false } } }, async (app) => {
        const own = await signIn(app);
        await app.sessions.revokeSessionUsingSessionHandle(handleOf(own));
        // Two markers: the duplicate is cleared by a cookie that is set before the error.
        const cookie = `${cookiesOf(own)}; ${own.names.marker}=1.other`;
        for (const method of ["GET", "HEAD"]) {
          const response = await call(app, "/half", { method, headers: { cookie, origin: TRUSTED } });
          const text = method === "HEAD" ? "" : '{"message":"unauthorised"}';
          same([response.status, response.text], [401, text]);
          same(response.header("content-type"), "application/json; charset=utf-8");
          const length = response.header("content-length");
          ok(length === undefined || Number(length) === 26 || (method === "HEAD" && length === "0"), length);
          same(
            response.headers.filter(([name]) => OF_A_BODY.has(name)),
            [],
          );
          same(response.header("access-control-allow-origin"), TRUSTED);
          ok(ours(response).length > 0, "the duplicate is not cleared");
        }
      }),
  },
];

const OF_A_BODY: ReadonlySet<string> = new Set(
  ["accept-ranges", "content-disposition", "content-encoding", "content-language", "content-location"].concat([
    "content-range",
    "etag",
    "last-modified",
  ]),
);
