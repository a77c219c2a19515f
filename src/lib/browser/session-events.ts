import type { SessionClientError } from "./session-client-error.ts";

/**
 * Why nobody is signed in. `"sign-out"`: the user signed out, in this tab or another. `"ended"`:
 * the session was revoked or has expired. `"theft"`: the server found that somebody else holds its
 * tokens. `"cookies-blocked"`: the browser stores no cookies of the API.
 */
export type SignOutReason = "sign-out" | "ended" | "theft" | "cookies-blocked";

/** Who is signed in, as far as the page knows. */
export type SessionState<Claims = unknown> = SignedIn<Claims> | SignedOut | LoadingSession;

/** A user is signed in. */
export interface SignedIn<Claims = unknown> {
  readonly status: "signed-in";
  /** The public name of the session. */
  readonly handle: string;
  /** The user, exactly as the app gave it at sign-in. */
  readonly userId: string | number;
  /** The app's `jwtPayload`, for display. The server checks everything that depends on it. */
  readonly claims: Claims;
  /** False if the session's cookies end with the browser; otherwise absent. */
  readonly persistent?: false | undefined;
  /**
   * When the access token expires, in ms since the epoch by the server's clock. Undefined if the
   * server speaks a newer version of the wire than this client.
   */
  readonly accessExpires: number | undefined;
}

/** Nobody is signed in. */
export interface SignedOut {
  readonly status: "signed-out";
  /** Undefined if nobody was signed in since the page was loaded. */
  readonly reason?: SignOutReason | undefined;
}

/**
 * The browser has a session, and the client is asking the server for its user: after a sign-in by a
 * plain form, or if the browser has lost its storage.
 */
export interface LoadingSession {
  readonly status: "loading";
}

/** The events of `client.on`, and what each listener gets. */
export interface SessionClientEvents<Claims = unknown> {
  /** A session began, or the same user signed in again. */
  "signed-in": SignedIn<Claims>;
  /** The session is over. */
  "signed-out": SignedOut;
  /** Another user is signed in now. */
  "user-changed": SignedIn<Claims>;
  /** The tokens or the claims are new. */
  refreshed: SignedIn<Claims>;
  /** A refresh failed; the session goes on. */
  "refresh-failed": SessionClientError;
  /** `session()` returns another object now. `subscribe` listens to this event. */
  change: SessionState<Claims>;
}

export type EmitEvent = <Name extends keyof SessionClientEvents>(
  event: Name,
  detail: SessionClientEvents[Name],
) => unknown;

/** A state with a known user, or with none. */
export type KnownState = Exclude<SessionState, LoadingSession>;

/** The event that reports a change. */
export function eventOf(before: KnownState, after: KnownState): keyof SessionClientEvents {
  if (!("handle" in before && "handle" in after)) return after.status;
  if (before.handle === after.handle) return "refreshed";
  return before.userId === after.userId ? after.status : "user-changed";
}
