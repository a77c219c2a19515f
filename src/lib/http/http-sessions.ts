import { HEADERS } from "../../protocol.ts";
import { generalError, isErrorFromAuth, ERROR_TYPES, retryLater, tryRefreshToken, unauthorised } from "../errors.ts";
import type { SessionContext } from "../session/context.ts";
import { type CreatedSession, type CreateOptions, createSession } from "../session/create-session.ts";
import type { DeviceInput } from "../session/device.ts";
import { loadSession, revokeSession } from "../session/manage-sessions.ts";
import { authenticateRefreshToken } from "../session/refresh-session.ts";
import { contextOf, type Sessions } from "../session/sessions.ts";
import type { UserId } from "../session/user-id.ts";
import { authenticate, type Session, type VerifiedSession, type VerifyOptions } from "../session/verify-session.ts";
import { COOKIE_KINDS, type CookieReading, createSessionCookies } from "./cookies.ts";
import { findCrossSite, hasCustomHeader } from "./csrf.ts";
import { type HttpExchange, isUnsafe, pathOf } from "./exchange.ts";
import { createRequestSession, type RequestSession } from "./request-session.ts";

/** Options of protecting a route. */
export interface ProtectOptions extends VerifyOptions {
  /** Whether a request without a session is refused. False lets it pass without one; an expired one is refused all the same, so that it is refreshed. Default true. */
  readonly sessionRequired?: boolean;
  /** Whether the anti-CSRF token is demanded. Default: on all methods but GET, HEAD and OPTIONS. */
  readonly antiCsrfCheck?: boolean;
}

/** Sessions over HTTP: every rule about cookies and cross-site requests. Adapters hand in an exchange and send what comes back. */
export interface HttpSessions {
  readonly sessions: Sessions;
  readonly context: SessionContext;
  /** Signs in: a new session, its cookies, and the end of the session that the request carried (no fixation, ASVS 5.0 7.2.4). */
  start(exchange: HttpExchange, userId: UserId, details?: StartDetails): Promise<RequestSession>;
  /** Verifies the session of a request; undefined only where none is required. */
  protect(exchange: HttpExchange, options?: ProtectOptions): Promise<RequestSession | undefined>;
  refresh(exchange: HttpExchange): Promise<RequestSession>;
  /** Ends the session of a request and clears its cookies. @throws SessionError `SESSION_NOT_FOUND` when there is none; the cookies are cleared all the same */
  signOut(exchange: HttpExchange): Promise<void>;
}

export interface StartDetails<Claims = unknown, Data = unknown> extends Omit<CreateOptions, "device"> {
  /** JSON that the access token carries, readable by the client. Default `{}`. */
  readonly jwtPayload?: Claims;
  /** JSON that stays on the server. Default `{}`. */
  readonly sessionData?: Data;
  /** A name for the device, at most 100 characters. */
  readonly deviceLabel?: string;
}

/** A session that a request names; its user is not known from a refresh token alone. */
interface Carried {
  readonly handle: string;
  readonly userId?: UserId;
}

const instances = new WeakMap<object, HttpSessions>();

/** The HTTP part of an instance; one per instance. */
export function httpSessionsOf(sessions: Sessions): HttpSessions {
  const known = instances.get(sessions);
  if (known !== undefined) return known;
  const made = createHttpSessions(sessions, contextOf(sessions));
  instances.set(sessions, made);
  return made;
}

