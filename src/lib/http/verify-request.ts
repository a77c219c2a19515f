import { isErrorFromAuth, tryRefreshToken } from "../errors.ts";
import { type Judgement, type Verified, verifySession } from "../session/verify-session.ts";
import type { HttpContext, Judged } from "./context.ts";
import { demandAntiCsrf, refuseCrossSite, refuseCsrf } from "./csrf.ts";
import { clearDuplicatesSeen } from "./duplicates.ts";
import { type HttpExchange, isUnsafe } from "./exchange/exchange.ts";
import type { ProtectOptions } from "./request-options.ts";
import { createRequestSession, type RequestSession } from "./request-session.ts";

/** Verifies the session of a request; undefined only where none is required. */
export async function verifyRequest(
  http: HttpContext,
  exchange: HttpExchange,
  options: ProtectOptions = {},
): Promise<RequestSession | undefined> {
  const { transport, reading } = await http.credentials.access(exchange);
  const isCookie = transport === "cookie";
  if (isCookie && isUnsafe(exchange)) refuseCrossSite(http.session, exchange);
  // The refresh route does not see a marker with another path.
  if (isCookie) clearDuplicatesSeen(http, exchange, "marker");
  if (reading.kind === "ambiguous") {
    // Here too, since the refresh route does not see a duplicate with another path. Ours is left
    // alone, as on every ordinary answer.
    clearDuplicatesSeen(http, exchange, "access");
    throw tryRefreshToken("DUPLICATE_COOKIE", "the request carries two different access tokens");
  }
  const given = http.renewed.get(exchange.key);
  // Refreshed earlier in the same request, whose cookies are those of before.
  if (given !== undefined && given.transport === transport) return judge(http, exchange, given, options);
  if (reading.kind === "none") {
    if (options.sessionRequired === false && (!isCookie || http.cookies.read(exchange, "marker").kind === "none"))
      return undefined;
    throw tryRefreshToken("ACCESS_TOKEN_MISSING", "there is no access token");
  }
  return judge(http, exchange, { transport, accessToken: reading.value }, options);
}

/** Judges the token that a request ends up with by what a route demands. */
export async function judge(
  http: HttpContext,
  exchange: HttpExchange,
  judged: Judged,
  options: ProtectOptions,
): Promise<RequestSession> {
  const transport = http.transports[judged.transport];
  const isDemanded = transport.kind === "cookie" && (options.antiCsrfCheck ?? isUnsafe(exchange));
  const antiCsrfToken = demandAntiCsrf(http.session, exchange, isDemanded);
  const verified = await verify(http, exchange, judged.accessToken, { antiCsrfToken, options });
  const { session, newAccessToken, accessExpires, row } = verified;
  if (newAccessToken !== undefined && row !== undefined)
    transport.issueAccess(exchange, { session, accessToken: newAccessToken, sessionExpires: row.expiresAt });
  return createRequestSession(http, exchange, { session, transport, accessExpires, row });
}

interface Demands {
  readonly antiCsrfToken: string | null;
  readonly options: ProtectOptions;
}

async function verify(
  { session, times }: HttpContext,
  exchange: HttpExchange,
  accessToken: string,
  { antiCsrfToken, options: { maxAuthAge } }: Demands,
): Promise<Verified<unknown>> {
  const options: Judgement = {
    ...(maxAuthAge === undefined ? {} : { maxAuthAge }),
    judgedAt: (token, now) => times.judgedAt(exchange, token, now),
  };
  try {
    return await verifySession(session, accessToken, antiCsrfToken, options);
  } catch (error) {
    const { csrf } = session.policy.http;
    if (csrf === "enforce" || !isErrorFromAuth(error) || error.code !== "ANTI_CSRF_MISMATCH") throw error;
    refuseCsrf(session, exchange, "a request with an anti-CSRF token of another session");
    return verifySession(session, accessToken, null, options);
  }
}
