import { isHostName } from "../cookie-names.ts";
import { retryLater, unauthorised } from "../errors.ts";
import { refreshSession } from "../session/refresh-session.ts";
import type { HttpContext, Judged } from "./context.ts";
import { COOKIE_KINDS } from "./cookies.ts";
import type { RefreshCredential } from "./credentials.ts";
import { refuseCrossSite } from "./csrf.ts";
import { clearDuplicatesSeen } from "./duplicates.ts";
import { type HttpExchange, isUnsafe } from "./exchange/exchange.ts";
import { endsSession, hasCode } from "./outcomes.ts";
import { deviceOf } from "./request-facts.ts";
import { createRequestSession, type RequestSession } from "./request-session.ts";
import type { TransportKind } from "./transport.ts";

/** A refreshed session, and its new token. */
export interface Renewed {
  readonly session: RequestSession;
  readonly judged: Judged;
}

/**
 * Refreshes the session of a request. If the session has ended, the client's tokens are cleared.
 */
export async function refreshRequest(http: HttpContext, exchange: HttpExchange): Promise<Renewed> {
  exchange.checkUnsent();
  const { transport: kind, reading } = await readPresented(http, exchange);
  try {
    if (reading.kind !== "one") throw unauthorised("REFRESH_TOKEN_MISSING", "there is no refresh token");
    const refreshed = await refreshSession(http.session, reading.value, {
      device: deviceOf(exchange),
      replaced: reading.replaced,
    });
    if (kind === "cookie") {
      clearDuplicatesSeen(http, exchange, ...COOKIE_KINDS);
      await http.otherNames.clear(exchange);
    }
    const { session, newAccessToken: accessToken } = refreshed;
    const created = {
      session,
      accessToken,
      refreshToken: refreshed.newRefreshToken,
      idRefreshToken: refreshed.newIdRefreshToken,
      antiCsrfToken: refreshed.newAntiCsrfToken,
    };
    const transport = http.transports[kind];
    transport.issue(exchange, created, reading.value);
    const judged: Judged = { transport: kind, accessToken: accessToken.value };
    http.renewed.set(exchange.key, judged);
    return {
      session: createRequestSession(http, exchange, { session, transport, accessExpires: accessToken.expires }),
      judged,
    };
  } catch (error) {
    if (endsSession(error)) await takeBack(http, exchange, kind, error);
    throw error;
  }
}

/** Reads the refresh token of a request that may present one. */
async function readPresented(http: HttpContext, exchange: HttpExchange): Promise<RefreshCredential> {
  const found = await http.credentials.refresh(exchange);
  if (found.transport === "cookie") refuseCrossSite(http.session, exchange);
  if (found.reading.kind !== "ambiguous") return found;
  // The next request has only our cookie, so a cookie of a sibling sub-domain cannot sign the user
  // out.
  http.cookies.clearDuplicates(exchange, "refresh");
  throw retryLater(
    "DUPLICATE_COOKIE",
    "the request carries two different refresh tokens; the ones that are not ours have been cleared",
  );
}

/** Clears the tokens of an ended session. */
async function takeBack(http: HttpContext, exchange: HttpExchange, kind: TransportKind, error: unknown): Promise<void> {
  const { cookies } = http;
  if (kind === "header" || mayClear(http, exchange)) http.transports[kind].clear(exchange);
  if (kind === "header") return;
  // A marker with another Domain would send the page here again and again.
  if (cookies.read(exchange, "marker").kind !== "none") cookies.clearDuplicates(exchange, "marker", "own");
  // The request may have a refresh cookie that counts as absent.
  if (hasCode(error, "REFRESH_TOKEN_MISSING") && cookies.read(exchange, "refresh").kind !== "none")
    cookies.clearDuplicates(exchange, "refresh");
  await http.otherNames.clear(exchange);
}

/**
 * Whether a failed refresh clears the cookies. A link on another site leads here without the
 * SameSite=Strict cookies, and the response must not clear cookies that were not sent. A cookie
 * that a sibling can set proves nothing.
 */
function mayClear({ session, cookies }: HttpContext, exchange: HttpExchange): boolean {
  if (isUnsafe(exchange) || exchange.header("sec-fetch-site") !== "cross-site") return true;
  const hostKinds = COOKIE_KINDS.filter((kind) => isHostName(session.policy.cookie.names[kind]));
  const kinds = hostKinds.length > 0 ? hostKinds : COOKIE_KINDS;
  return kinds.some((kind) => cookies.read(exchange, kind).kind !== "none");
}
