import { getDefaultInstance } from "../default-instance.ts";
import type { Sessions } from "../session/sessions.ts";
import { type HttpSessions, httpSessionsOf } from "./http-sessions.ts";

/** Which instance an adapter's function uses. */
export interface InstanceOption {
  /** What `createSessions` returned. Default: the instance that `init` made. */
  readonly sessions?: Sessions;
}

/** Asked for with each request, so that routes can be mounted before `init` has been called. @throws SessionError `NOT_INITIALISED` */
export const httpOf = (options: InstanceOption): HttpSessions =>
  httpSessionsOf(options.sessions ?? getDefaultInstance());
