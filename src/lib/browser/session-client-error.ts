/** What a {@link SessionClientError} is about. docs/errors.md has a heading for each. */
export type SessionClientErrorCode =
  | "BODY_NOT_REPLAYABLE"
  | "COOKIES_BLOCKED"
  | "OPTIONS_INVALID"
  | "REFRESH_FAILED"
  | "REFRESH_TIMEOUT"
  | "REFRESH_UNREACHABLE"
  | "USER_CHANGED";

export interface SessionClientErrorDetails {
  /** Status of the answer to the refresh. */
  readonly status?: number | undefined;
  /** When the server wants to be asked again, in ms from the response; at most 5 minutes. */
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** Why the client could not do its part. None of them ends the session. */
export class SessionClientError extends Error {
  override readonly name = "SessionClientError";
  declare readonly code: SessionClientErrorCode;
  /** Status of the answer to the refresh, with `REFRESH_FAILED`. */
  declare readonly status: number | undefined;
  /** When the server wants to be asked again, in ms from the response; at most 5 minutes. */
  declare readonly retryAfter: number | undefined;

  constructor(code: SessionClientErrorCode, message: string, details: SessionClientErrorDetails = {}) {
    super(message, details);
    Object.assign(this, details, { code });
  }
}
