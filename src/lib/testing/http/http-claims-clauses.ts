import { deepStrictEqual as same } from "node:assert";
import {
  against,
  allCookiesOf,
  call,
  type ClientCredentials,
  cookiesOf,
  credentialsOf,
  handleOf,
  type HttpApp,
  type HttpAppOptions,
  type HttpClause,
  MINUTE,
  ours,
  signIn,
  withCookies,
} from "./http-app.ts";
import type { RawResponse } from "./raw-request.ts";

const CHECKED: NonNullable<HttpAppOptions["config"]> = { tokens: { accessToken: { revocation: "store" } } };
const REFUSED = { message: "invalid claim", claim: "role" };
const BY_RULE = { ...REFUSED, claim: "a rôle of the staff" };
const LOAD = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" };

const ask = (app: HttpApp, path: string, own: ClientCredentials): Promise<RawResponse> =>
  call(app, path, { headers: withCookies(own) });
const answerOf = ({ status, ...response }: RawResponse): readonly [number, unknown] => [status, response.json()];

const admin = { user: "alice", claims: { role: "admin" } };

export const claimsClauses: readonly HttpClause[] = [
  {
    id: "claims-1",
    name: "MUST let pass who has the claims that a route demands, and answer others with 403 and the claim's name, touching no cookie",
    async run(start) {
      for (const diagnostics of [false, true]) {
        await against(start, { config: { http: { diagnostics } } }, async (app) => {
          const member = await signIn(app);
          const own = await signIn(app, {}, "alice", "&role=admin");
          for (const [path, body] of [
            ["/admin", REFUSED],
            ["/rule", BY_RULE],
          ] as const) {
            same(answerOf(await ask(app, path, own)), [200, admin]);
            const refused = await ask(app, path, member);
            same([path, ...answerOf(refused), refused.cookies], [path, 403, body, []]);
            const headers = ["cache-control", "www-authenticate", "counterfoil-reason", "content-type"].map((name) =>
              refused.header(name),
            );
            const reason = diagnostics ? "CLAIM_REQUIRED" : undefined;
            same(headers, ["no-store", undefined, reason, "application/json; charset=utf-8"]);
          }
        });
      }
    },
  },
  {
    id: "claims-2",
    name: "MUST ask for a session, an anti-CSRF token and a fresh access token before it looks at the claims",
    run: (start) =>
      against(start, { config: CHECKED }, async (app) => {
        const own = await signIn(app);
        const tryRefresh = [401, { message: "try refresh token" }] as const;
        same(answerOf(await call(app, "/admin")), tryRefresh);
        const headers = { cookie: cookiesOf(own) };
        same(answerOf(await call(app, "/admin", { method: "POST", headers })), tryRefresh);
        const gone = await signIn(app, {}, "bob");
        await app.sessions.revokeSessionUsingSessionHandle(handleOf(gone));
        same(answerOf(await ask(app, "/admin", gone)), [401, { message: "unauthorised" }]);
        app.clock.now += 15 * MINUTE;
        same(answerOf(await ask(app, "/admin", own)), tryRefresh);
      }),
  },
  {
    id: "claims-3",
    name: "MUST go by the newest claims where each request asks the store, and send an access token with them",
    run: (start) =>
      against(start, { config: CHECKED }, async (app) => {
        const own = await signIn(app);
        await app.sessions.updateJwtPayload(handleOf(own), { role: "admin" });
        for (const path of ["/admin", "/rule"]) {
          const granted = await ask(app, path, own);
          same([...answerOf(granted), ours(granted).length], [200, admin, 1]);
          same(answerOf(await ask(app, path, credentialsOf(granted, own))), [200, admin]);
        }
        const holder = credentialsOf(await ask(app, "/api", own), own);
        await app.sessions.updateJwtPayload(handleOf(own), { role: "member" });
        same(answerOf(await ask(app, "/admin", holder)), [403, REFUSED]);
        same(answerOf(await ask(app, "/rule", holder)), [403, BY_RULE]);
        same(answerOf(await ask(app, "/api", holder)), [200, { user: "alice", claims: { role: "member" } }]);
      }),
  },
  {
    id: "claims-4",
    name: "MUST go by the claims of the access token otherwise, and by those of its successor after a refresh",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        await app.sessions.updateJwtPayload(handleOf(own), { role: "admin" });
        same(answerOf(await ask(app, "/admin", own)), [403, REFUSED]);
        const headers = { cookie: allCookiesOf(own) };
        const refreshed = await call(app, "/session/refresh", { method: "POST", headers });
        same(answerOf(await ask(app, "/admin", credentialsOf(refreshed, own))), [200, admin]);
      }),
  },
  {
    id: "claims-5",
    name: "MUST apply the claims to pages, also to one that is refreshed on its way, and let nobody pass where no session is needed",
    run: (start) =>
      against(start, { config: { cookie: { hostPrefix: true } } }, async (app) => {
        const load = async (cookie?: string): Promise<readonly [number, unknown]> =>
          answerOf(await call(app, "/page-admin", { headers: { ...LOAD, cookie } }));
        same(await load(), [200, { user: null, claims: null }]);
        const member = await signIn(app);
        const own = await signIn(app, {}, "alice", "&role=admin");
        same(
          [await load(cookiesOf(member)), await load(cookiesOf(own))],
          [
            [403, REFUSED],
            [200, admin],
          ],
        );
        app.clock.now += 15 * MINUTE;
        same(
          [await load(allCookiesOf(member)), await load(allCookiesOf(own))],
          [
            [403, REFUSED],
            [200, admin],
          ],
        );
      }),
  },
  {
    id: "claims-6",
    name: "MUST tell SuperTokens clients by their own status and member which claim is invalid, so that none refreshes",
    async run(start) {
      for (const sessionExpiredStatus of [401, 440] as const) {
        const http = { dialects: ["counterfoil", "supertokens"], sessionExpiredStatus } as const;
        await against(start, { config: { http } }, async (app) => {
          const own = await signIn(app);
          const claimValidationErrors = [{ id: "role", reason: { message: "invalid claim" } }];
          same(answerOf(await ask(app, "/admin", own)), [403, { ...REFUSED, claimValidationErrors }]);
        });
      }
    },
  },
];
