/** The context of sessions over HTTP. Each operation of this folder is one file. */
import type { Awaitable } from "../awaitable.ts";
import { runInCall } from "../call.ts";
import { contextOf } from "../session/assemble-sessions.ts";
import type { SessionContext } from "../session/context.ts";
import { authenticateRefreshToken } from "../session/refresh-session.ts";
import type { Sessions } from "../session/sessions.ts";
import { createRefreshCookies, type RefreshCookies } from "./bound-refresh.ts";
import { type PresentedSessions, createPresentedSessions } from "./presented-sessions.ts";
import { createSessionCookies, NO_COOKIES, type SessionCookies } from "./cookies.ts";
import { createCredentialReader, type CredentialReader } from "./credentials.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import { findNamedSession } from "./named-session.ts";
import { createOpenPages, type OpenPages } from "./open-pages.ts";
import { createOtherNames, type OtherNames } from "./other-names.ts";
import { unlessNotOurs } from "./outcomes.ts";
import { createRequestTimes, type RequestTimes } from "./request-times.ts";
import { createRequestWatch, type RequestWatch } from "./request-watch.ts";
import { createTransports, type Transport, type TransportKind } from "./transport.ts";
import { watchUnreachedRoutes } from "./unreached-routes.ts";

/**
 * Each operation is `(http, exchange, ...) => ...`. Adapters pass an exchange and send the
 * response.
 */
export interface HttpContext {
  readonly sessions: Sessions;
  readonly session: SessionContext;
  readonly cookies: SessionCookies;
  readonly refreshCookies: RefreshCookies;
  readonly transports: Readonly<Record<TransportKind, Transport>>;
  readonly credentials: CredentialReader;
  readonly carried: PresentedSessions;
  readonly otherNames: OtherNames;
  readonly times: RequestTimes;
  /** The new tokens of requests, which replace the presented ones for the rest of the request. */
  readonly renewed: WeakMap<object, Judged>;
  readonly watch: RequestWatch;
  readonly pages: OpenPages;
  /** Runs an operation as one call, and counts its refusals. */
  readonly run: <A extends unknown[], T>(
    exchange: HttpExchange,
    operation: (http: HttpContext, exchange: HttpExchange, ...given: A) => Awaitable<T>,
    ...given: A
  ) => Promise<T>;
}

/** An access token, and its transport. */
export interface Judged {
  readonly transport: TransportKind;
  readonly accessToken: string;
}

const contexts = new WeakMap<object, HttpContext>();

/** The HTTP part of an instance; one per instance. */
export function httpContextOf(sessions: Sessions): HttpContext {
  const known = contexts.get(sessions);
  if (known !== undefined) return known;
  const made = createHttpContext(sessions, contextOf(sessions));
  contexts.set(sessions, made);
  return made;
}

function createHttpContext(sessions: Sessions, session: SessionContext): HttpContext {
  const { policy } = session;
  const hasCookies = policy.http.transports.has("cookie");
  const cookies = hasCookies ? createSessionCookies(policy.cookie, policy.http) : NO_COOKIES;
  const refreshCookies = createRefreshCookies(session, cookies);
  const watch = createRequestWatch(session, cookies);
  watchUnreachedRoutes(session);
  const http: HttpContext = {
    sessions,
    session,
    cookies,
    refreshCookies,
    transports: createTransports(session, cookies),
    credentials: createCredentialReader(policy.http, {
      cookies,
      refreshCookies,
      handleOf: async (accessToken) => (await findNamedSession(session, accessToken))?.handle,
      isRefreshToken: async (refreshToken) =>
        (await unlessNotOurs(() => authenticateRefreshToken(session, refreshToken))) !== undefined,
    }),
    carried: createPresentedSessions(session),
    otherNames: createOtherNames(session, cookies),
    times: createRequestTimes(),
    renewed: new WeakMap(),
    watch,
    pages: createOpenPages(sessions, session),
    async run(exchange, operation, ...given) {
      try {
        const { call, end } = session.calls.begin();
        try {
          return await runInCall(call, operation, http, exchange, ...given);
        } finally {
          end();
        }
      } catch (error) {
        watch.note(exchange, error);
        throw error;
      }
    },
  };
  return http;
}
