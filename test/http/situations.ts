/**
 * Situations in which a request is refused, and the answer that clients rely on; those that every
 * adapter must know are in `httpClauses`.
 */
import type { CounterfoilConfig } from "counterfoil";
import type { VerifySessionOptions } from "counterfoil/express";
import { apiCookies, callApi, type Credentials, type TestApp } from "./fixtures.ts";
import type { RawResponse } from "./send.ts";

export interface Situation {
  readonly name: string;
  readonly config?: Omit<CounterfoilConfig, "store" | "clock">;
  readonly protect?: VerifySessionOptions;
  /**
   * Brings about the situation for a session that has just begun, and sends the request that is
   * refused.
   */
  readonly run: (app: TestApp, own: Credentials) => Promise<RawResponse>;
  readonly status: number;
  readonly message: string;
  readonly code: string;
  readonly challenge?: string;
  readonly retryAfter?: string;
  /** Whether the three cookies are cleared; otherwise none is touched. */
  readonly cleared?: boolean;
}

export const invalid = (description: string): string =>
  `Bearer realm="session", error="invalid_token", error_description="${description}"`;

export const gone = { status: 401, message: "unauthorised" } as const;
const unavailable = { status: 503, message: "unavailable", code: "STORE_UNAVAILABLE", retryAfter: "1" } as const;

const post = (app: TestApp, path: string, headers: Record<string, string>): Promise<RawResponse> =>
  app.send({ method: "POST", path, headers });

export const ON_PROTECTED_ROUTES: readonly Situation[] = [
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
    name: "list of sessions, store down",
    run(app, own) {
      app.store.down();
      return app.send({ path: "/session/sessions", headers: { cookie: apiCookies(own) } });
    },
    ...unavailable,
  },
];
