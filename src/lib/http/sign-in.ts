import { type Actor, withActor } from "../session/actor.ts";
import { createSession } from "../session/create-session.ts";
import type { UserId } from "../session/user-id.ts";
import type { HttpContext } from "./context.ts";
import { findCrossSiteSignIn } from "./cross-site.ts";
import { refuseCrossSite } from "./csrf.ts";
import { clearAllDuplicates } from "./duplicates.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import { carriesCookies, deviceOf, readRefreshCookie } from "./request-facts.ts";
import type { StartDetails } from "./request-options.ts";
import { createRequestSession, type RequestSession } from "./request-session.ts";
import type { TransportKind } from "./transport.ts";

/**
 * Signs a user in: creates a session, sends its tokens, and revokes the session of the request (no
 * fixation, ASVS 5.0 7.2.4).
 */
export async function signInUser(
  http: HttpContext,
  exchange: HttpExchange,
  userId: UserId,
  { jwtPayload, sessionData, deviceLabel, actor: given, ...options }: StartDetails = {},
): Promise<RequestSession> {
  const { session: context, carried, credentials, transports } = http;
  exchange.checkUnsent();
  http.renewed.delete(exchange.key);
  const kind: TransportKind = credentials.wanted(exchange);
  const other: TransportKind = kind === "cookie" ? "header" : "cookie";
  const isCarrying = carriesCookies(http, exchange);
  // A sign-in in header mode also revokes the session of the cookies.
  if (kind === "cookie" || isCarrying) refuseCrossSite(context, exchange, findCrossSiteSignIn);
  const tokens = credentials.carried(exchange);
  const beside = await carried.find(tokens[other], await readRefreshCookie(http, exchange, other));
  const own = await carried.find(tokens[kind], await readRefreshCookie(http, exchange, kind));
  const actor = given === undefined ? undefined : toActor(given);
  const presented = [...own, ...beside];
  // The new session hangs on the actor's, which only loses its place in the browser.
  const [first, ...others] = presented.filter(({ handle }) => handle !== actor?.handle);
  const created = await createSession(context, {
    userId,
    jwtPayload,
    sessionData,
    options: { ...options, ...withActor(actor), device: { ...deviceOf(exchange), label: deviceLabel } },
    replaces: first,
    replacedHandle: presented[0]?.handle,
  });
  await carried.revoke(others, "signed-in-again");
  clearAllDuplicates(http, exchange);
  await http.otherNames.clear(exchange);
  // Otherwise the client would have tokens of two transports. A foreign token in a header, for
  // instance a proxy's, is left alone.
  if (other === "cookie" ? isCarrying : beside.length > 0) transports[other].clear(exchange);
  transports[kind].issue(exchange, created);
  http.watch.signedIn(exchange);
  const { session, accessToken } = created;
  return createRequestSession(http, exchange, {
    session,
    transport: transports[kind],
    accessExpires: accessToken.expires,
  });
}

/** The session of a request names its user and itself. */
const toActor = (given: Actor | RequestSession): Actor =>
  "getHandle" in given ? { userId: given.getUserId(), handle: given.getHandle() } : given;
