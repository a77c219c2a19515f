/**
 * The browser's half of the sessions: a `fetch` that keeps its session, in any number of tabs.
 *
 * @module
 */
export type { ClientSession } from "./protocol.ts";
export type { ResponseHead, SessionClientOptions } from "./lib/browser/client-options.ts";
export type { CallOwner } from "./lib/browser/known-session.ts";
export type { OutgoingCall, PreparedCall, SessionCalls } from "./lib/browser/session-calls.ts";
export { createSessionClient, type SessionClient } from "./lib/browser/session-client.ts";
export {
  SessionClientError,
  type SessionClientErrorCode,
  type SessionClientErrorDetails,
} from "./lib/browser/session-client-error.ts";
export type {
  LoadingSession,
  SessionClientEvents,
  SessionState,
  SignedIn,
  SignedOut,
  SignOutReason,
} from "./lib/browser/session-events.ts";
export type { SessionResponse } from "./lib/browser/session-fetch.ts";
