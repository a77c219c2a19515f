import { HEADERS } from "../../protocol.ts";
import { isHostName } from "../cookie-names.ts";
import { generalError, isErrorFromAuth, retryLater, tryRefreshToken, unauthorised } from "../errors.ts";
import type { SessionContext } from "../session/context.ts";
import { createSession } from "../session/create-session.ts";
import type { DeviceInput } from "../session/device.ts";
import { loadSession } from "../session/manage-sessions.ts";
import { authenticateRefreshToken, refreshSession } from "../session/refresh-session.ts";
import { contextOf } from "../session/assemble-sessions.ts";
import type { Sessions } from "../session/sessions.ts";
import type { UserId } from "../session/user-id.ts";
import {
  antiCsrfMissing,
  type Judgement,
  type Session,
  type VerifiedSession,
  type VerifyOptions,
  verifySession,
} from "../session/verify-session.ts";
import { keepApart } from "./cache-headers.ts";
import { COOKIE_KINDS, type CookieKind, type CookieReading, createSessionCookies, NO_COOKIES } from "./cookies.ts";
import { createRefreshCookies } from "./bound-refresh.ts";
import { createCredentialReader } from "./credentials.ts";
import { findCrossSite, findCrossSiteSignIn, hasCustomHeader } from "./csrf.ts";
import { type HttpExchange, isUnsafe, pathOf } from "./exchange/exchange.ts";
import { createCarriedSessions } from "./carried-sessions.ts";
import { findNamedSession } from "./named-session.ts";
import { createOtherNames } from "./other-names.ts";
import { endsSession, unlessNotOurs } from "./outcomes.ts";
import { isPageLoad } from "./page-load.ts";
import { createPageSessions } from "./page-sessions.ts";
import type { HttpSessions, Judged, ProtectOptions, Renewed, StartDetails } from "./http-sessions.ts";
import { createRequestSession, type RequestSession } from "./request-session.ts";
import { createRequestTimes } from "./request-times.ts";
import { unknownOrigin } from "./setup-faults.ts";
import { createTransports, type Transport, type TransportKind } from "./transport.ts";
import { watchUnreachedRoutes } from "./unreached-routes.ts";
import { watchSessions } from "./watched-sessions.ts";

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
  const { policy, calls } = context;
  const hasCookies = policy.http.transports.has("cookie");
  const cookies = hasCookies ? createSessionCookies(policy.cookie, policy.http) : NO_COOKIES;
  const transports = createTransports(context, cookies);
  const refreshCookies = createRefreshCookies(context, cookies);
  const credentials = createCredentialReader(policy.http, {
    cookies,
    refreshCookies,
    handleOf: async (accessToken) => (await findNamedSession(context, accessToken))?.handle,
    isRefreshToken: async (refreshToken) =>
      (await unlessNotOurs(authenticateRefreshToken(context, refreshToken))) !== undefined,
  });

  const carried = createCarriedSessions(context);
  const times = createRequestTimes();
  /** What requests have been given in the place of the tokens that they came with. */
  const renewed = new WeakMap<object, Judged>();
  const otherNames = createOtherNames(context, cookies);

  /** The refresh token that names the session where the access token does not; only a cookie's comes uncalled. */
  const refreshCookie = async (exchange: HttpExchange, transport: TransportKind): Promise<CookieReading> =>
    transport === "cookie" ? refreshCookies.readCertain(exchange) : { kind: "none" };

  const carriesCookies = (exchange: HttpExchange): boolean =>
    COOKIE_KINDS.some((kind) => cookies.read(exchange, kind).kind !== "none");

  function refuseCrossSite(exchange: HttpExchange, find = findCrossSite): void {
    const reason = find(exchange, policy.http);
    if (reason === undefined) return;
    if (policy.http.csrf === "report") context.refusals.tell(unknownOrigin(exchange, policy.http));
    refuseCsrf(exchange, reason);
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
    if (policy.http.csrf === "enforce") throw antiCsrfMissing();
    refuseCsrf(exchange, "a request without the anti-CSRF token");
    return null;
  }

  async function verify(
    exchange: HttpExchange,
    accessToken: string,
    antiCsrfToken: string | null,
    { maxAuthAge }: VerifyOptions,
  ): Promise<VerifiedSession<unknown>> {
    const options: Judgement = {
      ...(maxAuthAge === undefined ? {} : { maxAuthAge }),
      judgedAt: (token, now) => times.judgedAt(exchange, token, now),
    };
    try {
      return await verifySession(context, accessToken, antiCsrfToken, options);
    } catch (error) {
      if (policy.http.csrf === "enforce" || !isErrorFromAuth(error) || error.code !== "ANTI_CSRF_MISMATCH") throw error;
      refuseCsrf(exchange, "a request with an anti-CSRF token of another session");
      return verifySession(context, accessToken, null, options);
    }
  }

  const bind = (
    exchange: HttpExchange,
    session: Session,
    transport: Transport,
    accessExpires: () => number,
  ): RequestSession => createRequestSession({ sessions, context, transport, exchange, accessExpires }, session);

  /** Clears the duplicates of all our cookies, if the request shows that one of them has any. */
  function clearAllDuplicates(exchange: HttpExchange): void {
    const seen = COOKIE_KINDS.filter((kind) => cookies.read(exchange, kind).kind === "ambiguous");
    if (seen.length === 0) return;
    // The refresh cookie is not sent here, so a host that has set a duplicate of one kind is taken
    // to have set the others in the same domains; no more than that, since an answer that outgrows
    // a proxy's buffer clears nothing.
    for (const kind of COOKIE_KINDS) cookies.clearDuplicates(exchange, kind, seen.includes(kind) ? "all" : "own");
  }

  /**
   * Clears the cookies beside ours, in every place but ours, where the request carries two
   * different ones. Does nothing once the headers have been sent: a cookie that another host has
   * set must not make the request fail.
   */
  function clearDuplicatesSeen(exchange: HttpExchange, ...kinds: readonly CookieKind[]): void {
    for (const kind of kinds)
      if (cookies.read(exchange, kind).kind === "ambiguous" && isUnsent(exchange))
        cookies.clearDuplicates(exchange, kind);
  }

  async function protect(exchange: HttpExchange, options: ProtectOptions = {}): Promise<RequestSession | undefined> {
    const { transport, reading } = await credentials.access(exchange);
    const isCookie = transport === "cookie";
    if (isCookie && isUnsafe(exchange)) refuseCrossSite(exchange);
    // The refresh route does not see a marker with another path.
    if (isCookie) clearDuplicatesSeen(exchange, "marker");
    if (reading.kind === "ambiguous") {
      // Here too, since the refresh route does not see a duplicate with another path. Ours is left
      // alone, as on every ordinary answer.
      clearDuplicatesSeen(exchange, "access");
      throw tryRefreshToken("DUPLICATE_COOKIE", "the request carries two different access tokens");
    }
    const given = renewed.get(exchange.key);
    // Refreshed earlier in the same request, whose cookies are those of before.
    if (given !== undefined && given.transport === transport) return judge(exchange, given, options);
    if (reading.kind === "none") {
      if (options.sessionRequired === false && (!isCookie || cookies.read(exchange, "marker").kind === "none"))
        return undefined;
      throw tryRefreshToken("ACCESS_TOKEN_MISSING", "there is no access token");
    }
    return judge(exchange, { transport, accessToken: reading.value }, options);
  }

  /** What a route demands, of the token that its request ends up with. */
  async function judge(
    exchange: HttpExchange,
    { transport, accessToken }: Judged,
    options: ProtectOptions,
  ): Promise<RequestSession> {
    const isDemanded = transport === "cookie" && (options.antiCsrfCheck ?? isUnsafe(exchange));
    const antiCsrfToken = demandAntiCsrf(exchange, isDemanded);
    const { session, newAccessToken } = await verify(exchange, accessToken, antiCsrfToken, options);
    if (newAccessToken !== undefined) {
      const { expiresAt } = await loadSession(context, session.handle);
      transports[transport].issueAccess(exchange, { session, accessToken: newAccessToken, sessionExpires: expiresAt });
    }
    return bind(exchange, session, transports[transport], () => {
      const verdict = context.accessTokens.verify(accessToken);
      return verdict.kind === "authentic" ? verdict.token.expires : context.now();
    });
  }

  /** Whether there is a refresh cookie that counts as not there. */
  const isRefreshCookieIgnored = (exchange: HttpExchange, error: unknown): boolean =>
    isErrorFromAuth(error) &&
    error.code === "REFRESH_TOKEN_MISSING" &&
    cookies.read(exchange, "refresh").kind !== "none";

  /**
   * Whether a failed refresh takes the cookies back. A link on another site leads here without the
   * cookies that are SameSite=Strict, and browsers keep what the answer sets: it must not clear
   * what was not sent. A cookie that a sibling can set proves nothing.
   */
  function mayClear(exchange: HttpExchange): boolean {
    if (isUnsafe(exchange) || exchange.header("sec-fetch-site") !== "cross-site") return true;
    const hostKinds = COOKIE_KINDS.filter((kind) => isHostName(policy.cookie.names[kind]));
    const kinds = hostKinds.length > 0 ? hostKinds : COOKIE_KINDS;
    return kinds.some((kind) => cookies.read(exchange, kind).kind !== "none");
  }

  async function renew(exchange: HttpExchange): Promise<Renewed> {
    exchange.checkUnsent();
    const { transport: kind, reading } = await credentials.refresh(exchange);
    const transport = transports[kind];
    if (kind === "cookie") refuseCrossSite(exchange);
    if (reading.kind === "ambiguous") {
      // The next request carries ours alone, so nobody is logged out by a cookie that a sibling sub-domain tossed in.
      cookies.clearDuplicates(exchange, "refresh");
      throw retryLater(
        "DUPLICATE_COOKIE",
        "the request carries two different refresh tokens; the ones that are not ours have been cleared",
      );
    }
    try {
      if (reading.kind === "none") throw unauthorised("REFRESH_TOKEN_MISSING", "there is no refresh token");
      const refreshed = await refreshSession(context, reading.value, {
        device: deviceOf(exchange),
        replaced: reading.replaced,
      });
      if (kind === "cookie") {
        clearDuplicatesSeen(exchange, ...COOKIE_KINDS);
        await otherNames.clear(exchange);
      }
      const { session, newAccessToken: accessToken } = refreshed;
      const created = {
        session,
        accessToken,
        refreshToken: refreshed.newRefreshToken,
        idRefreshToken: refreshed.newIdRefreshToken,
        antiCsrfToken: refreshed.newAntiCsrfToken,
      };
      transport.issue(exchange, created, reading.value);
      const judged: Judged = { transport: kind, accessToken: accessToken.value };
      renewed.set(exchange.key, judged);
      return { session: bind(exchange, session, transport, () => accessToken.expires), judged };
    } catch (error) {
      if (endsSession(error)) {
        if (kind === "header" || mayClear(exchange)) transport.clear(exchange);
        // A marker that was set under another Domain would send the page here again and again.
        if (kind === "cookie" && cookies.read(exchange, "marker").kind !== "none")
          cookies.clearDuplicates(exchange, "marker", "own");
        if (kind === "cookie" && isRefreshCookieIgnored(exchange, error)) cookies.clearDuplicates(exchange, "refresh");
        if (kind === "cookie") await otherNames.clear(exchange);
      }
      throw error;
    }
  }

  const pages = createPageSessions({
    protect,
    renew,
    judge,
    cookies,
    refreshCookies,
    otherNames,
    policy,
    now: context.now,
  });

  async function start(
    exchange: HttpExchange,
    userId: UserId,
    { jwtPayload, sessionData, deviceLabel, ...options }: StartDetails = {},
  ): Promise<RequestSession> {
    exchange.checkUnsent();
    renewed.delete(exchange.key);
    const kind: TransportKind = credentials.wanted(exchange);
    const other: TransportKind = kind === "cookie" ? "header" : "cookie";
    const isCarrying = carriesCookies(exchange);
    // A sign-in in header mode ends the session of the cookies, too.
    if (kind === "cookie" || isCarrying) refuseCrossSite(exchange, findCrossSiteSignIn);
    const tokens = credentials.carried(exchange);
    const beside = await carried.find(tokens[other], await refreshCookie(exchange, other));
    const [first, ...others] = [...(await carried.find(tokens[kind], await refreshCookie(exchange, kind))), ...beside];
    const created = await createSession(context, {
      userId,
      jwtPayload,
      sessionData,
      options: { ...options, device: { ...deviceOf(exchange), label: deviceLabel } },
      replaces: first,
    });
    await carried.revoke(others, "signed-in-again");
    clearAllDuplicates(exchange);
    await otherNames.clear(exchange);
    // Otherwise the client holds tokens of two transports from now on. A token in a header that
    // is none of ours is somebody else's, for instance a proxy's.
    if (other === "cookie" ? isCarrying : beside.length > 0) transports[other].clear(exchange);
    transports[kind].issue(exchange, created);
    return bind(exchange, created.session, transports[kind], () => created.accessToken.expires);
  }

  async function signOut(exchange: HttpExchange): Promise<void> {
    exchange.checkUnsent();
    renewed.delete(exchange.key);
    const { transport, reading } = await credentials.access(exchange);
    if (transport === "cookie") refuseCrossSite(exchange);
    const found = await carried.find(reading, await refreshCookie(exchange, transport));
    const existed = await carried.revoke(found, "sign-out");
    transports[transport].clear(exchange);
    if (transport === "cookie") {
      clearAllDuplicates(exchange);
      await otherNames.clear(exchange);
    }
    if (!existed) throw unauthorised("SESSION_NOT_FOUND", "there is no session to sign out of");
  }

  const unwatched: HttpSessions = {
    sessions,
    context,
    refresh: (exchange) => calls.run(async () => (await renew(exchange)).session),
    see: (exchange, handle, at) => times.see(exchange, handle, at),

    refuseCrossSite(exchange) {
      if (carriesCookies(exchange)) refuseCrossSite(exchange);
    },

    start: (exchange, userId, details) => calls.run(() => start(exchange, userId, details)),

    protect(exchange, options = {}, isRoute = true) {
      if (isRoute && policy.http.cacheHeaders) keepApart(exchange);
      const isPage = options.page === true && isPageLoad(exchange);
      const work = () => (isPage ? pages.protect(exchange, options) : protect(exchange, options));
      // What asks the database for nothing is no call, and costs none.
      return isPage || context.revocation !== undefined ? calls.run(work) : work();
    },

    signOut: (exchange) => calls.run(() => signOut(exchange)),
  };
  watchUnreachedRoutes(context);
  return watchSessions(unwatched, cookies);
}

function isUnsent(exchange: HttpExchange): boolean {
  try {
    exchange.checkUnsent();
    return true;
  } catch {
    return false;
  }
}

const deviceOf = (exchange: HttpExchange): DeviceInput => ({
  ip: exchange.ip,
  userAgent: exchange.header("user-agent"),
});
