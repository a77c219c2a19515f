import {
  allCookiesOf,
  call,
  cookiesOf,
  DAY,
  FOREIGN,
  handleOf,
  credentialsOf,
  type ClientCredentials,
  type HttpApp,
  type HttpAppOptions,
  MINUTE,
  refreshed,
  SECOND,
  signIn,
  withCookies,
} from "./http-app.ts";
import type { RawResponse, SentHeaders } from "./raw-request.ts";

/** A situation in which a request is refused, and the response that clients rely on. */
export interface Refusal {
  readonly id: string;
  readonly name: string;
  readonly config?: HttpAppOptions["config"];
  readonly bring: (app: HttpApp, own: ClientCredentials) => Promise<RawResponse>;
  readonly status: number;
  readonly message: string;
  readonly code: string;
  readonly challenge?: string;
  readonly retryAfter?: string;
  readonly cleared?: boolean;
}

const NO_CREDENTIAL = 'Bearer realm="session"';
const invalid = (why: string): string => `Bearer realm="session", error="invalid_token", error_description="${why}"`;
const tryRefresh = { status: 401, message: "try refresh token" };
const gone = { status: 401, message: "unauthorised" };
const forbidden = { status: 403, message: "csrf", code: "CSRF_REFUSED" };
const down = { status: 503, message: "unavailable", code: "STORE_UNAVAILABLE", retryAfter: "1" };
const CHECKED = { tokens: { accessToken: { revocation: "store" } } } as const;

const post = (app: HttpApp, path: string, headers: SentHeaders): Promise<RawResponse> =>
  call(app, path, { method: "POST", headers });

const broken = (token: string): string => `${token.slice(0, -1)}!`;

/** Rotates twice: the first token of `own` was superseded `age` ms ago. */
async function supersede(app: HttpApp, own: ClientCredentials, age: number): Promise<void> {
  const child = credentialsOf(await refreshed(app, own), own);
  app.clock.now += 30 * SECOND;
  await refreshed(app, child);
  app.clock.now += age;
}

