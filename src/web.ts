/**
 * Sessions for handlers of Web `Request` and `Response`: Bun, Deno, Workers, and everything that is built on them.
 *
 * @module
 */
export type { SessionRoutesOptions, SignInDetails, VerifySessionOptions } from "./lib/http/adapters/adapter-calls.ts";
export type { InstanceOption } from "./lib/http/adapters/instance-option.ts";
export type { RequestSession } from "./lib/http/request-session.ts";
export {
  createNewSession,
  getSession,
  type Handler,
  refreshSession,
  verifySession,
  type WebOptions,
  withSessions,
} from "./lib/http/adapters/web-handlers.ts";
