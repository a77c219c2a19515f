import { type Awaitable, isLater } from "../awaitable.ts";
import { isErrorFromAuth, tryRefreshToken } from "../errors.ts";
import type { SessionContext } from "../session/context.ts";
import { type Judgement, type Verified, verifySession } from "../session/verify-session.ts";
import type { HttpContext, Judged } from "./context.ts";
import type { Credential } from "./credentials.ts";
import { demandAntiCsrf, refuseCrossSite, refuseCsrf } from "./csrf.ts";
import { clearDuplicatesSeen } from "./duplicates.ts";
import { type HttpExchange, isUnsafe } from "./exchange/exchange.ts";
import type { ProtectOptions } from "./request-options.ts";
import { createRequestSession, type RequestSession } from "./request-session.ts";
import type { Transport } from "./transport.ts";

/**
 * Verifies the session of a request; undefined only if no session is required. It returns or throws
 * synchronously if nothing has to be awaited.
 */
export function verifyRequest(
  http: HttpContext,
  exchange: HttpExchange,
  options: ProtectOptions = {},
): Awaitable<RequestSession | undefined> {
  const credential = http.credentials.access(exchange);
  if (isLater(credential)) return credential.then((known) => verifyCredential(http, exchange, known, options));
  return verifyCredential(http, exchange, credential, options);
}

function verifyCredential(
  http: HttpContext,
  exchange: HttpExchange,
  { transport, reading }: Credential,
  options: ProtectOptions,
): Awaitable<RequestSession | undefined> {
  const isCookie = transport === "cookie";
  if (isCookie && isUnsafe(exchange)) refuseCrossSite(http.session, exchange);
  // The refresh route does not see a marker with another path.
  if (isCookie) clearDuplicatesSeen(http, exchange, "marker");
  if (reading.kind === "ambiguous") {
    // The refresh route does not see a duplicate with another path. Our own cookie stays.
    clearDuplicatesSeen(http, exchange, "access");
    throw tryRefreshToken("DUPLICATE_COOKIE", "the request carries two different access tokens");
  }
  const given = http.renewed.get(exchange.key);
  // Refreshed earlier in the same request, whose own cookies are the old ones.
  if (given !== undefined && given.transport === transport) return judge(http, exchange, given, options);
  if (reading.kind === "none") {
    if (options.sessionRequired === false && (!isCookie || http.cookies.read(exchange, "marker").kind === "none"))
      return undefined;
    throw tryRefreshToken("ACCESS_TOKEN_MISSING", "there is no access token");
  }
  return judge(http, exchange, { transport, accessToken: reading.value }, options);
}

/** Applies a route's conditions to the current token of a request. */
export function judge(
  http: HttpContext,
  exchange: HttpExchange,
  judged: Judged,
  options: ProtectOptions,
): Awaitable<RequestSession> {
  const transport = http.transports[judged.transport];
  const isDemanded = transport.kind === "cookie" && (options.antiCsrfCheck ?? isUnsafe(exchange));
  const antiCsrfToken = demandAntiCsrf(http.session, exchange, isDemanded);
  const verified = verify(http, exchange, judged.accessToken, { antiCsrfToken, options });
  if (isLater(verified)) return verified.then((known) => handOut(http, exchange, transport, known));
  return handOut(http, exchange, transport, verified);
}

/** Makes the session for a route, and sends the client newer claims if there are any. */
function handOut(
  http: HttpContext,
  exchange: HttpExchange,
  transport: Transport,
  { session, newAccessToken, accessExpires, token, row }: Verified,
): RequestSession {
  if (newAccessToken !== undefined && row !== undefined)
    transport.issueAccess(exchange, { session, accessToken: newAccessToken, sessionExpires: row.expiresAt });
  return createRequestSession(http, exchange, { session, transport, accessExpires, signIn: token, row });
}

interface Demands {
  readonly antiCsrfToken: string | null;
  readonly options: ProtectOptions;
}

function verify(
  { session, times }: HttpContext,
  exchange: HttpExchange,
  accessToken: string,
  { antiCsrfToken, options: given }: Demands,
): Awaitable<Verified> {
  const judgedAt: Judgement["judgedAt"] = (token, now) => times.judgedAt(exchange, token, now);
  const demands = { refuseActor: given.refuseActor, judgedAt };
  const isDemanding = "maxAuthAge" in given || "claims" in given || "requireAmr" in given;
  const options: Judgement = isDemanding ? { ...demands, ...pickGiven(given) } : demands;
  if (session.policy.http.csrf === "enforce") return verifySession(session, accessToken, antiCsrfToken, options);
  return verifyAndReport(session, exchange, { accessToken, antiCsrfToken, options });
}

/** These count as soon as they are there, even as undefined. */
const pickGiven = (given: ProtectOptions): Pick<ProtectOptions, "maxAuthAge" | "claims" | "requireAmr"> => ({
  ...("maxAuthAge" in given ? { maxAuthAge: given.maxAuthAge } : {}),
  ...("claims" in given ? { claims: given.claims } : {}),
  ...("requireAmr" in given ? { requireAmr: given.requireAmr } : {}),
});

interface Asked {
  readonly accessToken: string;
  readonly antiCsrfToken: string | null;
  readonly options: Judgement;
}

async function verifyAndReport(
  session: SessionContext,
  exchange: HttpExchange,
  { accessToken, antiCsrfToken, options }: Asked,
): Promise<Verified> {
  try {
    return await verifySession(session, accessToken, antiCsrfToken, options);
  } catch (error) {
    if (!isErrorFromAuth(error) || error.code !== "ANTI_CSRF_MISMATCH") throw error;
    refuseCsrf(session, exchange, "a request with an anti-CSRF token of another session");
    return verifySession(session, accessToken, null, options);
  }
}
