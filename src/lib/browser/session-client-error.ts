/** The reason of a {@link SessionClientError}. docs/errors.md has a heading for each code. */
export type SessionClientErrorCode =
  | "BODY_NOT_REPLAYABLE"
  | "CALL_REFUSED"
  | "COOKIES_BLOCKED"
  | "OPTIONS_INVALID"
  | "REFRESH_FAILED"
  | "REFRESH_TIMEOUT"
  | "REFRESH_UNREACHABLE"
  | "STEP_UP_REQUIRED"
  | "USER_CHANGED";

/** More about a {@link SessionClientError}. */
export interface SessionClientErrorDetails {
  /** The status of the response to the refresh, or to the refused call. */
  readonly status?: number | undefined;
  /** When to ask the server again, in ms from the response; at most 5 minutes. */
  readonly retryAfter?: number | undefined;
  /** The error behind this one. */
  readonly cause?: unknown;
}

/** The client could not do its part. None of these errors ends the session. */
export class SessionClientError extends Error {
  override readonly name = "SessionClientError";
  /** The exact reason. */
  declare readonly code: SessionClientErrorCode;
  /** The status of the response to the refresh, or to the refused call. */
  declare readonly status: number | undefined;
  /** When to ask the server again, in ms from the response; at most 5 minutes. */
  declare readonly retryAfter: number | undefined;

  constructor(code: SessionClientErrorCode, message: string = code, details: SessionClientErrorDetails = {}) {
    super(message, details);
    Object.assign(this, details, { code });
  }
}
