import { type ErrorFacts, type ErrorResponse, isRefusal, JSON_TYPE, messageOf, respondTo } from "./error-response.ts";
import { type CodeOf, ERROR_TYPES, type ErrorCode, type ErrorType } from "./error-types.ts";

export { type CodeOf, ERROR_TYPES, type ErrorCode, type ErrorType };

// Shared by every copy of the package in a process, so that `isErrorFromAuth` also knows errors of another copy.
const BRAND: unique symbol = Symbol.for("counterfoil.error") as never;

/**
 * Every error that this library throws. Messages and fields never hold a token, a cookie or a secret.
 *
 * `message` may be sent to the client: where a request caused the error, it is the wire's message
 * for its kind, such as `unauthorised`, and tells nothing about the reason. Log `code` and
 * `detail`.
 *
 * As JSON an error that a client may be answered with is the body of that response, so that
 * `res.json(err)` tells no more than `message`.
 *
 * Any error handler can answer it: `status`, `statusCode`, `headers` and `expose` are what those of
 * Express, Koa, Fastify and NestJS look at, and what the package http-errors sets.
 *
 * @example
 * ```ts
 * try {
 *   await getSession(accessToken, antiCsrfToken, { antiCsrf: "required" });
 * } catch (err) {
 *   if (AuthError.isErrorFromAuth(err) && err.errType === AuthError.TRY_REFRESH_TOKEN) {
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
  /** Where the package explains it, for instance `docs/errors.md#store_unavailable`. For logs. */
  readonly docs: string;
  /**
   * The reason as a sentence, for logs. Where no request caused the error, the same as `message`.
   */
  readonly detail: string;
  /**
   * Status of the response, as the adapter's `errorHandler()` sends it: 401, 403, 409 or 503; 303
   * for a page that is sent around; 500 where the error is the app's own to answer. With options
   * such as `http.sessionExpiredStatus` it is theirs, where the error comes from an adapter's
   * function.
   */
  readonly status: number;
  /** The same as `status`. */
  readonly statusCode: number;
  /**
   * Headers of that response, by lower-case names: `www-authenticate` (RFC 6750 3), which tells
   * clients to refresh, `retry-after`, `cache-control`, `location`. Empty with status 500.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** Always false: a handler that heeds it sends the status' own text in place of `message`. */
  readonly expose: boolean;
  /** @internal */
  readonly [BRAND] = true;

  constructor(errType: ErrorType, code: ErrorCode, detail: string, options: ErrorOptions & Told = {}) {
    const { cause, name = "SessionError", ...told } = options;
    const facts = { errType, code, detail, ...told };
    super((isRefusal(facts) ? messageOf(facts) : undefined) ?? detail, cause === undefined ? {} : { cause });
    this.name = name;
    this.errType = errType;
    this.code = code;
    this.docs = `docs/errors.md#${code.toLowerCase()}`;
    this.detail = detail;
    const response = respondTo(facts);
    this.status = response?.status ?? 500;
    this.statusCode = this.status;
    this.headers = response?.headers ?? {};
    this.expose = false;
    if (response === undefined) {
      // As Node's own errors have it.
      this.stack = `${name} [${code}]: ${this.message}${framesOf(this)}`;
      return;
    }
    // Express without an error handler sends it outside production; `detail` and `cause` say more.
    this.stack = `${this.name}: ${this.message}`;
    // What Hono's own error handler looks for. Not on errors of the app's, which it must log.
    Object.defineProperty(this, "getResponse", { value: toResponse });
    // What `res.json(error)` and the like send. Not on those of the app's either.
    Object.defineProperty(this, "toJSON", { value: toBody });
  }
}

/** What subclasses know beyond the kind. */
interface Told extends Pick<ErrorFacts, "location" | "maxAuthAge"> {
  /** Not that of the class, which bundlers change. */
  readonly name?: string;
}

/** The stack behind its first line, which has the message, however many lines that has. */
function framesOf({ stack = "", message }: Error): string {
  const end = stack.indexOf(message) + message.length;
  return stack.slice(end);
}

/**
 * Makes the error say what an instance with its options would answer.
 *
 * @param response of `respondTo`
 */
export function setResponse(error: SessionError, { status, headers }: ErrorResponse): void {
  Object.assign(error, { status, statusCode: status, headers: { ...headers } });
}

/** The body of the response; empty where it has none. */
function toBody(this: SessionError): { readonly message?: string } {
  const message = this.status === 303 ? undefined : messageOf(this);
  return message === undefined ? {} : { message };
}

function toResponse(this: SessionError): Response {
  const { status, headers } = this;
  const body = toBody.call(this);
  if (body.message === undefined) return new Response(null, { status, headers });
  return new Response(JSON.stringify(body), { status, headers: { ...headers, "content-type": JSON_TYPE } });
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
      { name: "TokenTheftError" },
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
      { location, name: "RefreshRedirectError" },
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
      { maxAuthAge, name: "StepUpError" },
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
      { name: "ConfigError" },
    );
    this.faults = faults;
  }
}

export const generalError = (code: CodeOf<"GENERAL_ERROR">, detail: string, cause?: unknown): SessionError =>
  new SessionError(ERROR_TYPES.GENERAL_ERROR, code, detail, cause === undefined ? undefined : { cause });

export const unauthorised = (code: CodeOf<"UNAUTHORISED">, detail: string): SessionError =>
  new SessionError(ERROR_TYPES.UNAUTHORISED, code, detail);

export const tryRefreshToken = (code: CodeOf<"TRY_REFRESH_TOKEN">, detail: string): SessionError =>
  new SessionError(ERROR_TYPES.TRY_REFRESH_TOKEN, code, detail);

export const retryLater = (code: CodeOf<"RETRY">, detail: string): SessionError =>
  new SessionError(ERROR_TYPES.RETRY, code, detail);

/**
 * Whether `value` is an error of this library. Never throws, whatever it is given.
 *
 * @example
 * ```ts
 * if (AuthError.isErrorFromAuth(err)) console.warn(err.errType, err.code);
 * ```
 */
export function isErrorFromAuth(value: unknown): value is SessionError {
  try {
    return value instanceof Error && (value as Partial<SessionError>)[BRAND] === true;
  } catch {
    return false; // a proxy may throw at any touch
  }
}