function createHttpSessions(sessions: Sessions, context: SessionContext): HttpSessions {
  const { policy } = context;
  const cookies = createSessionCookies(policy.cookie, policy.http.publicOrigin);

  function refuseCrossSite(exchange: HttpExchange): void {
    const reason = findCrossSite(exchange, policy.http);
    if (reason !== undefined) refuseCsrf(exchange, reason);
  }

  /** Refuses, or only reports where the config says so. */
  function refuseCsrf(exchange: HttpExchange, reason: string): void {
    if (policy.http.csrf === "enforce") throw generalError("CSRF_REFUSED", `refused ${reason}`);
    context.events.emit("csrf-reported", { method: exchange.method, path: pathOf(exchange), reason });
  }

  /** The anti-CSRF token to check; null where the request needs none. */
  function demandAntiCsrf(exchange: HttpExchange, demanded: boolean): string | null {
    if (!demanded) return null;
    if (!policy.antiCsrf) {
      if (!hasCustomHeader(exchange))
        refuseCsrf(exchange, `a request without the header ${HEADERS.custom}, which stands in for the anti-CSRF token`);
      return null;
    }
    const given = exchange.header(HEADERS.antiCsrf);
    if (given !== undefined) return given;
    if (policy.http.csrf === "enforce") throw tryRefreshToken("ANTI_CSRF_MISSING", "the anti-CSRF token is missing");
    refuseCsrf(exchange, "a request without the anti-CSRF token");
    return null;
  }

  async function verify(
    exchange: HttpExchange,
    accessToken: string,
    antiCsrfToken: string | null,
    options: VerifyOptions,
  ): Promise<VerifiedSession<unknown>> {
    try {
      return await sessions.getSession(accessToken, antiCsrfToken, options);
    } catch (error) {
      if (policy.http.csrf === "enforce" || !isErrorFromAuth(error) || error.code !== "ANTI_CSRF_MISMATCH") throw error;
      refuseCsrf(exchange, "a request with an anti-CSRF token of another session");
      return sessions.getSession(accessToken, null, options);
    }
  }

  function setCookies(
    exchange: HttpExchange,
    created: Pick<CreatedSession<unknown>, "accessToken" | "refreshToken" | "idRefreshToken" | "antiCsrfToken">,
    presented?: string,
  ): void {
    const now = context.now();
    // The cookie outlives the token in it, so that "expired" and "signed out" can be told apart.
    cookies.set(exchange, "access", { value: created.accessToken.value, expires: created.refreshToken.expires }, now);
    // A token that was not rotated is not set again: a late answer must not lay it over a newer one.
    if (created.refreshToken.value !== presented) cookies.set(exchange, "refresh", created.refreshToken, now);
    cookies.set(exchange, "marker", created.idRefreshToken, now);
    if (created.antiCsrfToken !== undefined) exchange.setHeader(HEADERS.antiCsrf, created.antiCsrfToken);
  }

  const bind = (exchange: HttpExchange, session: Session, accessExpires: number): RequestSession =>
    createRequestSession({ sessions, context, cookies, exchange, accessExpires }, session);

  /**
   * The sessions that a request carries, also when their access tokens have expired. More than one when somebody has put a cookie beside
   * ours; ending that one, too, does no harm.
   */
  async function findCarried(exchange: HttpExchange): Promise<readonly Carried[]> {
    const reading = cookies.read(exchange, "access");
    await context.ready();
    const found: Carried[] = [];
    for (const value of valuesOf(reading)) {
      const session = await unlessInvalid(() => authenticate(context, value));
      if (session !== undefined) found.push({ handle: session.handle, userId: session.userId });
    }
    if (found.length > 0) return found;
    // A __Host- refresh cookie comes to every route, and names the session as well.
    for (const value of valuesOf(cookies.read(exchange, "refresh"))) {
      const token = await unlessInvalid(() => authenticateRefreshToken(context, value));
      if (token !== undefined) found.push({ handle: token.handle });
    }
    return found;
  }

  /** Whether any of them was still there. */
  async function revokeCarried(carried: readonly Carried[], reason: "sign-out" | "signed-in-again"): Promise<boolean> {
    let existed = false;
    for (const { handle, userId } of carried) {
      const event = userId === undefined ? { reason } : { reason, userId };
      existed = (await revokeSession(context, handle, event)) || existed;
    }
    return existed;
  }

  /** Clears what stands beside our cookies, if the request shows that something does. */
  function clearStraysSeen(exchange: HttpExchange): void {
    const seen = COOKIE_KINDS.filter((kind) => cookies.read(exchange, kind).kind === "ambiguous");
    if (seen.length === 0) return;
    // The refresh cookie is not sent here, so whoever has left one kind of stray is taken to have left the others in the same domains; no
    // more than that, since an answer that outgrows a proxy's buffer clears nothing.
    for (const kind of COOKIE_KINDS) cookies.clearStrays(exchange, kind, seen.includes(kind) ? "all" : "own");
  }

  return {
    sessions,
    context,

    async start(exchange, userId, { jwtPayload, sessionData, deviceLabel, ...options } = {}) {
      exchange.checkUnsent();
      refuseCrossSite(exchange);
      const [first, ...others] = await findCarried(exchange);
      const created = await createSession(context, {
        userId,
        jwtPayload,
        sessionData,
        options: { ...options, device: { ...deviceOf(exchange), label: deviceLabel } },
        replaces: first,
      });
      await revokeCarried(others, "signed-in-again");
      clearStraysSeen(exchange);
      setCookies(exchange, created);
      return bind(exchange, created.session, created.accessToken.expires);
    },

    async protect(exchange, options = {}) {
      const unsafe = isUnsafe(exchange);
      if (unsafe) refuseCrossSite(exchange);
      const reading = cookies.read(exchange, "access");
      if (reading.kind === "ambiguous") {
        // Here too, since the refresh route does not see a stray with another path. Ours is left alone, as on every ordinary answer.
        cookies.clearStrays(exchange, "access");
        throw tryRefreshToken("DUPLICATE_COOKIE", "the request carries two different access tokens");
      }
      if (reading.kind === "none") {
        if (options.sessionRequired === false && cookies.read(exchange, "marker").kind === "none") return undefined;
        throw tryRefreshToken("ACCESS_TOKEN_MISSING", "there is no access token");
      }
      const antiCsrfToken = demandAntiCsrf(exchange, options.antiCsrfCheck ?? unsafe);
      const { session, newAccessToken } = await verify(exchange, reading.value, antiCsrfToken, options);
      if (newAccessToken !== undefined) {
        const { expiresAt } = await loadSession(context, session.handle);
        cookies.set(exchange, "access", { value: newAccessToken.value, expires: expiresAt }, context.now());
      }
      const verdict = context.accessTokens.verify(reading.value);
      return bind(exchange, session, verdict.kind === "authentic" ? verdict.token.expires : context.now());
    },

    async refresh(exchange) {
      exchange.checkUnsent();
      refuseCrossSite(exchange);
      const reading = cookies.read(exchange, "refresh");
      if (reading.kind === "ambiguous") {
        // The next request carries ours alone, so nobody is logged out by a cookie that a sibling sub-domain tossed in.
        cookies.clearStrays(exchange, "refresh");
        throw retryLater(
          "DUPLICATE_COOKIE",
          "the request carries two different refresh tokens; the ones that are not ours have been cleared",
        );
      }
      try {
        if (reading.kind === "none") throw unauthorised("REFRESH_TOKEN_MISSING", "there is no refresh token");
        const refreshed = await sessions.refreshSession(reading.value, { device: deviceOf(exchange) });
        if (cookies.read(exchange, "access").kind === "ambiguous") cookies.clearStrays(exchange, "access");
        setCookies(
          exchange,
          {
            accessToken: refreshed.newAccessToken,
            refreshToken: refreshed.newRefreshToken,
            idRefreshToken: refreshed.newIdRefreshToken,
            antiCsrfToken: refreshed.newAntiCsrfToken,
          },
          reading.value,
        );
        return bind(exchange, refreshed.session, refreshed.newAccessToken.expires);
      } catch (error) {
        if (endsSession(error)) {
          cookies.clearAll(exchange);
          // A marker that was set under another Domain would send the page here again and again.
          if (cookies.read(exchange, "marker").kind !== "none") cookies.clearStrays(exchange, "marker", "own");
        }
        throw error;
      }
    },

    async signOut(exchange) {
      exchange.checkUnsent();
      refuseCrossSite(exchange);
      const existed = await revokeCarried(await findCarried(exchange), "sign-out");
      cookies.clearAll(exchange);
      clearStraysSeen(exchange);
      if (!existed) throw unauthorised("SESSION_NOT_FOUND", "there is no session to sign out of");
    },
  };
}

const deviceOf = (exchange: HttpExchange): DeviceInput => ({
  ip: exchange.ip,
  userAgent: exchange.header("user-agent"),
});

const valuesOf = (reading: CookieReading): readonly string[] => {
  if (reading.kind === "none") return [];
  return reading.kind === "one" ? [reading.value] : reading.values;
};

/** Undefined for a token that is not ours; other faults are faults. */
async function unlessInvalid<T>(check: () => Promise<T>): Promise<T | undefined> {
  try {
    return await check();
  } catch (error) {
    const { TRY_REFRESH_TOKEN, UNAUTHORISED } = ERROR_TYPES;
    if (isErrorFromAuth(error) && (error.errType === TRY_REFRESH_TOKEN || error.errType === UNAUTHORISED))
      return undefined;
    throw error;
  }
}

/** Whether the cookies that led to an error are good for nothing any more. */
function endsSession(error: unknown): boolean {
  return (
    isErrorFromAuth(error) &&
    (error.errType === ERROR_TYPES.UNAUTHORISED || error.errType === ERROR_TYPES.TOKEN_THEFT_DETECTED)
  );
}
