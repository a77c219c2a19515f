import { MESSAGES } from "../protocol.ts";

/** Numeric kinds of error, compared as `err.errType === Error.UNAUTHORISED`; the same numbers as the first SuperTokens library for Node. */
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
  | "TRANSPORT_CONFLICT"
  | "REFRESH_REDIRECT"
  // TRY_REFRESH_TOKEN with an access token, RETRY with a refresh token
  | "DUPLICATE_COOKIE"
  // RETRY
  | "STORE_CONTENDED"
  | "REFRESH_TOKEN_SUPERSEDED"
  // TOKEN_THEFT_DETECTED, STEP_UP_REQUIRED
  | "TOKEN_THEFT_DETECTED"
  | "STEP_UP_REQUIRED";

// Shared by every copy of the package in a process, so that `isErrorFromAuth` also knows errors of another copy.
const BRAND: unique symbol = Symbol.for("counterfoil.error") as never;

/**
 * Every error that this library throws. Messages and fields never hold a token, a cookie or a secret.
 *
 * `message` may be sent to the client: where a request caused the error, it is the wire's message
 * for its kind, such as `unauthorised`, and tells nothing about the reason. Log `code` and
 * `detail`.
 *
 * @example
 * ```ts
 * try {
 *   await getSession(accessToken, antiCsrfToken);
 * } catch (err) {
 *   if (Error.isErrorFromAuth(err) && err.errType === Error.TRY_REFRESH_TOKEN) {
 *     // answer 401; the browser calls the refresh route and tries again
 *   }
 * }
 * ```
 */
export class SessionError extends Error {
  /** The kind, one of the numbers in `Error`. Decides what the app does. */
  readonly errType: ErrorType;
  /** The exact reason, for logs and docs/errors.md. */
  readonly code: ErrorCode;
  /**
   * The reason as a sentence, for logs. Where no request caused the error, the same as `message`.
   */
  readonly detail: string;
  /** @internal */
  readonly [BRAND] = true;

  constructor(errType: ErrorType, code: ErrorCode, detail: string, options?: { cause?: unknown }) {
    super(wireMessage(errType, code) ?? detail, options);
    this.name = "CounterfoilError";
    this.errType = errType;
    this.code = code;
    this.detail = detail;
  }
}

/**
 * What a client may read of an error that its request caused; undefined for those of config,
 * schema, secret, store and calls of the app.
 */
function wireMessage(errType: ErrorType, code: ErrorCode): string | undefined {
  switch (errType) {
    case ERROR_TYPES.UNAUTHORISED:
      return MESSAGES.unauthorised;
    case ERROR_TYPES.TRY_REFRESH_TOKEN:
      return MESSAGES.tryRefreshToken;
    case ERROR_TYPES.RETRY:
      return MESSAGES.retry;
    case ERROR_TYPES.TOKEN_THEFT_DETECTED:
      return MESSAGES.theft;
    case ERROR_TYPES.STEP_UP_REQUIRED:
      return MESSAGES.stepUp;
    case ERROR_TYPES.GENERAL_ERROR:
      if (code === "CSRF_REFUSED") return MESSAGES.csrf;
      return code === "TRANSPORT_REFUSED" ? MESSAGES.transport : undefined;
  }
}

/** A stolen session gave itself away: two parties presented refresh tokens of one session, which is now revoked. */
export class TokenTheftError extends SessionError {
  /** The session that was revoked. */
  readonly sessionHandle: string;
  /** Its user, as given to `createNewSession`. */
  readonly userId: string | number;
  /** The same two where apps of supertokens-node-mysql-ref-jwt look for them. */
  readonly err: { readonly sessionHandle: string; readonly userId: string | number };

  constructor(sessionHandle: string, userId: string | number) {
    super(
      ERROR_TYPES.TOKEN_THEFT_DETECTED,
      "TOKEN_THEFT_DETECTED",
      `a superseded refresh token of session ${sessionHandle} was presented: two parties hold its tokens, and the session was revoked`,
    );
    this.sessionHandle = sessionHandle;
    this.userId = userId;
    this.err = { sessionHandle, userId };
  }
}

/**
 * A page load is sent through the refresh route and back because its token has expired, or to
 * itself because duplicate cookies have been cleared.
 */
export class RefreshRedirectError extends SessionError {
  /** Path and query to send the browser to, of this very origin. */
  readonly location: string;

  constructor(location: string) {
    super(
      ERROR_TYPES.TRY_REFRESH_TOKEN,
      "REFRESH_REDIRECT",
      "the page has to be loaded again; answer 303 with err.location, or leave it to the adapter's error handling",
    );
    this.location = location;
  }
}

/** The route wants a fresher sign-in than the session has (RFC 9470). */
export class StepUpError extends SessionError {
  /** Greatest age of the sign-in that the route accepts, in milliseconds. */
  readonly maxAuthAge: number;

  constructor(maxAuthAge: number) {
    super(
      ERROR_TYPES.STEP_UP_REQUIRED,
      "STEP_UP_REQUIRED",
      `this needs a sign-in that is at most ${Math.floor(maxAuthAge / 1000)} s old`,
    );
    this.maxAuthAge = maxAuthAge;
  }
}

/** One fault of a config, see {@link ConfigError}. */
export interface ConfigFault {
  readonly code:
    | "UNKNOWN_OPTION"
    | "WRONG_TYPE"
    | "OUT_OF_RANGE"
    | "UNSAFE"
    | "CONTRADICTION"
    | "MISSING"
    | "NOT_AVAILABLE";
  /** Where, for instance `tokens.accessToken.validity`. */
  readonly path: string;
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

/** The config cannot be used; `faults` lists everything that is wrong with it, not only the first. */
export class ConfigError extends SessionError {
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    super(
      ERROR_TYPES.GENERAL_ERROR,
      "CONFIG_INVALID",
      `config: ${faults.map((fault) => `${fault.path}: ${fault.message} [${fault.code}]`).join("; ")}`,
    );
    this.faults = faults;
  }
}

export const generalError = (code: ErrorCode, detail: string, cause?: unknown): SessionError =>
  new SessionError(ERROR_TYPES.GENERAL_ERROR, code, detail, cause === undefined ? undefined : { cause });

export const unauthorised = (code: ErrorCode, detail: string): SessionError =>
  new SessionError(ERROR_TYPES.UNAUTHORISED, code, detail);

export const tryRefreshToken = (code: ErrorCode, detail: string): SessionError =>
  new SessionError(ERROR_TYPES.TRY_REFRESH_TOKEN, code, detail);

export const retryLater = (code: ErrorCode, detail: string): SessionError =>
  new SessionError(ERROR_TYPES.RETRY, code, detail);

/**
 * Whether `value` is an error of this library. Never throws, whatever it is given.
 *
 * @example
 * ```ts
 * if (Error.isErrorFromAuth(err)) console.warn(err.errType, err.code);
 * ```
 */
export function isErrorFromAuth(value: unknown): value is SessionError {
  try {
    return value instanceof Error && (value as Partial<SessionError>)[BRAND] === true;
  } catch {
    return false; // a proxy may throw at any touch
  }
}
