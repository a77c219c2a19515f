/**
 * Sessions for handlers of Web `Request` and `Response`: Bun, Deno, Workers, and frameworks on
 * them.
 *
 * @module
 */
import { bindTo } from "./lib/http/adapters/request-calls.ts";
import { type BoundHandlers, HANDLERS } from "./lib/http/adapters/web-handlers.ts";
import type { Sessions } from "./lib/session/sessions.ts";
import type { UserId } from "./lib/session/user-id.ts";

/**
 * Binds the functions of this module to an instance. They check what you sign in with, and what
 * routes read, against the types of the instance. Call it once, where you make the instance.
 *
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/web";
 *
 * const sessions = createSessions<{ role: "admin" | "member" }>();
 * export const { withSessions, verifySession, createNewSession } = sessionsFor(sessions);
 * ```
 */
export const sessionsFor = <Claims, Data, Id extends UserId>(
  sessions: Sessions<Claims, Data, Id>,
): BoundHandlers<Claims, Data, Id> => bindTo<BoundHandlers<Claims, Data, Id>>(sessions, HANDLERS);

export type { BoundHandlers as BoundSessions };
export type { SessionRoutesOptions, SignInDetails, VerifySessionOptions } from "./lib/http/adapters/adapter-calls.ts";
export type { InstanceOption } from "./lib/http/adapters/instance-option.ts";
export type { RequestSession } from "./lib/http/request-session.ts";
export {
  createNewSession,
  findSession,
  getSession,
  refreshSession,
  sessionOf,
  signOut,
} from "./lib/http/adapters/web-calls.ts";
export {
  type Handler,
  type SessionHandler,
  verifySession,
  type WebOptions,
  withSessions,
} from "./lib/http/adapters/web-handlers.ts";
