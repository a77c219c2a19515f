import { deepStrictEqual as same } from "node:assert";
import {
  against,
  allCookiesOf,
  call,
  type ClientCredentials,
  credentialsOf,
  handleOf,
  MINUTE,
  ours,
  refreshed,
  type HttpApp,
  type HttpAppOptions,
  type HttpClause,
  signIn,
  withCookies,
} from "./http-app.ts";
import type { RawResponse } from "./raw-request.ts";

const CHECKED: NonNullable<HttpAppOptions["config"]> = { tokens: { accessToken: { revocation: "store" } } };
const REFUSED = { message: "insufficient_user_authentication" };
const ALICE = { user: "alice", claims: { role: "member" } };
const CHALLENGE = 'Bearer error="insufficient_user_authentication", amr_values="mfa"';

const ask = (app: HttpApp, path: string, own: ClientCredentials): Promise<RawResponse> =>
  call(app, path, { headers: withCookies(own) });
const statusOf = async (app: HttpApp, path: string, own: ClientCredentials): Promise<number> =>
  (await ask(app, path, own)).status;

export const stepUpClauses: readonly HttpClause[] = [
  {
    id: "step-up-1",
    name: "MUST let pass whose sign-in used the methods that a route demands, and tell others which, touching no cookie",
    async run(start) {
      for (const dialects of [["counterfoil"], ["counterfoil", "supertokens"]] as const) {
        await against(start, { config: { http: { dialects, diagnostics: true } } }, async (app) => {
          const own = await signIn(app, {}, "alice", "&amr=pwd&amr=otp&amr=mfa");
          same(await statusOf(app, "/mfa", own), 200);
          for (const details of ["", "&amr=pwd", "&amr=MFA"]) {
            const weak = await signIn(app, {}, "alice", details);
            const refused = await ask(app, "/mfa", weak);
            // SuperTokens clients would refresh on 401.
            same([refused.status, refused.json(), refused.cookies], [dialects.length === 1 ? 401 : 403, REFUSED, []]);
            same(refused.header("www-authenticate"), CHALLENGE);
            same(refused.header("counterfoil-reason"), "STEP_UP_REQUIRED");
          }
        });
      }
    },
  },
  {
    id: "step-up-2",
    name: "MUST keep the methods of the sign-in over refreshes and new claims",
    run: (start) =>
      against(start, { config: CHECKED }, async (app) => {
        for (const [details, status] of [
          ["&amr=mfa", 200],
          ["&amr=pwd", 401],
        ] as const) {
          let own = await signIn(app, {}, "alice", details);
          const path = "/session/refresh";
          own = credentialsOf(await call(app, path, { method: "POST", headers: { cookie: allCookiesOf(own) } }), own);
          same([details, await statusOf(app, "/mfa", own)], [details, status]);
          own = credentialsOf(await call(app, "/claims", { method: "POST", headers: withCookies(own) }), own);
          same([details, await statusOf(app, "/mfa", own)], [details, status]);
          await app.sessions.updateJwtPayload(handleOf(own), { role: "admin" });
          own = credentialsOf(await ask(app, "/api", own), own);
          same([details, await statusOf(app, "/mfa", own)], [details, status]);
        }
      }),
  },
  {
    id: "step-up-3",
    name: "MUST renew the sign-in in the same session, with the access token's cookie only where the refresh token is not in the request",
    async run(start) {
      for (const config of [{}, CHECKED]) {
        await against(start, { config }, async (app) => {
          let own = await signIn(app, {}, "alice", "&amr=pwd");
          const before = own;
          app.clock.now += 6 * MINUTE;
          same([await statusOf(app, "/fresh", own), await statusOf(app, "/mfa", own)], [401, 401]);
          const again = await call(app, "/again?amr=pwd&amr=mfa", { method: "POST", headers: withCookies(own) });
          same([again.status, again.json()], [200, ALICE]);
          same(
            ours(again).map((line) => line.split("=")[0]),
            [own.names.access],
          );
          own = credentialsOf(again, own);
          same([await statusOf(app, "/fresh", own), await statusOf(app, "/mfa", own)], [200, 200]);
          // A copy of the earlier access token gets none of it, also not by newer claims.
          same([await statusOf(app, "/fresh", before), await statusOf(app, "/mfa", before)], [401, 401]);
          const changed = await call(app, "/claims", { method: "POST", headers: withCookies(before) });
          const copied = credentialsOf(changed, before);
          same([await statusOf(app, "/fresh", copied), await statusOf(app, "/mfa", copied)], [401, 401]);
          // It expires when the one before would have.
          app.clock.now += 9 * MINUTE;
          same(await statusOf(app, "/api", own), 401);
          own = credentialsOf(await refreshed(app, own), own);
          same([await statusOf(app, "/api", own), await statusOf(app, "/mfa", own)], [200, 200]);
          const listed = await app.sessions.getSessionsForUser("alice");
          same(
            listed.map(({ handle, authTime }) => [handle, app.clock.now - authTime]),
            [[handleOf(before), 9 * MINUTE]],
          );
        });
      }
    },
  },
  {
    id: "step-up-4",
    name: "MUST rotate the refresh token that comes with a new sign-in, without an alarm for whatever was lost or is late",
    run: (start) =>
      against(start, {}, async (app) => {
        let alarms = 0;
        app.sessions.on("reuse-detected", () => (alarms += 1));
        const path = "/session/refresh/again?amr=mfa";
        const again = (own: ClientCredentials): Promise<RawResponse> =>
          call(app, path, { method: "POST", headers: { ...withCookies(own), cookie: allCookiesOf(own) } });
        const first = await signIn(app);
        const answer = await again(first);
        same([answer.status, answer.json(), ours(answer).length], [200, ALICE, 3]);
        const second = credentialsOf(answer, first);
        same([second.refresh === first.refresh, second.antiCsrf], [false, first.antiCsrf]);
        same([await statusOf(app, "/mfa", second), handleOf(second)], [200, handleOf(first)]);
        // The answer was lost, and the client goes on with its tokens of before.
        same((await refreshed(app, first)).status, 200);
        // A child that has not settled is not set again.
        const young = await again(second);
        same([young.status, ours(young).length], [200, 2]);
        app.clock.now += MINUTE;
        const third = credentialsOf(await refreshed(app, second), second);
        app.clock.now += MINUTE;
        // A refresh with this token would raise the alarm.
        const late = await again({ ...third, refresh: first.refresh });
        same([late.status, ours(late).length, alarms], [200, 1, 0]);
        same((await refreshed(app, third)).status, 200);
      }),
  },
  {
    id: "step-up-5",
    name: "MUST refuse a new sign-in in a session that has ended, and write nothing while the store is down",
    run: (start) =>
      against(start, {}, async (app) => {
        const [own, gone] = [await signIn(app), await signIn(app, {}, "bob")];
        await app.sessions.revokeSessionUsingSessionHandle(handleOf(gone));
        const over = await call(app, "/again", { method: "POST", headers: withCookies(gone) });
        same([over.status, over.json(), over.cookies], [401, { message: "unauthorised" }, []]);
        app.clock.now += 6 * MINUTE;
        app.setStoreDown(true);
        const down = await call(app, "/again?amr=mfa", { method: "POST", headers: withCookies(own) });
        same([down.status, down.cookies], [503, []]);
        app.setStoreDown(false);
        same([await statusOf(app, "/fresh", own), await statusOf(app, "/mfa", own)], [401, 401]);
      }),
  },
  {
    id: "step-up-6",
    name: "MUST do the same for tokens in headers, and rotate a refresh token that is sent along",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app, { "st-auth-mode": "header" });
        app.clock.now += 6 * MINUTE;
        const authorization = `Bearer ${own.access}`;
        const plain = await call(app, "/again?amr=mfa", { method: "POST", headers: { authorization } });
        same([plain.status, plain.json(), plain.header("st-refresh-token")], [200, ALICE, undefined]);
        const next = credentialsOf(plain, own);
        const mfa = { authorization: `Bearer ${next.access}` };
        same((await call(app, "/mfa", { headers: mfa })).status, 200);
        const headers = { ...mfa, "st-refresh-token": own.refresh };
        const rotated = await call(app, "/again?amr=mfa", { method: "POST", headers });
        same([rotated.status, rotated.header("st-refresh-token") === own.refresh], [200, false]);
        same(rotated.header("st-refresh-token")?.length, own.refresh.length);
      }),
  },
];
