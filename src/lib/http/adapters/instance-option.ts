import { findDefaultInstance, notInitialised } from "../../session/default-instance.ts";
import type { Sessions } from "../../session/sessions.ts";
import { type HttpContext, httpContextOf } from "../context.ts";
import type { UserId } from "../../session/user-id.ts";

/** Which instance a function uses. */
export interface InstanceOption<Claims = unknown, Data = unknown, Id extends UserId = UserId> {
  /** The result of `createSessions`. Default: the instance that `init` made. */
  readonly sessions?: Sessions<Claims, Data, Id>;
}

/**
 * Called for each request, so that routes can be mounted before `init`.
 *
 * @throws SessionError `NOT_INITIALISED`
 */
export function httpOf(options: InstanceOption): HttpContext {
  const http = findHttp(options);
  if (http === undefined) throw notInitialised("pass { sessions } to this function");
  return http;
}

/** @returns undefined if no instance is named and `init` has not been called */
export function findHttp(options: InstanceOption): HttpContext | undefined {
  const sessions = options.sessions ?? findDefaultInstance();
  return sessions && httpContextOf(sessions);
}
