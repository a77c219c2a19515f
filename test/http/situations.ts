/** Every situation in which a request is refused, and the answer that clients rely on. */
import type { CounterfoilConfig } from "counterfoil";
import type { VerifySessionOptions } from "counterfoil/express";
import { apiCookies, callApi, type Credentials, MINUTE, SECOND, type TestApp } from "./fixtures.ts";
import type { Answer } from "./send.ts";

export interface Situation {
  readonly name: string;
  readonly config?: Omit<CounterfoilConfig, "store" | "clock">;
  readonly protect?: VerifySessionOptions;
  /** Brings about the situation for a session that has just begun, and sends the request that is refused. */
  readonly run: (app: TestApp, own: Credentials) => Promise<Answer>;
  readonly status: number;
  readonly message: string;
  readonly code: string;
  readonly challenge?: string;
  readonly retryAfter?: string;
  /** Whether the three cookies are cleared; otherwise none is touched. */
  readonly cleared?: boolean;
}

export const NO_CREDENTIAL = 'Bearer realm="session"';
export const invalid = (description: string): string =>
  `Bearer realm="session", error="invalid_token", error_description="${description}"`;
const CHECKED = { tokens: { accessToken: { blacklisting: "store" } } } as const;
export const FOREIGN = { origin: "https://evil.example" };

const tryRefresh = { status: 401, message: "try refresh token" } as const;
export const gone = { status: 401, message: "unauthorised" } as const;
export const refusedCsrf = { status: 403, message: "csrf", code: "CSRF_REFUSED" } as const;
export const unavailable = { status: 503, message: "unavailable", code: "STORE_UNAVAILABLE", retryAfter: "1" } as const;

const api = (app: TestApp, own: Credentials, method: string, headers: Record<string, string>): Promise<Answer> =>
  app.send({ method, path: "/api", headers: { cookie: apiCookies(own), ...headers } });

export const post = (app: TestApp, path: string, headers: Record<string, string>): Promise<Answer> =>
  app.send({ method: "POST", path, headers });

export const ON_PROTECTED_ROUTES: readonly Situation[] = [
  {
    name: "no access token",
    run: (app) => app.send({ path: "/api" }),
    ...tryRefresh,
    code: "ACCESS_TOKEN_MISSING",
    challenge: NO_CREDENTIAL,
  },
  {
    name: "an expired access token",
    run(app, own) {
      app.clock.now += 15 * MINUTE;
      return callApi(app, own);
    },
    ...tryRefresh,
    code: "ACCESS_TOKEN_EXPIRED",
    challenge: invalid("the access token has expired"),
  },
  {
    name: "an access token that is not ours",
    run: (app, own) => callApi(app, { ...own, access: `${own.access.slice(0, -1)}!` }),
    ...tryRefresh,
    code: "ACCESS_TOKEN_INVALID",
    challenge: invalid("the access token is not one that this installation made, or its key is gone"),
  },
  {
    name: "no anti-CSRF token",
    run: (app, own) => api(app, own, "POST", {}),
    ...tryRefresh,
    code: "ANTI_CSRF_MISSING",
    challenge: invalid("the anti-CSRF token is missing"),
  },
  {
    name: "a wrong anti-CSRF token",
    run: (app, own) => api(app, own, "POST", { "anti-csrf": `${own.antiCsrf.slice(1)}A` }),
    ...tryRefresh,
    code: "ANTI_CSRF_MISMATCH",
    challenge: invalid("the anti-CSRF token does not belong to this session"),
  },
  {
    name: "a cross-site request",
    run: (app, own) => api(app, own, "POST", { "anti-csrf": own.antiCsrf, ...FOREIGN }),
    ...refusedCsrf,
  },
  {
    name: "a revoked session, where revocation is checked",
    config: CHECKED,
    async run(app, own) {
      await app.sessions.revokeSessionUsingSessionHandle(own.handle);
      return callApi(app, own, "GET");
    },
    ...gone,
    code: "SESSION_NOT_FOUND",
    challenge: invalid("the session has been revoked or has expired"),
  },
  {
    name: "a sign-in that is too old",
    protect: { maxAuthAge: "5m" },
    run(app, own) {
      app.clock.now += 5 * MINUTE + SECOND;
      return callApi(app, own);
    },
    status: 401,
    message: "insufficient_user_authentication",
    code: "STEP_UP_REQUIRED",
    challenge: 'Bearer error="insufficient_user_authentication", max_age="300"',
  },
  {
    name: "store down, where revocation is checked",
    config: CHECKED,
    run(app, own) {
      app.store.down = true;
      return callApi(app, own);
    },
    ...unavailable,
  },
  {
    name: "instance closed",
    async run(app, own) {
      await app.sessions.close();
      return callApi(app, own);
    },
    ...unavailable,
    code: "CLOSED",
  },
];

export const ON_SIGN_OUT_AND_SIGN_IN: readonly Situation[] = [
  {
    name: "sign-out without a session",
    run: (app) => post(app, "/session/signout", {}),
    ...gone,
    code: "SESSION_NOT_FOUND",
    challenge: invalid("there is no session to sign out of"),
    cleared: true,
  },
  {
    name: "sign-out for the second time",
    async run(app, own) {
      await post(app, "/session/signout", { cookie: apiCookies(own) });
      return post(app, "/session/signout", { cookie: apiCookies(own) });
    },
    ...gone,
    code: "SESSION_NOT_FOUND",
    challenge: invalid("there is no session to sign out of"),
    cleared: true,
  },
  {
    name: "sign-out, cross-site",
    run: (app, own) => post(app, "/session/signout", { cookie: apiCookies(own), ...FOREIGN }),
    ...refusedCsrf,
  },
  {
    name: "sign-out, store down",
    run(app, own) {
      app.store.down = true;
      return post(app, "/session/signout", { cookie: apiCookies(own) });
    },
    ...unavailable,
  },
  { name: "sign-in, cross-site", run: (app) => post(app, "/login", FOREIGN), ...refusedCsrf },
  {
    name: "sign-in, store down",
    run(app) {
      app.store.down = true;
      return post(app, "/login", {});
    },
    ...unavailable,
  },
  {
    name: "list of sessions, store down",
    run(app, own) {
      app.store.down = true;
      return app.send({ path: "/session/sessions", headers: { cookie: apiCookies(own) } });
    },
    ...unavailable,
  },
];
