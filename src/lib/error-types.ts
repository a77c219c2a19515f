/**
 * The kinds of error as numbers, for `error.errType === Error.UNAUTHORISED`. The first SuperTokens
 * library for Node has the same numbers.
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

/**
 * Every code with its kind and the status of its response: 503 for an outage of the store, 500 for
 * errors that the app has to handle. docs/errors.md has the same table, and a heading for each
 * code.
 */
export const ERRORS = {
  CONFIG_INVALID: { kind: "GENERAL_ERROR", status: 500 },
  NOT_INITIALISED: { kind: "GENERAL_ERROR", status: 500 },
  CLOSED: { kind: "GENERAL_ERROR", status: 503 },
  STORE_UNAVAILABLE: { kind: "GENERAL_ERROR", status: 503 },
  CLOCKS_DISAGREE: { kind: "GENERAL_ERROR", status: 503 },
  STORE_BUSY: { kind: "GENERAL_ERROR", status: 503 },
  SECRET_MISMATCH: { kind: "GENERAL_ERROR", status: 503 },
  SCHEMA_TOO_NEW: { kind: "GENERAL_ERROR", status: 503 },
  SCHEMA_MISSING: { kind: "GENERAL_ERROR", status: 503 },
  STORE_UNSUITABLE: { kind: "GENERAL_ERROR", status: 503 },
  DRIVER_MISSING: { kind: "GENERAL_ERROR", status: 503 },
  USER_ID_INVALID: { kind: "GENERAL_ERROR", status: 500 },
  ARGUMENT_INVALID: { kind: "GENERAL_ERROR", status: 500 },
  VALUE_NOT_JSON: { kind: "GENERAL_ERROR", status: 500 },
  VALUE_TOO_LARGE: { kind: "GENERAL_ERROR", status: 500 },
  TOKEN_TOO_LARGE: { kind: "GENERAL_ERROR", status: 500 },
  SESSION_LIMIT_REACHED: { kind: "GENERAL_ERROR", status: 500 },
  CLAIM_REQUIRED: { kind: "GENERAL_ERROR", status: 403 },
  ACTOR_REFUSED: { kind: "GENERAL_ERROR", status: 403 },
  CSRF_REFUSED: { kind: "GENERAL_ERROR", status: 403 },
  TRANSPORT_REFUSED: { kind: "GENERAL_ERROR", status: 403 },
  TRANSPORT_CONFLICT: { kind: "GENERAL_ERROR", status: 400 },
  RESPONSE_ALREADY_SENT: { kind: "GENERAL_ERROR", status: 500 },
  SESSION_NOT_VERIFIED: { kind: "GENERAL_ERROR", status: 500 },
  SESSION_NOT_FOUND: { kind: "UNAUTHORISED", status: 401 },
  SESSION_EXPIRED: { kind: "UNAUTHORISED", status: 401 },
  REFRESH_TOKEN_MISSING: { kind: "UNAUTHORISED", status: 401 },
  REFRESH_TOKEN_INVALID: { kind: "UNAUTHORISED", status: 401 },
  STORE_BEHIND: { kind: "UNAUTHORISED", status: 401 },
  TICKET_INVALID: { kind: "UNAUTHORISED", status: 401 },
  ACCESS_TOKEN_MISSING: { kind: "TRY_REFRESH_TOKEN", status: 401 },
  ACCESS_TOKEN_EXPIRED: { kind: "TRY_REFRESH_TOKEN", status: 401 },
  ACCESS_TOKEN_INVALID: { kind: "TRY_REFRESH_TOKEN", status: 401 },
  ANTI_CSRF_MISSING: { kind: "TRY_REFRESH_TOKEN", status: 401 },
  ANTI_CSRF_MISMATCH: { kind: "TRY_REFRESH_TOKEN", status: 401 },
  REFRESH_REDIRECT: { kind: "TRY_REFRESH_TOKEN", status: 303 },
  // For access tokens. For refresh tokens the kind is RETRY, with 409.
  DUPLICATE_COOKIE: { kind: "TRY_REFRESH_TOKEN", status: 401 },
  STORE_CONTENDED: { kind: "RETRY", status: 409 },
  REFRESH_TOKEN_SUPERSEDED: { kind: "RETRY", status: 409 },
  TOKEN_THEFT_DETECTED: { kind: "TOKEN_THEFT_DETECTED", status: 401 },
  STEP_UP_REQUIRED: { kind: "STEP_UP_REQUIRED", status: 401 },
} as const;

/** The exact reason of an error. docs/errors.md has a heading for each code. */
export type ErrorCode = keyof typeof ERRORS;

type Kind = keyof typeof ERROR_TYPES;

/** The codes of a kind. */
export type CodeOf<K extends Kind> =
  | { [Code in ErrorCode]: (typeof ERRORS)[Code]["kind"] extends K ? Code : never }[ErrorCode]
  | (K extends "RETRY" ? "DUPLICATE_COOKIE" : never);
