/**
 * Numeric kinds of error, compared as `err.errType === Error.UNAUTHORISED`; the same numbers as the
 * first SuperTokens library for Node.
 */
export const ERROR_TYPES = {
  GENERAL_ERROR: 1000,
  UNAUTHORISED: 2000,
  TRY_REFRESH_TOKEN: 3000,
  RETRY: 3100,
  TOKEN_THEFT_DETECTED: 4000,
  STEP_UP_REQUIRED: 5000,
} as const;

/** One of the six kinds of {@link SessionError}. */
export type ErrorType = (typeof ERROR_TYPES)[keyof typeof ERROR_TYPES];

/** What exactly happened. Each code has one heading in docs/errors.md. */
export type ErrorCode =
  // GENERAL_ERROR
  | "CONFIG_INVALID"
  | "NOT_INITIALISED"
  | "CLOSED"
  | "STORE_UNAVAILABLE"
  | "CLOCKS_DISAGREE"
  | "STORE_BUSY"
  | "SECRET_MISMATCH"
  | "SCHEMA_TOO_NEW"
  | "SCHEMA_MISSING"
  | "STORE_UNSUITABLE"
  | "DRIVER_MISSING"
  | "USER_ID_INVALID"
  | "ARGUMENT_INVALID"
  | "VALUE_NOT_JSON"
  | "VALUE_TOO_LARGE"
  | "TOKEN_TOO_LARGE"
  | "SESSION_LIMIT_REACHED"
  | "CSRF_REFUSED"
  | "TRANSPORT_REFUSED"
  | "TRANSPORT_CONFLICT"
  | "RESPONSE_ALREADY_SENT"
  // UNAUTHORISED
  | "SESSION_NOT_FOUND"
  | "SESSION_EXPIRED"
  | "REFRESH_TOKEN_MISSING"
  | "REFRESH_TOKEN_INVALID"
  | "STORE_BEHIND"
  | "TICKET_INVALID"
  // TRY_REFRESH_TOKEN
  | "ACCESS_TOKEN_MISSING"
  | "ACCESS_TOKEN_EXPIRED"
  | "ACCESS_TOKEN_INVALID"
  | "ANTI_CSRF_MISSING"
  | "ANTI_CSRF_MISMATCH"
  | "REFRESH_REDIRECT"
  // TRY_REFRESH_TOKEN with an access token, RETRY with a refresh token
  | "DUPLICATE_COOKIE"
  // RETRY
  | "STORE_CONTENDED"
  | "REFRESH_TOKEN_SUPERSEDED"
  // TOKEN_THEFT_DETECTED, STEP_UP_REQUIRED
  | "TOKEN_THEFT_DETECTED"
  | "STEP_UP_REQUIRED";
