/** The sessions that checks have found on a request, for the routes behind them. */
import { generalError } from "../../errors.ts";
import type { HttpContext } from "../context.ts";
import type { RequestSession } from "../request-session.ts";
import { httpOf, type InstanceOption } from "./instance-option.ts";

interface AttachedSessions {
  /** The session of the last check, by any instance. */
  readonly last: RequestSession | undefined;
  /** One entry per instance. */
  readonly found: readonly Found[];
}

interface Found {
  readonly http: HttpContext;
  readonly session: RequestSession;
}

// A symbol property: adding a new key to a weak map costs three times as much, and each request is
// new.
const KEPT: unique symbol = Symbol("counterfoil.sessions");

interface Keeper {
  [KEPT]?: AttachedSessions | undefined;
}

/** Before a check: the earlier result of its instance no longer counts. */
export function forget(request: Keeper, http: HttpContext | undefined): void {
  const kept = request[KEPT];
  if (kept !== undefined) request[KEPT] = { last: undefined, found: kept.found.filter((one) => one.http !== http) };
}

/** After a check that has found a session. */
export function note(request: Keeper, http: HttpContext, session: RequestSession): void {
  const found = { http, session };
  const kept = request[KEPT];
  request[KEPT] = { last: session, found: kept === undefined ? [found] : [...kept.found, found] };
}

/** @returns the session of the last check, or with `sessions` of the last check by that instance */
export function findAttachedSession(request: Keeper, { sessions }: InstanceOption = {}): RequestSession | undefined {
  const kept = request[KEPT];
  if (sessions === undefined || kept === undefined) return kept?.last;
  const http = httpOf({ sessions });
  return kept.found.find((one) => one.http === http)?.session;
}

/** @throws SessionError `SESSION_NOT_VERIFIED` */
export function attachedSession(request: Keeper, options: InstanceOption = {}): RequestSession {
  const session = findAttachedSession(request, options);
  if (session !== undefined) return session;
  throw generalError(
    "SESSION_NOT_VERIFIED",
    "no check has found a session on this request; put verifySession() of the same instance before this route, " +
      "or use findSession where it has sessionRequired: false",
  );
}
