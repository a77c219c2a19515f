/** The sessions that checks have found on a request, for the routes behind them. */
import { generalError } from "../../errors.ts";
import type { HttpContext } from "../context.ts";
import type { RequestSession } from "../request-session.ts";
import { httpOf, type InstanceOption } from "./instance-option.ts";

interface Found {
  readonly http: HttpContext;
  readonly session: RequestSession;
}

/**
 * Its fields are private, because a log may show a whole request, and a context leads to the secret
 * of its instance.
 */
class AttachedSessions {
  readonly #last: RequestSession | undefined;
  /** One entry per instance. */
  readonly #found: readonly Found[];

  constructor(last: RequestSession | undefined, found: readonly Found[]) {
    this.#last = last;
    this.#found = found;
  }

  /** The session of the last check, by any instance. */
  last(): RequestSession | undefined {
    return this.#last;
  }

  of(http: HttpContext): RequestSession | undefined {
    return this.#found.find((one) => one.http === http)?.session;
  }

  without(http: HttpContext | undefined): AttachedSessions {
    return new AttachedSessions(
      undefined,
      this.#found.filter((one) => one.http !== http),
    );
  }

  and(found: Found): AttachedSessions {
    return new AttachedSessions(found.session, [...this.#found, found]);
  }
}

const NOTHING = new AttachedSessions(undefined, []);

// A symbol property: adding a new key to a weak map costs three times as much, and each request is
// new.
const KEPT: unique symbol = Symbol("counterfoil.sessions");

interface Keeper {
  [KEPT]?: AttachedSessions | undefined;
}

/** The sessions of requests that accept no new property, for instance frozen ones. */
const keptOfFrozen = new WeakMap<Keeper, AttachedSessions>();

const keptOn = (request: Keeper): AttachedSessions | undefined =>
  Object.isExtensible(request) ? request[KEPT] : (keptOfFrozen.get(request) ?? request[KEPT]);

function keep(request: Keeper, kept: AttachedSessions): void {
  if (Object.isExtensible(request)) request[KEPT] = kept;
  else keptOfFrozen.set(request, kept);
}

/** Before a check: the earlier result of its instance no longer counts. */
export function forget(request: Keeper, http: HttpContext | undefined): void {
  const kept = keptOn(request);
  if (kept !== undefined) keep(request, kept.without(http));
}

/** After a check that has found a session. */
export function note(request: Keeper, http: HttpContext, session: RequestSession): void {
  keep(request, (keptOn(request) ?? NOTHING).and({ http, session }));
}

/** The same where other checks of the request may be under way, and must not hide its session. */
export function replace(request: object, http: HttpContext, session: RequestSession): void {
  forget(request, http);
  note(request, http, session);
}

/** @returns the session of the last check, or with `sessions` of the last check by that instance */
export function findAttachedSession(request: Keeper, { sessions }: InstanceOption = {}): RequestSession | undefined {
  const kept = keptOn(request);
  return sessions === undefined || kept === undefined ? kept?.last() : kept.of(httpOf({ sessions }));
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
