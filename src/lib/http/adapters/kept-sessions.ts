/** What checks have found on a request, for the routes behind them. */
import { generalError } from "../../errors.ts";
import type { HttpContext } from "../context.ts";
import type { RequestSession } from "../request-session.ts";
import { findHttp, httpOf, type InstanceOption } from "./instance-option.ts";

interface Kept {
  /** Of the last check, by any instance. */
  last: RequestSession | undefined;
  /** One for each instance. */
  readonly found: Map<HttpContext, RequestSession>;
}

const requests = new WeakMap<object, Kept>();

interface Place {
  readonly request: object;
  readonly leave: (session: RequestSession | undefined) => void;
}

/** Leaves the session that is found on a request of a framework, and nothing there where none is. */
export async function keep<T extends RequestSession | undefined>(
  { request, leave }: Place,
  options: InstanceOption,
  find: () => Promise<T>,
): Promise<T> {
  // Also for the time of the check, and where it refuses: another instance or middleware may have
  // left its own.
  leave(undefined);
  const http = findHttp(options);
  const kept = requests.get(request);
  if (kept !== undefined) forget(kept, http);
  const session = await find();
  leave(session);
  if (session !== undefined) note(request, session, http ?? httpOf(options));
  return session;
}

function forget(kept: Kept, http: HttpContext | undefined): void {
  kept.last = undefined;
  if (http !== undefined) kept.found.delete(http);
}

function note(request: object, session: RequestSession, http: HttpContext): void {
  const kept = requests.get(request);
  if (kept === undefined) {
    requests.set(request, { last: session, found: new Map([[http, session]]) });
    return;
  }
  kept.last = session;
  kept.found.set(http, session);
}

/** What the last check has left, or with `sessions` the last of that instance; whatever else stands on the request. */
export function findKept(request: object, { sessions }: InstanceOption = {}): RequestSession | undefined {
  const kept = requests.get(request);
  return sessions === undefined ? kept?.last : kept?.found.get(httpOf({ sessions }));
}

/** @throws SessionError `SESSION_NOT_VERIFIED` */
export function keptSession(request: object, options: InstanceOption = {}): RequestSession {
  const session = findKept(request, options);
  if (session !== undefined) return session;
  throw generalError(
    "SESSION_NOT_VERIFIED",
    "no check has found a session on this request; put verifySession() of the same instance before this route, " +
      "or use findSession where it has sessionRequired: false",
  );
}