export const REFUSALS: readonly Refusal[] = [
  {
    id: "answers-1",
    name: "no access token",
    bring: (app) => call(app, "/api"),
    ...tryRefresh,
    code: "ACCESS_TOKEN_MISSING",
    challenge: NO_CREDENTIAL,
  },
  {
    id: "answers-2",
    name: "an expired access token",
    bring(app, own) {
      app.clock.now += 15 * MINUTE;
      return call(app, "/api", { headers: withCookies(own) });
    },
    ...tryRefresh,
    code: "ACCESS_TOKEN_EXPIRED",
    challenge: invalid("the access token has expired"),
  },
  {
    id: "answers-3",
    name: "an access token that is not ours",
    bring: (app, own) => call(app, "/api", { headers: withCookies({ ...own, access: broken(own.access) }) }),
    ...tryRefresh,
    code: "ACCESS_TOKEN_INVALID",
    challenge: invalid("the access token is not one that this installation made, or its key is gone"),
  },
  {
    id: "answers-4",
    name: "an unsafe request without the anti-CSRF token",
    bring: (app, own) => post(app, "/api", { cookie: cookiesOf(own) }),
    ...tryRefresh,
    code: "ANTI_CSRF_MISSING",
    challenge: invalid("the anti-CSRF token is missing"),
  },
  {
    id: "answers-5",
    name: "an unsafe request with the anti-CSRF token of another session",
    async bring(app, own) {
      const other = await signIn(app, {}, "bob");
      return post(app, "/api", { cookie: cookiesOf(own), "anti-csrf": other.antiCsrf });
    },
    ...tryRefresh,
    code: "ANTI_CSRF_MISMATCH",
    challenge: invalid("the anti-CSRF token does not belong to this session"),
  },
  {
    id: "answers-6",
    name: "a cross-site request to a protected route",
    bring: (app, own) => post(app, "/api", { ...withCookies(own), origin: FOREIGN }),
    ...forbidden,
  },
  {
    id: "answers-7",
    name: "a revoked session where revocation is checked",
    config: CHECKED,
    async bring(app, own) {
      await app.sessions.revokeSessionUsingSessionHandle(handleOf(own));
      return call(app, "/api", { headers: withCookies(own) });
    },
    ...gone,
    code: "SESSION_NOT_FOUND",
    challenge: invalid("the session has been revoked or has expired"),
  },
  {
    id: "answers-8",
    name: "a sign-in that is too old for the route",
    bring(app, own) {
      app.clock.now += 5 * MINUTE + SECOND;
      return call(app, "/fresh", { headers: withCookies(own) });
    },
    status: 401,
    message: "insufficient_user_authentication",
    code: "STEP_UP_REQUIRED",
    challenge: 'Bearer error="insufficient_user_authentication", max_age="300"',
  },
  {
    id: "answers-9",
    name: "a store that is down where revocation is checked",
    config: CHECKED,
    bring(app, own) {
      app.setStoreDown(true);
      return call(app, "/api", { headers: withCookies(own) });
    },
    ...down,
  },
  {
    id: "answers-10",
    name: "a refresh without a token",
    bring: (app) => post(app, "/session/refresh", {}),
    ...gone,
    code: "REFRESH_TOKEN_MISSING",
    challenge: NO_CREDENTIAL,
    cleared: true,
  },
  {
    id: "answers-11",
    name: "a refresh with a token that is not ours",
    bring: (app, own) => refreshed(app, { ...own, refresh: `${own.refresh.slice(0, -4)}AAAA` }),
    ...gone,
    code: "REFRESH_TOKEN_INVALID",
    challenge: invalid("the refresh token is not one that this installation made, or its key is gone"),
    cleared: true,
  },
  {
    id: "answers-12",
    name: "a refresh of a revoked session",
    async bring(app, own) {
      await app.sessions.revokeSessionUsingSessionHandle(handleOf(own));
      return refreshed(app, own);
    },
    ...gone,
    code: "SESSION_NOT_FOUND",
    challenge: invalid("the session has been revoked, or has expired and was removed"),
    cleared: true,
  },
  {
    id: "answers-13",
    name: "a refresh of an expired session",
    bring(app, own) {
      app.clock.now += 100 * DAY;
      return refreshed(app, own);
    },
    ...gone,
    code: "SESSION_EXPIRED",
    challenge: invalid("the session has expired"),
    cleared: true,
  },
  {
    id: "answers-14",
    name: "a theft",
    async bring(app, own) {
      await supersede(app, own, 10 * SECOND + 1);
      return refreshed(app, own);
    },
    status: 401,
    message: "token theft detected",
    code: "TOKEN_THEFT_DETECTED",
    challenge: invalid(
      "a superseded refresh token of session <handle> was presented: two parties hold its tokens, and the session was revoked",
    ),
    cleared: true,
  },
  {
    id: "answers-15",
    name: "a token that was superseded a moment ago",
    async bring(app, own) {
      await supersede(app, own, 10 * SECOND);
      return refreshed(app, own);
    },
    status: 409,
    message: "retry",
    code: "REFRESH_TOKEN_SUPERSEDED",
    retryAfter: "1",
  },
  {
    id: "answers-16",
    name: "a cross-site refresh",
    bring: (app, own) => refreshed(app, own, { origin: FOREIGN }),
    ...forbidden,
  },
  {
    id: "answers-17",
    name: "a refresh while the store is down",
    bring(app, own) {
      app.setStoreDown(true);
      return refreshed(app, own);
    },
    ...down,
  },
  {
    id: "answers-18",
    name: "a refresh at a route of the app's own, of a session that is gone",
    async bring(app, own) {
      await app.sessions.revokeSessionUsingSessionHandle(handleOf(own));
      return post(app, "/renew", { cookie: allCookiesOf(own) });
    },
    ...gone,
    code: "SESSION_NOT_FOUND",
    challenge: invalid("the session has been revoked, or has expired and was removed"),
    cleared: true,
  },
  {
    id: "answers-19",
    name: "a sign-out without a session",
    bring: (app) => post(app, "/session/signout", {}),
    ...gone,
    code: "SESSION_NOT_FOUND",
    challenge: invalid("there is no session to sign out of"),
    cleared: true,
  },
  {
    id: "answers-20",
    name: "a cross-site sign-out",
    bring: (app, own) => post(app, "/session/signout", { cookie: cookiesOf(own), origin: FOREIGN }),
    ...forbidden,
  },
  {
    id: "answers-21",
    name: "a sign-out while the store is down",
    bring(app, own) {
      app.setStoreDown(true);
      return post(app, "/session/signout", { cookie: cookiesOf(own) });
    },
    ...down,
  },
  {
    id: "answers-22",
    name: "a cross-site sign-in",
    bring: (app) => post(app, "/login", { origin: FOREIGN }),
    ...forbidden,
  },
  {
    id: "answers-23",
    name: "a sign-in while the store is down",
    bring(app) {
      app.setStoreDown(true);
      return post(app, "/login", {});
    },
    ...down,
  },
];
