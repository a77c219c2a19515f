import { deepStrictEqual as same } from "node:assert";
import {
  against,
  allCookiesOf,
  call,
  type ClientCredentials,
  credentialsOf,
  handleOf,
  type HttpApp,
  type HttpAppOptions,
  type HttpClause,
  signIn,
  withCookies,
} from "./http-app.ts";
import type { RawResponse } from "./raw-request.ts";

const CHECKED: NonNullable<HttpAppOptions["config"]> = { tokens: { accessToken: { revocation: "store" } } };
const REFUSED = { message: "insufficient_user_authentication" };
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
];
