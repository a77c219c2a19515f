import { unauthorised } from "../errors.ts";
import type { HttpContext } from "./context.ts";
import { refuseCrossSite } from "./csrf.ts";
import { clearAllDuplicates } from "./duplicates.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import { readRefreshCookie } from "./request-facts.ts";

/**
 * For the ready route, which refuses a sign-out where there is no session.
 *
 * @throws SessionError `SESSION_NOT_FOUND` if there is no session; the tokens are cleared all the
 *   same
 */
export async function signOutUser(http: HttpContext, exchange: HttpExchange): Promise<void> {
  if (!(await endOwnSession(http, exchange)))
    throw unauthorised("SESSION_NOT_FOUND", "there is no session to sign out of");
}

/** Revokes the session of a request and clears its tokens. @returns whether there was one */
export async function endOwnSession(http: HttpContext, exchange: HttpExchange): Promise<boolean> {
  http.watch.signedOut(exchange);
  exchange.checkUnsent();
  http.renewed.delete(exchange.key);
  const { transport, reading } = await http.credentials.access(exchange);
  if (transport === "cookie") refuseCrossSite(http.session, exchange);
  const found = await http.carried.find(reading, await readRefreshCookie(http, exchange, transport));
  const existed = await http.carried.revoke(found, "sign-out");
  http.transports[transport].clear(exchange);
  if (transport === "cookie") {
    clearAllDuplicates(http, exchange);
    await http.otherNames.clear(exchange);
  }
  return existed;
}
